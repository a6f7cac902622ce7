internal import ArchiveBytes

/// One checkpoint: merges sorted entries into the tree by writing a new version of every page that
/// they touch, and of the branches above.
///
/// Entries stream through: besides the path from the root to the current leaf only the pages that
/// are being filled, three a level at most, are in memory.
struct TreeMerge: ~Copyable {
    private(set) var writer: PageWriter
    /// Entries that the tree did not have before.
    private(set) var insertedCount: UInt64 = 0

    private var builders: [LevelBuilder]
    private var separator: [UInt8] = []
    private var payload: [UInt8] = []
    private var isLeafCached = false

    init(_ writer: consuming PageWriter) {
        let geometry = writer.pages.geometry
        self.writer = writer
        // One level more than a tree may have takes the reference to the root.
        builders = (0...IndexLimits.depth).map {
            LevelBuilder(isLeaf: $0 == 0, geometry: geometry)
        }
    }

    /// Merges all entries of `source` and returns the new root; nothing refers to it yet.
    mutating func run(
        _ root: TreeRoot?,
        _ source: inout some EntrySource
    ) throws(IndexError) -> TreeRoot? {
        guard !source.isAtEnd else { return root }
        if let root {
            try rewrite(root.reference, level: Int(root.level), fence: [], upper: nil, &source)
        } else {
            try append(&source)
        }
        var level = Int(root?.level ?? 0)
        // Each round makes one page of at least two, so it ends far below the limit.
        while true {
            precondition(level < IndexLimits.depth, "the tree is too deep")
            if let reference = builders[level + 1].soleReference {
                try writer.flush()
                return TreeRoot(reference: reference, level: UInt8(level))
            }
            level += 1
            try drain(level)
        }
    }

    /// Overwrites the plain bytes that the merge leaves in memory.
    mutating func wipe() {
        writer.wipe()
        for level in builders.indices { builders[level].wipe() }
    }

    // MARK: Going down

    private mutating func rewrite(
        _ reference: PageReference,
        level: Int,
        fence: [UInt8],
        upper: [UInt8]?,
        _ source: inout some EntrySource
    ) throws(IndexError) {
        let page = try writer.pages.page(reference, level: UInt8(level))
        builders[level].begin(fence: fence.span)
        let wasCached = writer.free(reference)
        if level == 0 {
            isLeafCached = wasCached
            try merge(page, upper: upper, &source)
        } else {
            try rewriteChildren(of: page, upper: upper, &source)
        }
        try drain(level)
    }

    private mutating func rewriteChildren(
        of page: Page,
        upper: [UInt8]?,
        _ source: inout some EntrySource
    ) throws(IndexError) {
        let level = Int(page.level)
        for slot in 0..<page.count {
            let isLast = slot + 1 == page.count
            let isTouched =
                !source.isAtEnd
                && source.withEntry { key, _ in
                    isLast ? Self.isBelow(upper, key) : page.compare(slot + 1, with: key) > 0
                }
            if isTouched {
                let childUpper = isLast ? upper : page.key(slot + 1)
                let fence = page.key(slot)
                try rewrite(
                    page.child(slot),
                    level: level - 1,
                    fence: fence,
                    upper: childUpper,
                    &source
                )
            } else {
                try page.withEntry(slot) { prefix, suffix, payload throws(IndexError) in
                    try push(level, prefix, suffix, payload, isGrowth: false)
                }
            }
        }
    }

    private mutating func merge(
        _ page: Page,
        upper: [UInt8]?,
        _ source: inout some EntrySource
    ) throws(IndexError) {
        var slot = 0
        while true {
            let hasNew = !source.isAtEnd && source.withEntry { key, _ in Self.isBelow(upper, key) }
            if slot == page.count && !hasNew { return }
            // Negative: the old entry comes first; zero: the new one replaces it.
            var order = slot < page.count ? -1 : 1
            if hasNew, slot < page.count {
                order = source.withEntry { key, _ in page.compare(slot, with: key) }
            }
            if order < 0 {
                try page.withEntry(slot) { prefix, suffix, payload throws(IndexError) in
                    try push(0, prefix, suffix, payload, isGrowth: false)
                }
                slot += 1
            } else {
                try pushNew(&source, isGrowth: order > 0)
                if order == 0 { slot += 1 }
            }
        }
    }

    private mutating func append(_ source: inout some EntrySource) throws(IndexError) {
        while !source.isAtEnd { try pushNew(&source, isGrowth: true) }
        try drain(0)
    }

    private mutating func pushNew(
        _ source: inout some EntrySource,
        isGrowth: Bool
    ) throws(IndexError) {
        let keyByteLimit = writer.pages.geometry.keyByteLimit
        try source.withEntry { key, value throws(IndexError) in
            precondition((1...keyByteLimit).contains(key.count), "the key is out of bounds")
            precondition(value.count <= IndexLimits.valueByteCount, "the value is too long")
            try push(0, key.extracting(0..<0), key, value, isGrowth: isGrowth)
        }
        if isGrowth { insertedCount += 1 }
        try source.advance()
    }

    private static func isBelow(_ upper: [UInt8]?, _ key: Span<UInt8>) -> Bool {
        guard let upper else { return true }
        return KeyOrder.compare(key, upper.span) < 0
    }

    // MARK: Coming up

    private mutating func push(
        _ level: Int,
        _ prefix: Span<UInt8>,
        _ suffix: Span<UInt8>,
        _ payload: Span<UInt8>,
        isGrowth: Bool
    ) throws(IndexError) {
        if builders[level].changesTable(prefix, suffix) {
            try drain(level)
            builders[level].resume()
        }
        if builders[level].push(prefix, suffix, payload: payload, isGrowth: isGrowth) {
            try emit(level)
        }
    }

    /// Makes pages of all that waits on a level.
    private mutating func drain(_ level: Int) throws(IndexError) {
        while builders[level].finish() { try emit(level) }
    }

    /// Writes the ready page of a level and tells the level above.
    private mutating func emit(_ level: Int) throws(IndexError) {
        let reference = try writer.write(
            builders[level],
            level: UInt8(level),
            isCached: level > 0 || isLeafCached
        )
        let isGrowth = builders[level].takeReady(separator: &separator)
        payload.removeAll(keepingCapacity: true)
        reference.encode(to: &payload)
        // Both are used up by the push before the level above emits anything.
        let key = separator
        let child = payload
        let none = key.span.extracting(0..<0)
        try push(level + 1, none, key.span, child.span, isGrowth: isGrowth)
    }
}
