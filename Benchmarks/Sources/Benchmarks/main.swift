import Foundation
import Strongroom

guard CommandLine.arguments.count >= 2 else {
    print("usage: Benchmarks RECORDS.ndjson [DIRECTORY]")
    exit(2)
}
let corpus = try Corpus(linesOf: CommandLine.arguments[1])
let place =
    CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : NSTemporaryDirectory()
print("\(corpus.records.count) records, \(corpus.byteCount) bytes")

let key = try ArchiveKey.keyFile([UInt8](repeating: 1, count: 32))
let clock = ContinuousClock()
var figures: [String: [Double]] = [:]
var order: [String] = []

/// Notes one run of a work that did `count` things.
func note(_ work: String, _ count: Int, _ duration: Duration) {
    let seconds =
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    if figures[work] == nil { order.append(work) }
    figures[work, default: []].append(Double(count) / seconds)
}

func measure(_ work: String, _ count: Int, _ body: () async throws -> Void) async throws {
    let start = clock.now
    try await body()
    note(work, count, clock.now - start)
}

for round in 0..<5 {
    let path = place + "/strongroom-benchmark-\(getpid())-\(round)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let archive = try await Archive.create(at: path, unlocking: key)
    try await measure("append, 1000 a commit [records/s]", corpus.records.count) {
        for start in stride(from: 0, to: corpus.records.count, by: 1_000) {
            let batch = corpus.records[start..<min(start + 1_000, corpus.records.count)]
            try await archive.write { (pending: inout WriteBatch) throws(ArchiveError) in
                for record in batch { pending.put(record) }
            }
        }
    }
    try await measure("append, 1 a commit [records/s]", 500) {
        for index in 0..<500 {
            var record = corpus.records[index]
            record.name += "+"
            try await archive.put(record)
        }
    }
    try await measure("append, 64 callers, 1 record each [records/s]", 6_400) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    for index in 0..<100 {
                        var record = corpus.records[(caller * 100 + index) % corpus.records.count]
                        record.name += "/\(caller)"
                        try await archive.put(record)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
    try await archive.close()
    let closed = try await Archive.open(at: path, unlocking: key, mode: .readOnly)
    try await measure("open and read one [1/s]", 1) {
        let archive = try await Archive.open(at: path, unlocking: key, mode: .readOnly)
        _ = try await archive.get(corpus.records[0].name)
    }
    var generator = SplitMix(state: UInt64(round))
    let names = (0..<20_000).map { _ in corpus.records.randomElement(using: &generator)?.name ?? ""
    }
    try await measure("point read, random names, one thread [1/s]", names.count) {
        try await closed.read { view throws(ArchiveError) in
            for name in names {
                guard let record = try view.record(named: name), try !view.body(of: record).isEmpty
                else { throw ArchiveError(.noRecord, "a record is missing") }
            }
        }
    }
    try await measure("absent names [1/s]", names.count) {
        try await closed.read { view throws(ArchiveError) in
            for name in names where try view.record(named: name + "-") != nil {
                throw ArchiveError(.invalid, "a record is there that was never put")
            }
        }
    }
    try await measure("full verification [records/s]", corpus.records.count) {
        let report = try await closed.verify()
        guard report.isSound else { throw ArchiveError(.corrupt, "\(report.findings)") }
    }
    let status = try await closed.status()
    note(
        "bytes put for one byte on disk",
        corpus.byteCount,
        .seconds(Double(status.segmentByteCount + status.indexByteCount))
    )
}
for work in order {
    let sorted = (figures[work] ?? []).sorted()
    print(work, String(format: "%.2f", sorted[sorted.count / 2]), separator: "  ")
}
