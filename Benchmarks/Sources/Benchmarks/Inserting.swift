import Strongroom

/// Commits of a thousand, of one, and of many callers at once.
enum Inserting {
    static let batchCount = 1_000

    /// Puts a whole corpus, each batch synced before the next; reading the corpus is not timed.
    static func insert(_ corpusPath: String, _ path: String, threads: Int?) async throws {
        var corpus = try Corpus(corpusPath)
        var configuration = ArchiveConfiguration()
        if let threads { configuration.threadCount = threads }
        var start = now()
        let archive = try await Archive.create(
            at: path,
            unlocking: benchmarkKey(),
            configuration: configuration
        )
        figure("insert.create_ms", Double(now() - start) / 1e6)
        var spent: UInt64 = 0
        var number = 0
        var byteCount = 0
        while true {
            let records = try corpus.next(batchCount)
            guard !records.isEmpty else { break }
            start = now()
            try await archive.write { (batch) throws(ArchiveError) in
                for record in records {
                    batch.put(record.record(named: Names.name(number)))
                    number += 1
                }
            }
            spent += now() - start
            byteCount += records.reduce(0) { $0 + $1.body.count }
        }
        start = now()
        try await archive.close()
        let closing = now() - start
        figure("insert.commits_per_s", rate(number, spent))
        figure("insert.per_s", rate(number, spent + closing))
        figure("insert.close_ms", Double(closing) / 1e6)
        figure("corpus.mb", Double(byteCount) / 1e6)
    }

    /// One record a commit, into what is there; the numbers follow those of the corpus.
    ///
    /// First from a task of Swift's own threads, then on a thread that waits for the disk, as the
    /// peers' does.
    static func single(
        _ corpusPath: String,
        _ path: String,
        after records: Int,
        count: Int
    ) async throws {
        var corpus = try Corpus(corpusPath)
        let bodies = try corpus.next(batchCount)
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey())
        try await singles(archive, bodies, records..<records + count, "pooled")
        let next = records + count
        try await withTaskExecutorPreference(archive.executor) {
            try await singles(archive, bodies, next..<next + count, "single")
        }
        try await archive.close()
    }

    private static func singles(
        _ archive: Archive,
        _ bodies: [CorpusRecord],
        _ numbers: Range<Int>,
        _ name: String
    ) async throws {
        var samples = Samples(capacity: numbers.count)
        let begin = now()
        for number in numbers {
            let body = bodies[number % bodies.count]
            let start = now()
            try await archive.put(body.record(named: Names.name(number)))
            samples.add(now() - start)
        }
        figure("\(name).per_s", rate(numbers.count, now() - begin))
        samples.figures(name)
    }

    /// 64 tasks, each of which puts a record, waits until it is durable, and puts the next.
    static func callers(_ corpusPath: String, _ path: String, after records: Int) async throws {
        var corpus = try Corpus(corpusPath)
        let bodies = try corpus.next(batchCount)
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey())
        let callerCount = 64
        let each = 100
        let begin = now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callerCount {
                group.addTask {
                    for index in 0..<each {
                        let number = caller * each + index
                        let body = bodies[number % bodies.count]
                        try await archive.put(body.record(named: Names.name(records + number)))
                    }
                }
            }
            try await group.waitForAll()
        }
        figure("callers.per_s", rate(callerCount * each, now() - begin))
        try await archive.close()
    }
}
