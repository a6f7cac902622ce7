import Glibc
import Strongroom

/// Heap allocations a record; run with the counting library of `peers` preloaded.
enum Allocating {
    static func run(_ corpusPath: String, _ path: String) async throws {
        guard countedAllocations() != nil else { throw Failure("counting.so is not preloaded") }
        var corpus = try Corpus(corpusPath)
        let archive = try await Archive.create(at: path, unlocking: benchmarkKey())
        var number = 0
        var counted: UInt64 = 0
        let warmUp = 2
        for round in 0..<10 {
            let records = try corpus.next(Inserting.batchCount)
            // What the caller allocates to make its records is not the engine's.
            var batch = WriteBatch()
            for record in records {
                batch.put(record.record(named: Names.name(number)))
                number += 1
            }
            let filled = batch
            let before = countedAllocations() ?? 0
            try await archive.write { (batch) throws(ArchiveError) in batch = filled }
            if round >= warmUp { counted += (countedAllocations() ?? 0) - before }
        }
        figure("allocations.append", Double(counted) / Double(number * 8 / 10))
        try await archive.close()
        try await reading(path, (0..<number).map { Names.name($0) })
    }

    /// In an archive that nobody writes to, so that nothing of what follows a commit is counted.
    private static func reading(_ path: String, _ names: [String]) async throws {
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey(), mode: .readOnly)
        // The training of a dictionary, which the writer began, takes its time.
        var last: UInt64?
        while countedAllocations() != last {
            last = countedAllocations()
            usleep(200_000)
        }
        try await archive.read { view throws(ArchiveError) in
            for name in names { try Reading.get(view, name) }
            let before = countedAllocations() ?? 0
            for name in names { try Reading.get(view, name) }
            let spent = (countedAllocations() ?? 0) - before
            figure("allocations.get", Double(spent) / Double(names.count))
        }
        try await archive.close()
    }
}
