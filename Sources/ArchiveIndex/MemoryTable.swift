/// What was written since the last checkpoint, in memory.
///
/// Each batch becomes a sorted run, and runs of about equal size are merged, so an entry is moved
/// at most about log2 of all batches times (the logarithmic method). Runs never change: a reader
/// takes the list of the moment and needs no lock afterwards.
package struct MemoryTable: Sendable {
    /// Small runs are merged at once: copying them costs less than every reader's search in them.
    private static let smallCount = 256

    /// The runs, oldest first; where two have a key, the later one counts.
    package private(set) var runs: [SortedRun] = []

    package init() {}

    package var isEmpty: Bool { runs.isEmpty }

    /// The memory that all runs take.
    package var byteCount: Int { runs.reduce(0) { $0 + $1.byteCount } }

    /// The number of entries, overwritten ones in other runs included.
    package var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// How many runs, the oldest, are on their way into the tree and are left as they are.
    private var frozenCount = 0

    /// Adds a batch, which is newer than all before.
    package mutating func insert(_ run: SortedRun) {
        guard run.count > 0 else { return }
        var newest = run
        while runs.count > frozenCount, let last = runs.last,
            last.count < 2 * newest.count || last.count + newest.count <= Self.smallCount
        {
            runs.removeLast()
            newest = .merging(last, newest)
        }
        runs.append(newest)
    }

    /// The runs that the next checkpoint takes: all there are now, or those frozen before if that
    /// checkpoint failed.
    ///
    /// Batches may be added meanwhile.
    package mutating func freeze() -> [SortedRun] {
        if frozenCount == 0 { frozenCount = runs.count }
        return Array(runs[..<frozenCount])
    }

    /// Drops the frozen runs, which the tree has now.
    package mutating func dropFrozen() {
        runs.removeFirst(frozenCount)
        frozenCount = 0
    }
}
