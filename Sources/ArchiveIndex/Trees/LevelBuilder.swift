internal import ArchiveBytes

/// The page that is being filled on one level of a tree.
struct LevelBuilder {
    private let isLeaf: Bool
    private var page: PendingPage
    /// No key of the page is below it, and the last one of the page before is.
    private var fence: [UInt8]
    private var isFirstPage = true

    init(isLeaf: Bool, geometry: PageGeometry, fence: [UInt8]) {
        self.isLeaf = isLeaf
        self.fence = fence
        page = PendingPage(capacity: geometry.bodyByteCount)
    }

    /// Adds the next entry; false if the page is full.
    mutating func add(_ key: Span<UInt8>, _ payload: Span<UInt8>) -> Bool {
        page.append(key, payload: payload)
    }

    /// Begins the next page.
    mutating func begin(fence: [UInt8]) {
        page.removeAll()
        self.fence = fence
        isFirstPage = false
    }

    /// Gives away the fence of the page, which is written.
    mutating func takeFence() -> [UInt8] {
        let taken = fence
        fence = []
        return taken
    }

    /// The only child of a level that never filled a page, or nil.
    var soleChild: PageReference? {
        guard isFirstPage else { return nil }
        return page.withSolePayload { PageReference(decoding: $0, at: 0) }
    }

    /// The shortest key that separates the page from one that begins with `key`: in a leaf, what
    /// `key` shares with the last key and one byte more.
    func separator(before key: Span<UInt8>) -> [UInt8] {
        guard isLeaf else { return Array(copying: key) }
        let last = page.lastKey
        let limit = min(last.count, key.count)
        let shared = KeyOrder.sharedByteCount(last.span, at: 0, key, at: 0, limit: limit)
        return Array(copying: key.extracting(0..<min(shared + 1, key.count)))
    }

    /// Lends the entries of the page in order.
    func forEachEntry<Failure: Error>(
        _ visit: (_ key: Span<UInt8>, _ payload: Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try page.forEachEntry(visit)
    }

    /// Writes the plain bytes of the page.
    func encode(into body: inout [UInt8]) { page.encode(into: &body) }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() { page.wipe() }
}
