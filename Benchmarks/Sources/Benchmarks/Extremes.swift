import Strongroom
import Synchronization

/// What few archives have: very many entries, and one body that is larger than memory.
enum Extremes {
    /// Puts records with the least body, three entries of the index each.
    static func entries(_ path: String, records: Int) async throws {
        let start = now()
        let archive = try await Archive.create(at: path, unlocking: benchmarkKey())
        for first in stride(from: 0, to: records, by: 10_000) {
            try await archive.write { (batch) throws(ArchiveError) in
                for number in first..<min(first + 10_000, records) {
                    batch.put(
                        NewRecord(
                            name: Names.name(number),
                            body: [123, 125],
                            subject: "Patient/\(number / 1_000)"
                        )
                    )
                }
            }
        }
        try await archive.close()
        figure("entries.records_per_s", rate(records, now() - start))
        figure("entries.per_s", rate(3 * records, now() - start))
    }

    /// Puts a body of noise that is made on the way, and reads it: whole, and in parts from anywhere.
    static func body(_ path: String, byteCount: UInt64) async throws {
        let archive = try await Archive.create(at: path, unlocking: benchmarkKey())
        var start = now()
        let source = Noise(byteCount: byteCount)
        try await archive.put(NewRecord(name: "large", body: [])) { source.next() }
        figure("body.put_mb_per_s", Double(byteCount) / 1e6 / seconds(since: start))
        start = now()
        try await archive.read { view throws(ArchiveError) in
            guard let record = try view.record(named: "large") else { return }
            var count: UInt64 = 0
            try view.forEachPiece(of: record) { count += UInt64($0.count) }
            guard count == byteCount else {
                throw ArchiveError(.corrupt, "\(count) bytes of \(byteCount) came back")
            }
        }
        figure("body.get_mb_per_s", Double(byteCount) / 1e6 / seconds(since: start))
        start = now()
        let parts = 200
        try await archive.read { view throws(ArchiveError) in
            guard let record = try view.record(named: "large") else { return }
            var generator = SplitMix(state: 5)
            for _ in 0..<parts {
                let offset = UInt64(generator.next(below: Int(byteCount) - 4_096))
                guard try view.body(of: record, in: offset..<(offset + 4_096)).count == 4_096 else {
                    throw ArchiveError(.corrupt, "a part came back short")
                }
            }
        }
        figure("body.part_ms", seconds(since: start) * 1_000 / Double(parts))
        try await archive.close()
    }

    private static func seconds(since start: UInt64) -> Double { Double(now() - start) / 1e9 }
}

/// Bytes that no compression makes smaller, a megabyte at a time.
private final class Noise: Sendable {
    private static let pieceByteCount = 1 << 20
    private let rest: Mutex<UInt64>

    init(byteCount: UInt64) { rest = Mutex(byteCount) }

    func next() -> [UInt8]? {
        let (number, count) = rest.withLock { rest in
            let count = min(rest, UInt64(Self.pieceByteCount))
            rest -= count
            return (rest, Int(count))
        }
        guard count > 0 else { return nil }
        var piece = [UInt8](repeating: 0, count: count)
        var state = number
        for word in stride(from: 0, to: count - 7, by: 8) {
            state &+= SplitMix.golden
            let value = SplitMix.mix(state)
            for byte in 0..<8 {
                piece[word + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
            }
        }
        return piece
    }
}
