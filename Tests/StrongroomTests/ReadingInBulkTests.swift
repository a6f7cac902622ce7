import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Testing

@testable import Strongroom

@Suite struct `Reading records with their bodies` {
    private static let count = 700

    /// Names in no order, of some subjects; every tenth is written twice, every fiftieth deleted.
    private static func fill(_ engine: Engine) throws {
        let names = (0..<count).map { name($0 * 383 % count) }
        for start in stride(from: 0, to: count, by: 100) {
            let records = names[start..<(start + 100)].map {
                NewRecord(name: $0, body: Array("first of \($0)".utf8), subject: "p\($0.count)")
            }
            _ = try engine.commit(records)
        }
        for number in stride(from: 0, to: count, by: 10) {
            try engine.put(name(number), "second of \(name(number))")
        }
        for number in stride(from: 0, to: count, by: 50) { try engine.delete(name(number)) }
    }

    private static func name(_ number: Int) -> String {
        String(repeating: "n", count: 1 + number % 7) + "/\(number)"
    }

    private static func text(_ number: Int) -> String? {
        if number % 50 == 0 { return nil }
        return (number % 10 == 0 ? "second of " : "first of ") + name(number)
    }

    private static var current: [String: String] {
        var found: [String: String] = [:]
        for number in 0..<count { found[name(number)] = text(number) }
        return found
    }

