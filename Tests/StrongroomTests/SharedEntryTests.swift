import ArchiveBytes
import ArchiveFormat
import Testing

@testable import Strongroom

@Suite struct `Record versions that share an entry of the index` {
    /// Two hundred records in one commit, of persons whose records take turns or come one behind the
    /// other.
    private static func fill(_ engine: Engine) throws {
        let records = (0..<200).map { number in
            NewRecord(
                name: "n\(number)",
                body: Array("text of \(number)".utf8),
                subject: number < 50 ? "s\(number % 3)" : "s\(number / 20)"
            )
        }
        _ = try engine.commit(records)
    }

    private static func visited(_ view: ArchiveView) throws -> [UInt64] {
        var visited: [UInt64] = []
        try view.forEachInLogOrder { record, _ in
            if record.collection == "records" { visited.append(record.sequence) }
            return true
        }
        return visited.sorted()
    }

    @Test func `are all visited, and none that a view does not see`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                let all = try Self.visited(view)
                #expect(all.count == 200)
                for limit in [all[0], all[49], all[50], all[77], all[199]] {
                    let seen = try Self.visited(view.limited(to: limit))
                    #expect(seen == all.filter { $0 <= limit })
                    var ordered: [UInt64] = []
                    try view.limited(to: limit).forEachInOrder(from: all[0]) { record in
                        ordered.append(record.sequence)
                        return true
                    }
                    #expect(ordered.sorted() == seen)
                }
            }
        }
    }

    @Test func `are found from any of them on`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                let first = try #require(try view.record(named: "n0"))
                for (start, count) in [(0, 200), (49, 3), (55, 10), (130, 1), (199, 1), (190, 50)] {
                    var names: [String] = []
                    let found = try view.forEach(
                        from: first.sequence + UInt64(start),
                        recorded: first.recorded,
                        count: UInt64(count)
                    ) { record, body in
                        names.append(record.name)
                        #expect(body == Array("text of \(record.name.dropFirst())".utf8))
                    }
                    let wanted = (start..<min(200, start + count)).map { "n\($0)" }
                    #expect(names == wanted && found == UInt64(wanted.count))
                }
                let time = Timestamp(microseconds: first.recorded)
                #expect(try view.sequence(at: time) == view.lastSequence)
            }
        }
    }
}
