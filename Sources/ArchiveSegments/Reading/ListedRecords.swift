import ArchiveFormat

/// Counts what a sealed segment's directories list: each of its record versions must be there once.
///
/// A directory authenticates itself and not its place. One that was put in another's, of the same
/// segment or of another, would hide records without a word.
struct ListedRecords {
    private let range: ClosedRange<RecordSequence>?
    let segment: SegmentNumber
    private var count: UInt64 = 0
    private var sum: UInt64 = 0
    private var squares: UInt64 = 0
    private var isInRange = true
    /// Blocks that no key opens are not counted: then only what stands where it cannot be is found.
    private var hasErased = false

    init(of segment: SealedSegment) {
        self.segment = segment.header.number
        let (first, last) = (segment.header.firstSequence, segment.seal.lastSequence)
        range = first <= last ? first...last : nil
    }

    mutating func add(_ entries: LogEntries) {
        if entries.erasedCount > 0 { hasErased = true }
        let records = entries.records.span
        for index in records.indices {
            let sequence = records[index].sequence
            if range?.contains(sequence) != true { isInRange = false }
            count += 1
            sum &+= sequence
            squares &+= sequence &* sequence
        }
    }

    func requireAll() throws(LogError) {
        guard isInRange, hasErased || isComplete else {
            throw LogError(
                .corrupt,
                segment: segment,
                "its directories do not list what it holds: one of them is another's; run "
                    + "`strongroom verify`, then repair from a vault"
            )
        }
    }

    /// Whether the numbers are those of the range, each once, as far as sums of them can tell.
    private var isComplete: Bool {
        guard let range else { return count == 0 }
        guard count == UInt64(range.count) else { return false }
        var (wanted, wantedSquares): (UInt64, UInt64) = (0, 0)
        for sequence in range {
            wanted &+= sequence
            wantedSquares &+= sequence &* sequence
        }
        return sum == wanted && squares == wantedSquares
    }
}
