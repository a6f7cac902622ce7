internal import ArchiveBytes

/// The page that is being filled on one level of a tree.
struct LevelBuilder {
    private let isLeaf: Bool
    private let capacity: Int
    private var page: PendingPage
    /// No key of the page is below it, and the last one of the page before is.
    private var fence: [UInt8] = []
    private var isFirstPage = true

    init(isLeaf: Bool, geometry: PageGeometry) {
        self.isLeaf = isLeaf
        capacity = geometry.bodyByteCount
        page = PendingPage(isLeaf: isLeaf, capacity: capacity)
    }

    /// Adds the next entry; false if the page is full.
    mutating func add(_ key: Span<UInt8>, _ payload: Span<UInt8>) -> Bool {
        page.append(key, payload: payload, capacity: capacity)
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
        guard isFirstPage, page.count == 1 else { return nil }
        return page.withEntry(0) { _, payload in PageReference(decoding: payload, at: 0) }
    }

    /// The shortest key that separates the page from one that begins with `key`: in a leaf, what
    /// `key` shares with the last key and one byte more.
    func separator(before key: Span<UInt8>) -> [UInt8] {
        guard isLeaf else { return Array(copying: key) }
        let shared = page.withEntry(page.count - 1) { last, _ in
            KeyOrder.sharedByteCount(last, at: 0, key, at: 0, limit: min(last.count, key.count))
        }
        return Array(copying: key.extracting(0..<min(shared + 1, key.count)))
    }

    /// Writes the plain bytes of the page.
    func encode(into body: inout [UInt8]) { page.encode(into: &body) }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() { page.wipe() }
}
