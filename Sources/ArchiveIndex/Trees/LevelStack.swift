internal import ArchiveBytes

/// The pages that are being filled, one on each level, from the lowest that has entries up.
///
/// Every page is full, because nothing is ever put into a tree later; only the last of its level is not, and the
/// last before what was made elsewhere.
struct LevelStack {
    private let lowest: UInt8
    private let geometry: PageGeometry
    /// What the first page of each level is said to begin with.
    private let start: [UInt8]
    private var levels: [LevelBuilder] = []
    /// How many levels, the lowest, are written whole.
    private var writtenCount = 0
    private var payload: [UInt8] = []

    /// Levels of which no key is below `start`.
    init(lowest: UInt8, _ geometry: PageGeometry, from start: [UInt8] = []) {
        self.lowest = lowest
        self.geometry = geometry
        self.start = start
    }

    var isEmpty: Bool { levels.isEmpty }

    /// Adds the next entry of the lowest level.
    mutating func add(
        _ key: Span<UInt8>,
        _ payload: Span<UInt8>,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        try add(key, payload, at: 0, &writer)
    }

    /// Adds a page that is written as the next child of the lowest level.
    mutating func add(
        _ fence: Span<UInt8>,
        _ child: PageReference,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        try add(fence, child, at: 0, &writer)
    }

    /// Takes in what `next` has, whose keys come behind all of these.
    ///
    /// What waits on either side is written, but for the highest level that one of them has; the page there
    /// is filled with what waits on that of `next`. Nothing comes into the levels below any more.
    mutating func append(_ next: inout LevelStack, _ writer: inout PageWriter) throws(IndexError) {
        guard !next.isEmpty else { return }
        precondition(!isEmpty, "what is behind something has something before it")
        // Writing a page may fill the one above, which then is no longer the highest.
        while next.writtenCount < max(levels.count, next.levels.count) - 1 {
            try next.writeLowest(&writer)
        }
        let top = next.writtenCount
        precondition(next.levels.count == top + 1, "all of the next one is below one page")
        while writtenCount < top { try writeLowest(&writer) }
        try next.levels[top].forEachEntry { fence, payload throws(IndexError) in
            try add(fence, payload, at: top, &writer)
        }
        next.wipe()
    }

    /// Writes what waits on the lowest level that is not written whole.
    private mutating func writeLowest(_ writer: inout PageWriter) throws(IndexError) {
        try emit(writtenCount, &writer)
        writtenCount += 1
    }

    /// Writes what waits on each level, until one page is left to be the root.
    mutating func finish(_ writer: inout PageWriter) throws(IndexError) -> TreeRoot {
        var index = writtenCount
        while true {
            let level = lowest + UInt8(index)
            if !PageLevel.isLowest(level), let root = levels[index].soleChild {
                return TreeRoot(reference: root, level: level - 1)
            }
            // Each level has fewer pages than the one below, so this ends far below the limit.
            try emit(index, &writer)
            index += 1
        }
    }

    /// Overwrites the plain bytes that building leaves in memory.
    mutating func wipe() {
        for index in levels.indices { levels[index].wipe() }
    }

    private mutating func add(
        _ fence: Span<UInt8>,
        _ child: PageReference,
        at index: Int,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        payload.removeAll(keepingCapacity: true)
        child.encode(to: &payload)
        let reference = payload
        try add(fence, reference.span, at: index, &writer)
    }

    private mutating func add(
        _ key: Span<UInt8>,
        _ payload: Span<UInt8>,
        at index: Int,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        if index == levels.count {
            let height = Int(lowest & ~PageLevel.filter) + index
            precondition(height <= IndexLimits.depth, "the tree is too deep")
            let isLeaf = lowest + UInt8(index) == PageLevel.leaf
            levels.append(LevelBuilder(isLeaf: isLeaf, geometry: geometry, fence: start))
        }
        if levels[index].add(key, payload) { return }
        let fence = levels[index].separator(before: key)
        try emit(index, &writer)
        levels[index].begin(fence: fence)
        let fits = levels[index].add(key, payload)
        precondition(fits, "an entry fits on an empty page")
    }

    /// Writes the page of a level and tells the level above.
    private mutating func emit(_ index: Int, _ writer: inout PageWriter) throws(IndexError) {
        let level = lowest + UInt8(index)
        // Readers come by every branch; of the leaves they ask for those that they need.
        let isCached = level != PageLevel.leaf
        let reference = try writer.write(level: level, isCached: isCached) { body in
            levels[index].encode(into: &body)
        }
        let fence = levels[index].takeFence()
        try add(fence.span, reference, at: index + 1, &writer)
    }
}
