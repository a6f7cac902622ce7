import Testing

@testable import Strongroom

@Suite struct `Reading a record with its body` {
    @Test func `one by one gives what two calls give`() throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            try archive.reading { view in
                for number in 0..<ManyRecords.count {
                    let found = try view.recordWithBody(named: ManyRecords.name(number))
                    #expect(
                        found.map { String(decoding: $0.body, as: UTF8.self) }
                            == ManyRecords.text(number)
                    )
                    #expect(
                        try found?.record.sequence
                            == view.record(named: ManyRecords.name(number))?.sequence
                    )
                }
                #expect(try view.recordWithBody(named: "absent") == nil)
            }
        }
    }

    /// One pack stays opened, the others are opened again from what was kept of them, or from the log.
    @Test(arguments: [0, 8 << 10, 4 << 20])
    func `gives the same however much is kept of what was read`(byteCount: Int) throws {
        try SmallArchive.with(filledBy: ManyRecords.fill) { archive in
            let engine = try Engine.openForReading(try archive.address())
            let reader = RecordReader(
                log: engine.reader,
                keys: engine.keys,
                cacheByteCount: byteCount
            )
            let view = ArchiveView(engine.readState, reader: reader)
            // Neighbours, strangers, and the same again.
            for number in (0..<ManyRecords.count).flatMap({
                [$0, $0 * 211 % ManyRecords.count, $0]
            }) {
                let record = try view.record(named: ManyRecords.name(number))
                let body = try record.map { try view.body(of: $0) }
                #expect(
                    body.map { String(decoding: $0, as: UTF8.self) } == ManyRecords.text(number)
                )
                let subject = number % 10 == 0 ? nil : "p\(ManyRecords.name(number).count)"
                #expect(record?.subject == subject)
                let found = try view.recordWithBody(named: ManyRecords.name(number))
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
}
