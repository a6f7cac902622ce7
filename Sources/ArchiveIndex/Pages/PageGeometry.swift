/// Where pages lie in the file and how much they hold.
///
/// The two meta slots lie in separate 4 KiB sectors in front of the pages, so page numbers begin
/// where those end, and page number 0 can stand for "no page".
struct PageGeometry: Equatable, Sendable {
    /// Magic, level, three zeros, transaction and nonce, in clear before the sealed body.
    static let headerByteCount = 4 + 1 + 3 + 8 + 24
    static let tagByteCount = 16
    static let metaSlotByteCount = 4_096
    static let metaByteCount = 2 * metaSlotByteCount

    let pageByteCount: Int

    /// Nil unless the size is a power of two within ``IndexLimits/pageByteCounts``.
    init?(pageByteCount: Int) {
        guard IndexLimits.pageByteCounts.contains(pageByteCount),
            pageByteCount.nonzeroBitCount == 1
        else { return nil }
        self.pageByteCount = pageByteCount
    }

    /// The plain bytes of one page.
    var bodyByteCount: Int { pageByteCount - Self.headerByteCount - Self.tagByteCount }

    /// The first number that names a page.
    var firstPage: UInt64 { UInt64(max(1, Self.metaByteCount / pageByteCount)) }

    /// The longest key that leaves room for two entries on a page of either kind, without which a
    /// page could not be split.
    var keyByteLimit: Int {
        let half = (bodyByteCount - PageLayout.headerByteCount) / 2
        let besidesKey =
            PageLayout.headByteCount + PageLayout.offsetByteCount + PageLayout.entryOverhead
            + IndexLimits.valueByteCount
        return min(IndexLimits.keyByteCount, half - besidesKey)
    }

    func offset(of page: UInt64) -> UInt64 { page * UInt64(pageByteCount) }

    /// The pages that a file of `byteCount` bytes has room for, a last broken one included, as the
    /// number after the last.
    func pageEnd(forByteCount byteCount: UInt64) -> UInt64 {
        max(firstPage, (byteCount + UInt64(pageByteCount) - 1) / UInt64(pageByteCount))
    }
}
