import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A directory block` {
    private func decode(_ bytes: [UInt8]) throws -> DirectoryBlock {
        try DirectoryBlock(decoding: bytes.span)
    }

    private func record(
        _ name: String,
        _ sequence: UInt64,
        in domain: KeyDomainName = .subject("Patient/1"),
        _ change: (inout RecordEntry) -> Void = { _ in }
    ) -> DirectoryRecord {
        var entry = RecordEntry()
        entry.sequence = sequence
        entry.name = name
        entry.recorded = Sample.time(Int64(sequence))
        if case .subject(let subject) = domain { entry.subject = subject }
        if case .collection(let collection) = domain { entry.collection = collection }
        change(&entry)
        return DirectoryRecord(entry, frameOffset: sequence * 8, slot: Int(sequence % 3))
    }

    private func ofSubject() -> DirectoryBlock {
        DirectoryBlock(
            domain: .subject("Patient/1"),
            records: [
                record("Observation/1", 7) { $0.terms = ["type:Observation", ""] },
                record("Observation/12", 8) { $0.eventStart = Timestamp(microseconds: -1) },
                record("letter", 9) { $0.collection = "letters" },
                record("letter", 10) {
                    $0.collection = "letters"
                    $0.isTombstone = true
                },
                record("Observation/1", 11),
            ],
            chunks: [
                DirectoryChunk(id: Sample.digest(1), frameOffset: 4_096),
                DirectoryChunk(id: Sample.digest(2), frameOffset: Limits.frameOffset & ~7),
            ]
        )
    }

    @Test func `of a subject comes back as it was`() throws {
        let block = ofSubject()
        #expect(try decode(block.encode()) == block)
        #expect(block.records.allSatisfy { $0.domain == block.domain })
    }

    @Test func `is searched for a name without decoding the others`() throws {
        let block = ofSubject()
        let bytes = block.encode()
        let registry = (collection: "system", prefix: "collection/")
        for (name, collection) in [
            ("Observation/1", "records"), ("Observation/12", "records"), ("letter", "letters"),
            ("letter", "records"), ("Observation", "records"),
        ] {
            let wanted = DirectoryBlock.Wanted(name: name, in: collection, registry: registry)
            let found = try DirectoryBlock.search(bytes.span, for: wanted)
            var expected = block.records.filter { $0.name == name && $0.collection == collection }
            for index in expected.indices { expected[index].terms = [] }
            #expect(found.records == expected)
            #expect(found.chunks == block.chunks)
            var sum = SequenceSum()
            for record in block.records { sum.add(record.sequence) }
            #expect(found.sum == sum)
            #expect(found.collections.isEmpty)
        }
        let known = KeyDomainName.collection("system")
        let system = DirectoryBlock(
            domain: known,
            records: [record("collection/letters", 3, in: known), record("other", 4, in: known)]
        )
        let wanted = DirectoryBlock.Wanted(name: "x", in: "records", registry: registry)
        #expect(
            try DirectoryBlock.search(system.encode().span, for: wanted).collections == ["letters"]
        )
        for count in 0..<bytes.count {
            let cut = Array(bytes[..<count])
            #expect(throws: FormatError.self) {
                try DirectoryBlock.search(cut.span, for: wanted)
            }
        }
    }

    @Test func `of a collection comes back as it was, empty ones too`() throws {
        let domain = KeyDomainName.collection("images")
        let block = DirectoryBlock(domain: domain, records: [record("a", 1, in: domain)])
        let found = try decode(block.encode())
        #expect(found == block)
        #expect(found.records[0].subject == nil && found.records[0].collection == "images")
        for domain in [KeyDomainName.collection("records"), .subject("x")] {
            let empty = DirectoryBlock(domain: domain)
            #expect(try decode(empty.encode()) == empty)
        }
    }

    @Test func `takes numbers that fall and times from end to end`() throws {
        var records = [record("a", 9), record("b", 3), record("c", 5)]
        for (index, time) in [Int64.max, .min, 0].enumerated() {
            records[index].recorded = Timestamp(microseconds: time)
            records[index].eventStart = Timestamp(microseconds: time)
            records[index].frameOffset = UInt64(index % 2) * 4_096
            records[index].sequence = [1 << 63, 2, .max][index]
        }
        let block = DirectoryBlock(domain: .subject("Patient/1"), records: records)
        #expect(try decode(block.encode()) == block)
    }

    @Test func `shares the beginnings of names, within a letter as well`() throws {
        // These letters begin with the same byte.
        let names = ["\u{fc}", "\u{fd}", "\u{fd}x", "\u{fc}"]
        let records = names.enumerated().map { record($1, UInt64($0) + 1) }
        let block = DirectoryBlock(domain: .subject("Patient/1"), records: records)
        #expect(try decode(block.encode()) == block)
        let same = (1...100).map { record("a rather long name \($0 / 50)", UInt64($0)) }
        let bytes = DirectoryBlock(domain: .subject("Patient/1"), records: same).encode()
        #expect(bytes.count < 100 * 16)
    }

    @Test func `cut short or with bytes behind is refused`() {
        let bytes = ofSubject().encode()
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [0]) } == .damaged)
    }

    @Test func `lets no flipped bit go unseen but the spare ones of the flags`() throws {
        let one = DirectoryBlock(
            domain: .subject("P"),
            records: [record("ab", 2, in: .subject("P"))]
        )
        let bytes = one.encode()
        // Kind, domain and count are four bytes; then the first record begins with its flags.
        for index in bytes.indices {
            for bit in 0..<8 where !(index == 4 && bit > 2) {
                var flipped = bytes
                flipped[index] ^= 1 << UInt8(bit)
                let found = try? decode(flipped)
                #expect(found != one, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func `whose numbers are beyond their limits is refused before memory is taken`() {
        let head: [UInt8] = [1, 1, 0x50]
        func number(_ value: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(varint: value)
            return bytes
        }
        let beyond = number((Limits.frameOffset / 8) * 2 + 2)
        let wrong: [[UInt8]] = [
            [2, 1, 0x50, 0, 0],
            [1] + number(257),
            head + number(.max),
            head + [0] + number(1 << 40),
            // Offsets: below zero, and beyond a segment and its last batch.
            head + [1, 0, 2, 1, 0, 0, 0, 1, 0x61, 0, 0],
            head + [1, 0, 2] + beyond + [0, 0, 0, 1, 0x61, 0, 0],
            // More of the name before than there was; no name; a slot that no pack has.
            head + [1, 0, 2, 0, 0, 0, 1, 1, 0x61, 0, 0],
            head + [1, 0, 2, 0, 0, 0, 0, 0, 0, 0],
            head + [1, 0, 2, 0] + number(UInt64(Limits.recordsPerPack) + 1) + [
                0, 0, 1, 0x61, 0, 0,
            ],
            head + [1, 0, 2, 0, 0, 0, 0, 1, 0x61] + number(UInt64(Limits.terms) + 1),
            head + [1, 0, 2, 0, 0, 0, 0, 1, 0xff, 0, 0],
        ]
        for bytes in wrong { #expect(code { _ = try decode(bytes) } == .damaged, "\(bytes)") }
        #expect(code { _ = try decode(head + [1, 0, 2, 0, 0, 0, 0, 1, 0x61, 0, 0]) } == nil)
    }
}
