import ArchiveFormat
import ArchiveSegments
import Testing

@testable import Strongroom

@Suite struct `Reading records in bulk` {
    @Test func `in the order of the log every version comes once`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            try archive.reading { view in
                var sequences: [UInt64] = []
                try view.forEachInLogOrder { record, body in
                    sequences.append(record.sequence)
                    let whole = try view.body(of: record)
                    #expect(body.map { Array($0) } == whole)
                    return true
                }
                #expect(sequences.sorted() == Array(1...view.lastSequence))
                let earlier = view.limited(to: 150)
                var count = 0
                try earlier.forEachInLogOrder { record, _ in
                    #expect(record.sequence <= 150)
                    count += 1
                    return count < 100
                }
                #expect(count == 100)
            }
        }
    }

    /// Pages of the index and units of records are prepared ahead: none is visited twice or left out
    /// at their ends.
    @Test func `a walk in the order of the log ends wherever its visitor wants`() throws {
        struct Enough: Error {}
        let (count, largeCount) = (8_200, 11)
        let writing: (Engine) throws -> Void = { engine in
            for start in stride(from: 0, to: count, by: 1_025) {
                _ = try engine.commit(
                    (start..<(start + 1_025)).map { NewRecord(name: "n\($0)", body: [7]) }
                )
            }
            // Bodies that are much larger than what the log holds of them.
            _ = try engine.commit(
                (0..<largeCount).map {
                    NewRecord(name: "large\($0)", body: Array(repeating: 0, count: 1 << 20))
                }
            )
        }
        try SmallArchive.with(filledBy: writing) { archive in
            try archive.reading { view in
                for limit in [1, 2, 255, 256, 4_095, 4_096, 4_097, 8_192, 8_205, .max] {
                    var sequences: [UInt64] = []
                    try view.forEachInLogOrder { record, _ in
                        sequences.append(record.sequence)
                        return sequences.count < limit
                    }
                    #expect(sequences.count == min(limit, count + largeCount))
                    #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0.0 < $0.1 })
                }
                var byteCount = 0
                var visited = 0
                #expect(throws: (any Error).self) {
                    try view.forEachInLogOrder { _, body in
                        byteCount += body?.count ?? 0
                        visited += 1
                        if visited == count + 7 { throw Enough() }
                        return true
                    }
                }
                #expect(visited == count + 7 && byteCount == count + 7 << 20)
            }
        }
    }

    /// Packs and records are made where the ones before were, from page to page as well.
    @Test func `records and bodies that a visitor keeps stay as they were`() throws {
        let count = 9_000
        let writing: (Engine) throws -> Void = { engine in
            for start in stride(from: 0, to: count, by: 1_000) {
                _ = try engine.commit(
                    (start..<(start + 1_000)).map { number in
                        NewRecord(
                            name: "n\(number)",
                            body: Array("body of \(number)".utf8),
                            subject: number % 5 == 0 ? nil : "p\(number / 40)"
                        )
                    }
                )
            }
        }
        try SmallArchive.with(filledBy: writing) { archive in
            try archive.reading { view in
                var kept: [(record: Record, body: ArraySlice<UInt8>?)] = []
                try view.forEachInLogOrder { record, body in
                    kept.append((record, body))
                    return true
                }
                #expect(kept.count == count)
                for (record, body) in kept {
                    let number = try #require(Int(record.name.dropFirst()))
                    #expect(body.map { Array($0) } == Array("body of \(number)".utf8))
                    #expect(record.subject == (number % 5 == 0 ? nil : "p\(number / 40)"))
                }
                #expect(Set(kept.map(\.record.name)).count == count)
            }
        }
    }

    @Test func `in the order of names current records come from a name on`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            try archive.reading { view in
                let names = ManyRecords.current.keys.sorted {
                    Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
                }
                for start in ["", "nnn", names[400], names[400] + "0", "z"] {
                    var found: [String] = []
                    try view.forEach(from: start) { record, body in
                        let text = body.map { String(decoding: $0, as: UTF8.self) }
                        #expect(text == ManyRecords.current[record.name])
                        found.append(record.name)
                        return true
                    }
                    #expect(found == names.filter { $0 >= start })
                }
                var found: [String] = []
                try view.forEach(from: names[10], limit: 300) { record, _ in
                    found.append(record.name)
                    return true
                }
                #expect(found == Array(names[10..<310]))
                try view.forEach(from: names[10], limit: 0) { _, _ in
                    Issue.record("nothing was asked for")
                    return true
                }
            }
        }
    }

    @Test func `a query by name skips what was deleted or replaced, as of any moment`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            try archive.reading { view in
                var query = RecordQuery()
                query.namePrefix = "nn/"
                for (view, isFirst) in [
                    (view, false), (view.limited(to: UInt64(ManyRecords.count)), true),
                ] {
                    var found: [String: String] = [:]
                    try view.forEach(query) { record in
                        #expect(found[record.name] == nil)
                        found[record.name] = String(
                            decoding: try view.body(of: record),
                            as: UTF8.self
                        )
                        return true
                    }
                    for number in 0..<ManyRecords.count where number % 7 == 1 {
                        let expected =
                            isFirst
                            ? "first of \(ManyRecords.name(number))" : ManyRecords.text(number)
                        #expect(found.removeValue(forKey: ManyRecords.name(number)) == expected)
                    }
                    #expect(found.isEmpty)
                }
            }
        }
    }

    @Test func `what is wanted of the log is read at once, and little more`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            var places: [RecordPlace] = []
            try archive.reading { view in
                try view.forEachInLogOrder { record, _ in
                    places.append(record.place)
                    return places.count < ManyRecords.count / 2
                }
            }
            let (first, last) = (places[0].frameOffset, places[places.count - 1].frameOffset)
            let log = try Engine.openForReading(try archive.address()).reader
            var buffer = FrameBuffer()
            for place in places {
                let frame = try log.read(
                    place.segment,
                    at: place.frameOffset,
                    into: &buffer,
                    upTo: last
                )
                // What is read again stands at the beginning.
                #expect(frame.lowerBound == Int(place.frameOffset - first))
                #expect(buffer.bytes.count <= Int(last - first) + 2_048)
            }
        }
    }

    @Test func `damage is told of when it is reached, not before`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            var places: [String: RecordPlace] = [:]
            let names = try archive.reading { view in
                var names: [String] = []
                try view.forEach(from: "") { record, _ in
                    places[record.name] = record.place
                    names.append(record.name)
                    return true
                }
                return names
            }
            let victim = try #require(places[names[200]])
            let reached = names.prefix { places[$0].map { !$0.isInPack(of: victim) } ?? true }
            let file = try #require(try archive.names(in: "segments").first)
            try archive.edit(archive.segment(file)) { $0[Int(victim.frameOffset) + 70] ^= 1 }
            try archive.reading { view in
                var found: [String] = []
                let error = #expect(throws: ArchiveError.self) {
                    try view.forEach(from: "") { record, _ in
                        found.append(record.name)
                        return true
                    }
                }
                #expect(error?.code == .corrupt)
                #expect(found == Array(reached))
            }
        }
    }
}
