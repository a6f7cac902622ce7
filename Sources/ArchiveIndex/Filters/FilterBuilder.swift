internal import ArchiveBytes

/// Writes the filter of a tree while the tree is written.
///
/// Stems come in the order of the tree's keys. Each page takes as many as it is for, and branches above
/// lead from a stem to its page as they do in a tree: what is in memory is one page's hashes.
struct FilterBuilder {
    private let stemByteCount: StemByteCount
    private let generation: UInt64
    private let stemLimit: Int
    /// The hashes of the stems of the page that is being filled.
    private var hashes: [UInt64] = []
    /// No stem of the page is below it.
    private var fence: [UInt8]
    private var last: [UInt8] = []
    private var branches: LevelStack

    /// Nil for a file whose keys have no stems; of those that come none is below `start`.
    init?(_ pages: PageFile, from start: [UInt8] = []) {
        guard let stemByteCount = pages.stemByteCount else { return nil }
        self.stemByteCount = stemByteCount
        generation = pages.generation
        stemLimit = FilterLayout.stemLimit(bodyByteCount: pages.geometry.bodyByteCount)
        fence = start
        branches = LevelStack(lowest: PageLevel.filter + 1, pages.geometry, from: start)
    }

    /// Takes in the stem of a key, if it has one.
    mutating func add(_ key: Span<UInt8>, _ writer: inout PageWriter) throws(IndexError) {
        let count = stemByteCount(key)
        guard count > 0 else { return }
        let stem = key.extracting(..<count)
        // The versions of a name stand one behind the other.
        guard !KeyOrder.areEqual(stem, last.span) else { return }
        if hashes.count == stemLimit {
            try emit(&writer)
            // As much as tells it from the last one: whole names of a thousand bytes would make high trees.
            let shared = KeyOrder.sharedByteCount(
                last.span,
                at: 0,
                stem,
                at: 0,
                limit: min(last.count, count)
            )
            fence.append(copying: stem.extracting(..<min(shared + 1, count)))
        }
        hashes.append(FilterLayout.hash(stem, generation: generation))
        // Else it is written over, and neither a rest of it nor memory that it outgrows is left.
        if last.count != count { last.wipe() }
        last.replace(from: 0, copying: stem)
    }

    /// Takes in what `next` has, whose stems come behind all of these.
    mutating func append(
        _ next: inout FilterBuilder,
        _ writer: inout PageWriter
    ) throws(IndexError) {
        guard next.hasStems else { return }
        // With no stems it is a page that knows none: the first page is that of the lowest ones.
        if !hashes.isEmpty || branches.isEmpty { try emit(&writer) }
        if !next.hashes.isEmpty { try next.emit(&writer) }
        try branches.append(&next.branches, &writer)
    }

    /// Writes what is left; the root of the filter, nil if no key had a stem.
    mutating func finish(_ writer: inout PageWriter) throws(IndexError) -> TreeRoot? {
        guard hasStems else { return nil }
        if !hashes.isEmpty { try emit(&writer) }
        return try branches.finish(&writer)
    }

    private var hasStems: Bool { !hashes.isEmpty || !branches.isEmpty }

    /// Writes the page of the stems since the last one.
    private mutating func emit(_ writer: inout PageWriter) throws(IndexError) {
        var hashes: [UInt64] = []
        swap(&hashes, &self.hashes)
        let reference = try writer.write(level: PageLevel.filter, isCached: true) { body in
            for index in body.indices { body[index] = 0 }
            var bits = body.mutableSpan
            for hash in hashes { FilterLayout.insert(hash, into: &bits) }
        }
        hashes.removeAll(keepingCapacity: true)
        swap(&hashes, &self.hashes)
        var begun: [UInt8] = []
        swap(&begun, &fence)
        defer { begun.wipe() }
        try branches.add(begun.span, reference, &writer)
    }

    /// Overwrites what is left of the stems in memory.
    mutating func wipe() {
        last.wipe()
        fence.wipe()
        branches.wipe()
    }
}
