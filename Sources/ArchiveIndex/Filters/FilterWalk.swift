internal import ArchiveBytes

/// Goes along a filter while its tree is walked in the order of keys: one page of it is in memory.
struct FilterWalk {
    private let pages: PageFile
    private var parts: [Part] = []
    /// How many parts begin at or before the stem that was asked for last.
    private var begunCount = 0
    private var page: Page?

    private struct Part {
        let reference: PageReference
        let fence: [UInt8]
    }

    init(_ pages: PageFile) { self.pages = pages }

    /// Adds the next page of the filter, which no stem below `fence` is on.
    mutating func append(_ reference: PageReference, fence: [UInt8]) {
        parts.append(Part(reference: reference, fence: fence))
    }

    /// The page of the filter that should know the stem of `key` and does not; nil if all is well.
    mutating func pageLacking(_ key: Span<UInt8>) throws(IndexError) -> PageReference? {
        guard let stemByteCount = pages.stemByteCount else { return nil }
        let count = stemByteCount(key)
        guard count > 0 else { return nil }
        let stem = key.extracting(..<count)
        while begunCount < parts.count {
            let fence = parts[begunCount].fence
            guard KeyOrder.compare(fence.span, stem) <= 0 else { break }
            begunCount += 1
            page = nil
        }
        guard begunCount > 0 else { return nil }
        let reference = parts[begunCount - 1].reference
        if page == nil { page = try pages.read(reference, level: PageLevel.filter) }
        let hash = FilterLayout.hash(stem, generation: pages.generation)
        return page?.contains(hash) == true ? nil : reference
    }
}
