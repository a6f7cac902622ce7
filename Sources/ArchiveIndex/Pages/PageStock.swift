internal import Synchronization

/// The pages behind the end of a file, of which several writers take some in a row at a time.
final class PageStock: Sendable {
    /// As many as ``PageWriter`` writes with one call, if pages are large; what a writer has left of its last ones
    /// stays free.
    private static let rowCount: UInt64 = 16

    private let end: Atomic<UInt64>

    init(end: UInt64) { self.end = Atomic(end) }

    /// Pages that nobody else gets.
    func take() -> Range<UInt64> {
        let start = end.add(Self.rowCount, ordering: .relaxed).oldValue
        return start..<(start + Self.rowCount)
    }
}
