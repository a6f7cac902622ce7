internal import ArchiveBytes

/// Writes one tree and its filter from entries in key order, from the leaves up.
///
/// Entries stream through: one page a level is in memory.
struct TreeBuilder: ~Copyable {
    private var levels: LevelStack
    private var filter: FilterBuilder?
    private var entryCount: UInt64 = 0

    /// A tree of which no key is below `start`.
    init(_ pages: PageFile, from start: [UInt8] = []) {
        levels = LevelStack(lowest: PageLevel.leaf, pages.geometry, from: start)
        filter = FilterBuilder(pages, from: start)
    }

    /// Takes in all entries of `source`; nothing refers to the tree yet.
    mutating func add(
        _ source: inout some EntrySource,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        let keyByteLimit = writer.pages.geometry.keyByteLimit
        while !source.isAtEnd {
            try source.withEntry { key, value throws(IndexError) in
                precondition((1...keyByteLimit).contains(key.count), "the key is out of bounds")
                precondition(value.count <= IndexLimits.valueByteCount, "the value is too long")
                try levels.add(key, value, &writer)
                try filter?.add(key, &writer)
            }
            entryCount += 1
            try source.advance()
        }
    }

    /// Takes in what `next` has, whose keys come behind all of these; no single entries come afterwards.
    mutating func append(
        _ next: inout TreeBuilder,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        try levels.append(&next.levels, &writer)
        if var others = next.filter.take() {
            defer { others.wipe() }
            try filter?.append(&others, &writer)
        }
        entryCount += next.entryCount
    }

    /// Writes what is left; the tree, or nil if it has no entries.
    mutating func finish(_ writer: inout PageWriter) throws(IndexError) -> Tree? {
        guard entryCount > 0 else { return nil }
        let root = try levels.finish(&writer)
        // A page is searched as fast as a filter.
        let filterRoot = root.level == PageLevel.leaf ? nil : try filter?.finish(&writer)
        try writer.flush()
        return Tree(root: root, filter: filterRoot, entryCount: entryCount)
    }

    /// Overwrites the plain bytes that building leaves in memory.
    mutating func wipe() {
        levels.wipe()
        filter?.wipe()
    }
}
