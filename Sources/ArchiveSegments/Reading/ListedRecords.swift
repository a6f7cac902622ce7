import ArchiveFormat

/// Counts what a sealed segment's directories list: each of its record versions must be there once.
///
/// A directory authenticates itself and not its place. One that was put in another's, of the same
/// segment or of another, would hide records without a word.
struct ListedRecords {
    private let range: ClosedRange<RecordSequence>?
    let segment: SegmentNumber
    private var sum = SequenceSum()
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
        for index in records.indices { sum.add(records[index].sequence) }
    }

    /// The same for a directory of which only the sum of its numbers is known.
    mutating func add(_ other: SequenceSum, erasedCount: Int) {
        if erasedCount > 0 { hasErased = true }
        sum.add(other)
    }

    private var isInRange: Bool {
        guard let lowest = sum.lowest, let highest = sum.highest else { return true }
        return range?.contains(lowest) == true && range?.contains(highest) == true
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
        guard let range else { return sum.count == 0 }
        guard sum.count == UInt64(range.count) else { return false }
        var wanted = SequenceSum()
        for sequence in range { wanted.add(sequence) }
        return sum == wanted
    }
}
