internal import ArchiveBytes

/// The entries of several runs in key order; where two have a key, the later run's counts.
struct RunMerge: EntrySource {
    private let runs: [SortedRun]
    private var positions: [Int]
    private var current: Int?

    /// Takes the runs oldest first.
    init(_ runs: [SortedRun]) {
        self.runs = runs
        positions = Array(repeating: 0, count: runs.count)
        pick()
    }

    var isAtEnd: Bool { current == nil }

    mutating func advance() throws(IndexError) {
        guard let current else { return }
        positions[current] &+= 1
        pick()
    }

    func withEntry<Result, Failure: Error>(
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let current else { preconditionFailure("the source is at its end") }
        return try runs[current].withEntry(positions[current], use)
    }

    /// Finds the lowest key, in the newest run that has it, and skips it in the older ones.
    private mutating func pick() {
        current = nil
        for run in runs.indices.reversed() where positions[run] < runs[run].count {
            guard let best = current else {
                current = run
                continue
            }
            let order = runs[run].withEntry(positions[run]) { key, _ in
                runs[best].withEntry(positions[best]) { other, _ in KeyOrder.compare(key, other) }
            }
            if order < 0 { current = run }
            if order == 0 { positions[run] &+= 1 }
        }
    }
}
