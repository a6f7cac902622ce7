import Glibc
import Strongroom

/// Opening, after order and after a kill, and making the index anew.
enum Opening {
    static func open(_ path: String, _ records: Int, seed: Int) async throws {
        var samples = Samples(capacity: 11)
        for round in 0..<11 {
            var generator = SplitMix(state: UInt64(seed + round))
            let name = Names.name(generator.next(below: records))
            let key = try benchmarkKey()
            let start = now()
            let archive = try await Archive.open(at: path, unlocking: key, mode: .readOnly)
            guard try await archive.get(name) != nil else { throw Failure("no record \(name)") }
            let spent = now() - start
            if round == 0 { figure("open.first_ms", Double(spent) / 1e6) }
            samples.add(spent)
        }
        figure("open.ms", samples.percentile(0.5) / 1_000)
        let key = try benchmarkKey()
        let start = now()
        let archive = try await Archive.open(at: path, unlocking: key)
        figure("open.writing_ms", Double(now() - start) / 1e6)
        try await archive.close()
    }

    static func rebuild(_ path: String) async throws {
        let start = now()
        let status = try await Archive.rebuildIndex(at: path, unlocking: benchmarkKey())
        figure("rebuild.ms", Double(now() - start) / 1e6)
        figure("rebuild.entries", Double(status.indexEntryCount))
    }

    /// Writes a log that no checkpoint covers, and is killed.
    static func killed(_ corpusPath: String, _ path: String, mebibytes: Int) async throws {
        var configuration = ArchiveConfiguration()
        configuration.checkpointByteCount = 1 << 40
        configuration.checkpointLogByteCount = 1 << 40
        configuration.segmentByteCount = 256 << 20
        let archive = try await Archive.create(
            at: path,
            unlocking: benchmarkKey(),
            configuration: configuration
        )
        var number = 0
        var size: UInt64 = 0
        while size < UInt64(mebibytes) << 20 {
            var corpus = try Corpus(corpusPath)
            while size < UInt64(mebibytes) << 20 {
                let records = try corpus.next(Inserting.batchCount)
                if records.isEmpty { break }
                try await archive.write { (batch) throws(ArchiveError) in
                    for record in records {
                        batch.put(record.record(named: Names.name(number)))
                        number += 1
                    }
                }
                size = try await archive.status().segmentByteCount
            }
        }
        figure("killed.records", Double(number))
        figure("killed.mb", Double(size) / 1e6)
        kill(getpid(), SIGKILL)
    }

    static func reopen(_ path: String) async throws {
        let start = now()
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey())
        guard try await archive.get(Names.name(0)) != nil else { throw Failure("a record is lost") }
        figure("reopen.ms", Double(now() - start) / 1e6)
        try await archive.close()
    }
}
