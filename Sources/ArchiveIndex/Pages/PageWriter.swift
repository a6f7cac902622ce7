internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing

/// Writes the pages of one checkpoint.
///
/// Sealed pages with neighbouring numbers are gathered and written with one call.
struct PageWriter: ~Copyable {
    private static let gatherByteCount = 256 * 1_024

    let pages: PageFile
    let transaction: UInt64
    private(set) var allocator: PageAllocator

    private var sealer: PageSealer
    private var body: [UInt8]
    private var gathered: [UInt8] = []
    private var gatheredStart: UInt64 = 0
    private var gatheredEnd: UInt64 = 0

    init(_ pages: PageFile, transaction: UInt64, allocator: PageAllocator) {
        self.pages = pages
        self.transaction = transaction
        self.allocator = allocator
        sealer = pages.newSealer()
        body = Array(repeating: 0, count: pages.geometry.bodyByteCount)
    }

    /// Seals the page that `fill` writes under a free number; `isCached` shows it to readers at once.
    mutating func write(
        level: UInt8,
        isCached: Bool,
        _ fill: (inout [UInt8]) -> Void
    ) throws(IndexError) -> PageReference {
        fill(&body)
        let number = allocator.allocate()
        if number != gatheredEnd || gathered.count >= Self.gatherByteCount { try flush() }
        if gathered.isEmpty { gatheredStart = number }
        gatheredEnd = number + 1
        let reference: PageReference
        do throws(SealingError) {
            reference = try sealer.seal(
                body,
                number: number,
                transaction: transaction,
                level: level,
                appendingTo: &gathered
            )
        } catch {
            throw .sealing(error)
        }
        if isCached, pages.cache.pageLimit > 0 {
            let copy = PageBody(trusted: Array(copying: body.span), level: level)
            pages.cache.insert(Page(copy, reference: reference, level: level), isHot: true)
        }
        return reference
    }

    /// Takes over the free pages of another one, which has written its last.
    mutating func append(_ other: inout PageWriter) throws(IndexError) {
        try other.flush()
        allocator.append(other.allocator)
    }

    /// Overwrites the plain bytes of the last page.
    mutating func wipe() {
        for index in body.indices { body[index] = 0 }
    }

    /// Hands everything gathered to the file.
    mutating func flush() throws(IndexError) {
        guard !gathered.isEmpty else { return }
        do throws(SystemError) {
            try pages.file.write(gathered, at: pages.geometry.offset(of: gatheredStart))
        } catch {
            throw .system(error)
        }
        gathered.removeAll(keepingCapacity: true)
    }
}
