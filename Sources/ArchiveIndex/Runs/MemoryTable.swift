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

    /// The runs that the next checkpoint takes: all there are now.
    ///
    /// Batches may be added meanwhile.
    package mutating func freeze() -> [SortedRun] {
        precondition(frozenCount == 0, "one checkpoint at a time")
        frozenCount = runs.count
        return runs
    }

    /// Takes the frozen runs back after a checkpoint that failed: the next one has to take them too.
    package mutating func thaw() { frozenCount = 0 }

    /// Drops the frozen runs, which the tree has now.
    package mutating func dropFrozen() {
        runs.removeFirst(frozenCount)
        frozenCount = 0
    }
}