    @Test func `one by one gives what two calls give`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                for number in 0..<Self.count {
                    let found = try view.recordWithBody(named: Self.name(number))
                    #expect(
                        found.map { String(decoding: $0.body, as: UTF8.self) } == Self.text(number)
                    )
                    #expect(
                        try found?.record.sequence
                            == view.record(named: Self.name(number))?.sequence
                    )
                }
                #expect(try view.recordWithBody(named: "absent") == nil)
            }
        }
    }

    /// One pack stays opened, the others are opened again from what was kept of them, or from the log.
    @Test(arguments: [0, 8 << 10, 4 << 20])
    func `gives the same however much is kept of what was read`(byteCount: Int) throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            let engine = try Engine.openForReading(try archive.address())
            let reader = RecordReader(
                log: engine.reader,
                keys: engine.keys,
                cacheByteCount: byteCount
            )
            let view = ArchiveView(engine.readState, reader: reader)
            // Neighbours, strangers, and the same again.
            for number in (0..<Self.count).flatMap({ [$0, $0 * 211 % Self.count, $0] }) {
                let record = try view.record(named: Self.name(number))
                let body = try record.map { try view.body(of: $0) }
                #expect(body.map { String(decoding: $0, as: UTF8.self) } == Self.text(number))
                let subject = number % 10 == 0 ? nil : "p\(Self.name(number).count)"
                #expect(record?.subject == subject)
                let found = try view.recordWithBody(named: Self.name(number))
                #expect(found?.body == body && found?.record.sequence == record?.sequence)
            }
        }
    }

    @Test func `a large body comes whole by name and in pieces in bulk`() throws {
        let large = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 37 >> 8) }
        let writing: (Engine) throws -> Void = { engine in
            var pieces = [large[...]]
            _ = try engine.put(NewRecord(name: "large", body: [])) {
                pieces.popLast().map { Array($0) }
            }
        }
        try SmallArchive.with(filledBy: writing) { archive in
            try archive.reading { view in
                #expect(try view.recordWithBody(named: "large")?.body == large)
                var pieces = 0
                try view.forEach(from: "") { record, body in
                    #expect(body == nil && record.name == "large")
                    pieces += 1
                    return true
                }
                #expect(pieces == 1)
            }
        }
    }

    @Test func `in the order of the log every version comes once`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
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

    @Test func `in the order of names current records come from a name on`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                let names = Self.current.keys.sorted {
                    Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
                }
                for start in ["", "nnn", names[400], names[400] + "0", "z"] {
                    var found: [String] = []
                    try view.forEach(from: start) { record, body in
                        let text = body.map { String(decoding: $0, as: UTF8.self) }
                        #expect(text == Self.current[record.name])
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
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                var query = RecordQuery()
                query.namePrefix = "nn/"
                for (view, isFirst) in [
                    (view, false), (view.limited(to: UInt64(Self.count)), true),
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
                    for number in 0..<Self.count where number % 7 == 1 {
                        let expected = isFirst ? "first of \(Self.name(number))" : Self.text(number)
                        #expect(found.removeValue(forKey: Self.name(number)) == expected)
                    }
                    #expect(found.isEmpty)
                }
            }
        }
    }

    // What is read ahead of the last record is not yet what will stand there.
    @Test func `what is written behind a record that was read is found`() throws {
        try SmallArchive.with { engine in
            let reader = RecordReader(log: engine.reader, keys: engine.keys)
            for number in 0..<40 {
                try engine.put("n\(number)", "text of \(number)", subject: "p\(number)")
                let view = ArchiveView(engine.readState, reader: reader)
                let body = try view.recordWithBody(named: "n\(number)")?.body
                #expect(body == Array("text of \(number)".utf8))
                var count = 0
                try view.forEachInLogOrder { _, _ in
                    count += 1
                    return true
                }
                #expect(UInt64(count) == view.lastSequence)
            }
        } _: { _ in
        }
    }

    @Test func `what is wanted of the log is read at once, and little more`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            var places: [RecordPlace] = []
            try archive.reading { view in
                try view.forEachInLogOrder { record, _ in
                    places.append(record.place)
                    return places.count < Self.count / 2
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
        try SmallArchive.with(filledBy: Self.fill) { archive in
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

@Suite struct `The index held against the log` {
    private static func compare(
        _ archive: SmallArchive,
        _ change: (inout DirectoryRecord) -> Void
    ) throws -> (isEqual: Bool, wrong: Int) {
        let engine = try Engine.openForReading(try archive.address())
        let comparison = IndexComparison(engine.readState)
        let log = LogReplay(engine.layout.segmentDirectory(engine.fileSystem), keys: engine.keys)
        let expected = FileSum()
        _ = try log.run(from: .start) { entries, _ in
            var builder = RunBuilder()
            var value: [UInt8] = []
            for record in entries.records {
                var changed = record
                change(&changed)
                IndexKeys.append(changed, in: entries.segment, to: &builder, &value)
                let place = RecordPlace(changed, in: entries.segment)
                TimeRun(place, recorded: changed.recorded).append(to: &builder, &value)
            }
            builder.visit { expected.add($0, $1) }
        }
        let sum = try #require(try comparison.sumOfIndex())
        return (sum.records == expected.sum?.records, try comparison.wrongRecords(of: log).count)
    }

    @Test func `is asked for the very entries that are put into it`() throws {
        var plain = RecordEntry()
        plain.sequence = 4
        plain.name = "n"
        plain.recorded = Timestamp(microseconds: -5)
        var full = plain
        full.sequence = 5
        full.collection = "letters"
        full.name = "größe"
        full.subject = "Patient/1"
        full.eventStart = Timestamp(microseconds: 1 << 50)
        full.terms = ["", "type:Observation", String(repeating: "x", count: 200)]
        var deleted = full
        deleted.sequence = 6
        deleted.isTombstone = true
        let pack = try Pack(decoding: Pack.encode([plain, full, deleted].map { ($0, []) }))
        let opened = try OpenedPack(pack, segment: SegmentNumber(300), frameOffset: 1 << 20)
        var builder = RunBuilder()
        var value: [UInt8] = []
        for record in opened.records {
            IndexKeys.append(record, in: opened.segment, to: &builder, &value)
            let place = RecordPlace(record, in: opened.segment)
            TimeRun(place, recorded: record.recorded).append(to: &builder, &value)
        }
        let index = FileSum()
        builder.visit { index.add($0, $1) }
        let expected = try #require(index.sum).records
        let log = LogSum()
        log.take(opened)
        #expect(log.sum == expected)
        #expect(expected.entryCount == 2 + 2 * (2 + 1 + 3))
        log.take(opened, upTo: 4)
        #expect(log.sum.entryCount == expected.entryCount + 2)
    }

    /// Entries are hashed part by part: nothing may move from one part into another.
    @Test func `tells entries apart wherever their bytes stand`() throws {
        let entries: [(key: [UInt8], value: [UInt8])] = [
            ([2, 9, 9, 0, 7], [5]), ([4, 9, 9, 0, 7], [5]), ([2, 9, 0, 9, 7], [5]),
            ([2, 9, 9, 7, 0], [5]), ([2, 9, 9, 0], [7, 5]), ([2, 9, 9, 0, 7, 5], []),
            ([2, 9, 9, 7], [5]), ([2, 0, 9, 9, 7], [5]), ([2, 9, 9, 0, 7], [6]),
            ([2, 9, 9, 0, 7, 0], [5]), ([2, 9, 9, 0, 7], [5, 0]), ([2], [9, 9, 0, 7, 5]),
        ]
        let sums = try entries.map { entry in
            let file = FileSum()
            file.add(entry.key.span, entry.value.span)
            return try #require(file.sum).records
        }
        for (index, sum) in sums.enumerated() {
            #expect(sum.entryCount == 1 && sums.firstIndex(of: sum) == index)
        }
    }

    @Test func `is the same where every entry is there, and tells of one that is not`() throws {
        try SmallArchive.with { engine in
            for number in 0..<50 { try engine.put("n\(number)", subject: "s\(number % 3)") }
        } _: { archive in
            let same = try Self.compare(archive) { _ in }
            #expect(same.isEqual && same.wrong == 0)
            let subject = try Self.compare(archive) { if $0.name == "n7" { $0.subject = "s9" } }
            #expect(!subject.isEqual)
            let name = try Self.compare(archive) { if $0.name == "n7" { $0.name = "n70" } }
            #expect(!name.isEqual)
        }
    }

    @Test func `finds each record version that was committed with others`() throws {
        try SmallArchive.with { engine in
            for start in [0, 100] {
                _ = try engine.commit(
                    (start..<(start + 100)).map { number in
                        NewRecord(
                            name: "n\(number)",
                            body: Array("text".utf8),
                            subject: "s\(number % 40 / 20)"
                        )
                    }
                )
            }
        } _: { archive in
            let same = try Self.compare(archive) { _ in }
            #expect(same.isEqual && same.wrong == 0)
            let slot = try Self.compare(archive) { if $0.name == "n7" { $0.slot += 1 } }
            #expect(!slot.isEqual)
            let sequence = try Self.compare(archive) { if $0.name == "n7" { $0.sequence = 1 } }
            #expect(!sequence.isEqual)
        }
    }
}

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
