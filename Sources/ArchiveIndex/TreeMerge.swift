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

    private var leaves: LevelBuilder
    /// What becomes of each level above the leaves, the lowest first.
    private var branches: [LevelBuilder]
    private var separator: [UInt8] = []
    private var payload: [UInt8] = []
    private var isLeafCached = false

    init(_ writer: consuming PageWriter) {
        let geometry = writer.pages.geometry
        self.writer = writer
        leaves = LevelBuilder(isLeaf: true, geometry: geometry)
        // One level more than a tree may have takes the reference to the root.
        branches = (1...IndexLimits.depth).map { _ in
            LevelBuilder(isLeaf: false, geometry: geometry)
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
            if let reference = branches[level].soleReference {
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
        leaves.wipe()
        for index in branches.indices { branches[index].wipe() }
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
        let wasCached = writer.free(reference)
        if level == 0 {
            isLeafCached = wasCached
            leaves.begin(fence: fence.span)
            try merge(page, upper: upper, &source)
        } else {
            branches[level - 1].begin(fence: fence.span)
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
                    if branches[level - 1]
                        .push(prefix, suffix, payload: payload, isGrowth: false)
                    {
                        try emit(level)
                    }
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
        while !source.isAtEnd, source.withEntry({ key, _ in Self.isBelow(upper, key) }) {
            let found = source.withEntry { key, _ in page.lowerBound(key, from: slot) }
            try pushOld(page, slot..<found.slot)
            try pushNew(&source, isGrowth: !found.isEqual)
            slot = found.isEqual ? found.slot + 1 : found.slot
        }
        try pushOld(page, slot..<page.count)
    }

    private mutating func pushOld(_ page: Page, _ slots: Range<Int>) throws(IndexError) {
        for slot in slots {
            try page.withEntry(slot) { prefix, suffix, payload throws(IndexError) in
                try pushEntry(prefix, suffix, payload, isGrowth: false)
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
            try pushEntry(key, key.extracting(0..<0), value, isGrowth: isGrowth)
        }
        if isGrowth { insertedCount += 1 }
        try source.advance()
    }

    private static func isBelow(_ upper: [UInt8]?, _ key: Span<UInt8>) -> Bool {
        guard let upper else { return true }
        return KeyOrder.compare(key, upper.span) < 0
    }

    // MARK: Coming up

    @inline(__always)
    private mutating func pushEntry(
        _ prefix: Span<UInt8>,
        _ suffix: Span<UInt8>,
        _ value: Span<UInt8>,
        isGrowth: Bool
    ) throws(IndexError) {
        let key = prefix.isEmpty ? suffix : prefix
        if leaves.changesTable(key) {
            try drain(0)
            leaves.resume(at: key)
        }
        if leaves.push(prefix, suffix, payload: value, isGrowth: isGrowth) { try emit(0) }
    }

    /// Makes pages of all that waits on a level.
    private mutating func drain(_ level: Int) throws(IndexError) {
        while finish(level) { try emit(level) }
    }

    private mutating func finish(_ level: Int) -> Bool {
        if level == 0 { return leaves.finish() }
        return branches[level - 1].finish()
    }

    /// Writes the ready page of a level and tells the level above.
    private mutating func emit(_ level: Int) throws(IndexError) {
        let reference: PageReference
        let isGrowth: Bool
        if level == 0 {
            reference = try writer.write(leaves, level: 0, isCached: isLeafCached)
            isGrowth = leaves.takeReady(separator: &separator)
        } else {
            reference = try writer.write(branches[level - 1], level: UInt8(level), isCached: true)
            isGrowth = branches[level - 1].takeReady(separator: &separator)
        }
        payload.removeAll(keepingCapacity: true)
        reference.encode(to: &payload)
        let key = separator
        let child = payload
        let isFull = branches[level].push(
            key.span,
            key.span.extracting(0..<0),
            payload: child.span,
            isGrowth: isGrowth
        )
        if isFull { try emit(level + 1) }
    }
}
