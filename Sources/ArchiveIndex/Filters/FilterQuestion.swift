internal import ArchiveBytes

/// Whether trees may hold keys of one stem, as their filters know.
struct FilterQuestion {
    private let pages: PageFile
    /// The hash of the stem; nil if what is looked for is none.
    private let hash: UInt64?

    /// Asks for keys that begin with the first `count` bytes of `key`.
    init(_ key: Span<UInt8>, count: Int, _ pages: PageFile) {
        self.pages = pages
        guard let stemByteCount = pages.stemByteCount, stemByteCount(key) == count else {
            hash = nil
            return
        }
        hash = FilterLayout.hash(key.extracting(..<count), generation: pages.generation)
    }

    /// Whether a tree has to be looked into; `key` is that which was asked for, or another of its stem.
    func mayHold(_ tree: Tree, _ key: Span<UInt8>) throws(IndexError) -> Bool {
        guard let hash, let filter = tree.filter else { return true }
        var page = try pages.page(filter.reference, level: filter.level)
        while !page.isLowest {
            page = try pages.page(page.child(for: key).reference, level: page.level - 1)
        }
        return page.contains(hash)
    }
}
