import Strongroom

/// Commits of several sizes, each synced before the next begins.
enum Appending {
    /// Records in a batch, and batches of that size.
    private static let sizes = [(1, 300), (10, 300), (100, 200), (1_000, 50), (10_000, 5)]

    /// An archive for each size, beside one another in `path`; only the commits are timed.
    ///
    /// Where `path` is in memory a sync costs nothing: what it takes there less is the price of
    /// durability.
    static func run(_ corpusPath: String, _ path: String) async throws {
        for (size, count) in sizes {
            let archive = try await Archive.create(
                at: "\(path)-\(size)",
                unlocking: benchmarkKey()
            )
            let spent = try await withTaskExecutorPreference(archive.executor) {
                try await batches(of: size, count, from: corpusPath, into: archive)
            }
            figure("append.\(size).per_s", rate(size * count, spent))
            try await archive.close()
        }
    }

    private static func batches(
        of size: Int,
        _ count: Int,
        from corpusPath: String,
        into archive: Archive
    ) async throws -> UInt64 {
        var corpus = try Corpus(corpusPath)
        var spent: UInt64 = 0
        for number in 0..<count {
            let records = try corpus.next(size)
            guard records.count == size else { throw Failure("the corpus is too small") }
            let start = now()
            try await archive.write { (batch) throws(ArchiveError) in
                for (index, record) in records.enumerated() {
                    batch.put(record.record(named: Names.name(number * size + index)))
                }
            }
            spent += now() - start
        }
        return spent
    }
}
