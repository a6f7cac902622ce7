internal import ArchiveBytes

/// Writes one tree from entries in key order, from the leaves up.
///
/// Entries stream through: one page a level is in memory. Every page but the last of its level is
/// full, because nothing is ever put into a tree later.
struct TreeBuilder: ~Copyable {
    private(set) var writer: PageWriter
    /// The page that is being filled on each level, leaves first.
    private var levels: [LevelBuilder] = []
    private var entryCount: UInt64 = 0
    private var payload: [UInt8] = []

    init(_ writer: consuming PageWriter) {
        self.writer = writer
    }

    /// Writes all entries of `source`; nothing refers to the tree yet.
    ///
    /// Nil if there are none.
    mutating func build(_ source: inout some EntrySource) throws(IndexError) -> Tree? {
        let keyByteLimit = writer.pages.geometry.keyByteLimit
        while !source.isAtEnd {
            try source.withEntry { key, value throws(IndexError) in
                precondition((1...keyByteLimit).contains(key.count), "the key is out of bounds")
                precondition(value.count <= IndexLimits.valueByteCount, "the value is too long")
                try add(key, value, level: 0)
            }
            entryCount += 1
            try source.advance()
        }
        guard entryCount > 0 else { return nil }
        let tree = try finish()
        try writer.flush()
        return tree
    }

    /// Overwrites the plain bytes that building leaves in memory.
    mutating func wipe() {
        writer.wipe()
        for index in levels.indices { levels[index].wipe() }
    }

    private mutating func add(
        _ key: Span<UInt8>,
        _ payload: Span<UInt8>,
        level: Int
    ) throws(IndexError) {
        if level == levels.count {
            precondition(level <= IndexLimits.depth, "the tree is too deep")
            levels.append(LevelBuilder(isLeaf: level == 0, geometry: writer.pages.geometry))
        }
        if levels[level].add(key, payload) { return }
        let fence = levels[level].separator(before: key)
        try emit(level)
        levels[level].begin(fence: fence)
        let fits = levels[level].add(key, payload)
        precondition(fits, "an entry fits on an empty page")
    }

    /// Writes the page of a level and tells the level above.
    private mutating func emit(_ level: Int) throws(IndexError) {
        // Readers come by every branch; of the leaves they ask for those that they need.
        let reference = try writer.write(
            levels[level],
            level: UInt8(level),
            isCached: level > 0
        )
        payload.removeAll(keepingCapacity: true)
        reference.encode(to: &payload)
        let child = payload
        let fence = levels[level].takeFence()
        try add(fence.span, child.span, level: level + 1)
    }

    /// Writes what waits on each level, until one page is left to be the root.
    private mutating func finish() throws(IndexError) -> Tree {
        var level = 0
        while true {
            if level > 0, let root = levels[level].soleChild {
                return Tree(reference: root, level: UInt8(level - 1), entryCount: entryCount)
            }
            // Each level has fewer pages than the one below, so this ends far below the limit.
            try emit(level)
            level += 1
        }
    }
}
