import Strongroom

/// Point reads, absent names, ranges and scans, asked for by one thread.
enum Reading {
    static let rangeLimit = 100

    private static func openedForReading(_ path: String) async throws -> Archive {
        try await Archive.open(at: path, unlocking: benchmarkKey(), mode: .readOnly)
    }

    static func get(_ view: ArchiveView, _ name: String) throws(ArchiveError) {
        guard let (_, body) = try view.recordWithBody(named: name),
            body.first == UInt8(ascii: "{")
        else { throw ArchiveError(.noRecord, "the record \(name) is not whole") }
    }

    private static func readNames(
        _ view: ArchiveView,
        _ records: Int,
        count: Int,
        seed: Int
    ) throws(ArchiveError) -> Samples {
        var samples = Samples(capacity: count)
        var generator = SplitMix(state: UInt64(seed))
        for _ in 0..<count {
            let name = Names.name(generator.next(below: records))
            let start = now()
            try get(view, name)
            samples.add(now() - start)
        }
        return samples
    }

    static func warm(_ path: String, _ records: Int, count: Int, seed: Int) async throws {
        let archive = try await openedForReading(path)
        try await archive.read { view throws(ArchiveError) in
            _ = try readNames(view, records, count: 2 * count, seed: seed + 1)
            var start = now()
            let samples = try readNames(view, records, count: count, seed: seed + 2)
            figure("read.per_s", rate(count, now() - start))
            samples.figures("read")

            var generator = SplitMix(state: UInt64(seed))
            start = now()
            for _ in 0..<count {
                let name = Names.absentName(generator.next(below: records))
                guard try view.record(named: name) == nil else {
                    throw ArchiveError(.invalid, "a record is there that nobody put")
                }
            }
            figure("absent.per_s", rate(count, now() - start))

            let ranges = max(count / 40, 1)
            start = now()
            let digits = rangeDigits(records)
            for _ in 0..<ranges {
                let name = Names.name(generator.next(below: records))
                try range(view, from: String(name.prefix(digits)))
            }
            figure("range.per_s", rate(ranges, now() - start))
        }
    }

    /// So many digits that 200 names or more begin with the same: the peers do likewise.
    private static func rangeDigits(_ records: Int) -> Int {
        var digits = 0
        var share = records
        while share >= 200 * 16 {
            digits += 1
            share /= 16
        }
        return digits
    }

    private static func range(_ view: ArchiveView, from name: String) throws(ArchiveError) {
        var byteCount = 0
        try view.forEach(from: name, limit: rangeLimit) { _, body in
            byteCount += body?.count ?? 0
            return true
        }
        guard byteCount > 0 else { throw ArchiveError(.noRecord, "a range is empty") }
    }

    static func cold(_ path: String, _ records: Int, count: Int, seed: Int) async throws {
        let archive = try await openedForReading(path)
        try await archive.read { view throws(ArchiveError) in
            try readNames(view, records, count: count, seed: seed).figures("cold")
        }
    }

    /// Every record with its body in the order of the log.
    static func scan(_ path: String) async throws {
        let archive = try await openedForReading(path)
        try await archive.read { view throws(ArchiveError) in
            var count = 0
            var byteCount = 0
            let start = now()
            try view.forEachInLogOrder { record, body in
                guard record.collection == "records" else { return true }
                byteCount += body?.count ?? 0
                count += 1
                return true
            }
            figure("scan.per_s", rate(count, now() - start))
            figure("scan.records", Double(count))
            figure("scan.mb", Double(byteCount) / 1e6)
        }
    }
}
