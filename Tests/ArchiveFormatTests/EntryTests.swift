import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A record entry` {
    private func decode(_ pack: [UInt8]) throws -> RecordEntry { try Pack(decoding: pack).entry(0) }

    private func decode(fields: [UInt8], common: [UInt8] = []) throws -> RecordEntry {
        try decode(Sample.pack(fields, common: common))
    }

    private let name: [UInt8] = [3, 1, 0x78]

    private func field(_ tag: UInt64, _ value: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: tag)
        bytes.append(varint: value.count)
        return bytes + value
    }

    @Test func `comes back as it was, with all fields and with the least`() throws {
        #expect(try decode(Sample.encoded(Sample.entry())) == Sample.entry())
        var least = RecordEntry()
        least.sequence = 1
        least.name = "x"
        #expect(try decode(Sample.encoded(least)) == least)
        // The collection `records` and an end that is the start are not written.
        least.eventStart = Sample.time(1)
        least.eventEnd = Sample.time(1)
        let bytes = Sample.encoded(least)
        #expect(try decode(bytes) == least)
        // Count, digest, sequence; length and time in common; lengths, name and event.
        #expect(bytes.count == 1 + 32 + 1 + 1 + 3 + 2 + 3 + 6)
    }

    @Test func `names its chunks or lists of chunks`() throws {
        var entry = Sample.entry()
        let chunks = [
            RecordEntry.Chunk(id: Sample.digest(1), byteCount: 0),
            RecordEntry.Chunk(id: Sample.digest(2), byteCount: Limits.framePlaintext),
        ]
        entry.bodyByteCount = 1 << 40
        for body in [RecordEntry.Body.chunks(chunks), .chunkLists(chunks), .chunks([])] {
            entry.body = body
            #expect(try decode(Sample.encoded(entry)) == entry)
            #expect(entry.inlineByteCount == 0)
        }
    }

    @Test func `cut within a field is refused`() {
        let fields: [UInt8] =
            name + field(7, [1, 2, 3]) + field(12, [1, 0x61, 0x62]) + field(15, [1, 0x66])
        for count in fields.indices where ![3, 8, 13].contains(count) {
            let part = Array(fields[..<count])
            #expect(code { _ = try decode(fields: part) } == .damaged, "\(count) bytes were taken")
        }
    }

    /// Around the ends of what one to five bytes hold, and of all.
    private static let seconds: [Int64] = [
        0, 1, -1, 127, 128, -128, -129, 549_755_813_887, -549_755_813_887, 549_755_813_888,
        -549_755_813_888, 9_223_372_036_853, -9_223_372_036_853,
    ]

    @Test(arguments: seconds)
    func `keeps whole seconds and the microseconds around them`(_ seconds: Int64) throws {
        for offset: Int64 in [-1, 0, 1] {
            var entry = Sample.entry()
            entry.recorded = Timestamp(microseconds: seconds * 1_000_000 + offset)
            entry.eventStart = entry.recorded
            entry.eventEnd = Timestamp(microseconds: seconds * 1_000_000)
            #expect(try decode(Sample.encoded(entry)) == entry)
        }
    }

    @Test func `keeps the ends of time`() throws {
        var entry = Sample.entry()
        entry.eventStart = Timestamp(microseconds: .min)
        entry.eventEnd = Timestamp(microseconds: .max)
        #expect(try decode(Sample.encoded(entry)) == entry)
    }

    @Test func `lets no flipped bit go unseen`() throws {
        var entry = Sample.entry()
        entry.body = .chunks([RecordEntry.Chunk(id: Sample.digest(1), byteCount: 700)])
        try expectSight(ofEveryFlipIn: Sample.encoded(entry), decode)
    }

    @Test func `is read past fields that only a newer program knows`() throws {
        let strange = field(10, [1]) + field(16, [1, 2, 3]) + field(.max, []) + field(1_000, name)
        let plain = try decode(fields: name)
        #expect(try decode(fields: strange + name) == plain)
        #expect(try decode(fields: name + strange, common: strange) == plain)
    }

    @Test func `without sequence or name is refused`() throws {
        #expect(code { _ = try decode(fields: []) } == .damaged)
        #expect(code { _ = try decode(fields: field(3, [])) } == .damaged)
        var bytes = Sample.pack(name)
        #expect(try decode(bytes).sequence == 1)
        bytes[33] = 0
        #expect(code { _ = try decode(bytes) } == .damaged)
        var skipped: [UInt8] = []
        skipped.append(varint: Limits.number - 1)
        #expect(try decode(fields: field(1, skipped) + name).sequence == Limits.number)
        for beyond in [Limits.number, .max, .max - 1] {
            skipped = []
            skipped.append(varint: beyond)
            #expect(code { _ = try decode(fields: field(1, skipped) + name) } == .damaged)
        }
    }

    @Test(
        arguments: zip(
            [UInt64](arrayLiteral: 2, 3, 4, 5, 13),
            [Limits.collection, Limits.name, Limits.subject, Limits.mediaType, Limits.term]
        )
    )
    func `takes texts up to their limit`(_ tag: UInt64, _ limit: Int) throws {
        let longest = [UInt8](repeating: 0x79, count: limit)
        _ = try decode(fields: name + field(tag, longest))
        for wrong in [longest + [0x79], [0xc3, 0x28]] {
            #expect(code { _ = try decode(fields: name + field(tag, wrong)) } == .damaged)
        }
    }

    @Test func `takes as many terms as it may and no more`() throws {
        let terms = (0..<Limits.terms).flatMap { _ in field(13, [0x61]) }
        #expect(try decode(fields: name + terms).terms.count == Limits.terms)
        #expect(code { _ = try decode(fields: name + terms + field(13, [0x61])) } == .damaged)
    }

    @Test func `with a field of a wrong form is refused`() {
        let wrong: [[UInt8]] = [
            field(1, []), field(6, []), field(6, [1, 2, 3, 4, 5, 6]),
            field(7, [UInt8](repeating: 0, count: 9)), field(1, [0x80]), field(11, []),
            field(11, [3]), field(11, [0]), field(11, [1]), field(11, [3, 0]),
            field(11, [1, 2, 3]),
            field(12, []), field(12, [5, 0x61]), field(12, [1, 0xff]), field(15, []),
            field(15, [0x80]),
        ]
        for bytes in wrong {
            #expect(code { _ = try decode(fields: name + bytes) } == .damaged, "\(bytes)")
        }
    }

    @Test func `that declares more than there is or may be is refused before memory is taken`() {
        var bytes: [UInt8] = [16]
        bytes.append(varint: UInt64(1) << 62)
        #expect(code { _ = try decode(fields: name + bytes) } == .damaged)
        var chunks: [UInt8] = [1, 9]
        chunks += [UInt8](repeating: 0, count: 32)
        chunks.append(varint: Limits.framePlaintext + 1)
        #expect(code { _ = try decode(fields: name + field(11, chunks)) } == .damaged)
        let long = [UInt8](repeating: 0, count: Limits.entry + 1)
        #expect(code { _ = try decode(fields: name + field(16, long)) } == .damaged)
    }
}

@Suite struct `A pack` {
    private func decode(_ bytes: [UInt8]) throws -> Pack { try Pack(decoding: bytes) }

    private func record(
        _ name: String,
        _ body: [UInt8],
        sequence: RecordSequence = 1
    ) -> (entry: RecordEntry, body: [UInt8]) {
        var entry = RecordEntry()
        entry.sequence = sequence
        entry.name = name
        entry.bodyByteCount = UInt64(body.count)
        return (entry, body)
    }

    private func packed(_ records: [(entry: RecordEntry, body: [UInt8])]) -> [UInt8] {
        Pack.encode(records)
    }

    @Test func `gives back entries and bodies, empty and chunked ones among them`() throws {
        var chunked = record("large", [])
        chunked.0.bodyByteCount = 1 << 40
        chunked.0.body = .chunks([.init(id: Sample.digest(1), byteCount: 9)])
        var records = [record("a", [1, 2]), record("b", []), chunked, record("c", [3])]
        for slot in records.indices { records[slot].entry.sequence += UInt64(slot) }
        let pack = try decode(packed(records))
        #expect(pack.slots.count == 4)
        for (slot, (entry, body)) in records.enumerated() {
            #expect(try pack.entry(slot) == entry)
            #expect(Array(pack.bytes[pack.slots[slot].body]) == body)
        }
    }

    /// What a cache says, or the pack before had, saves making a text anew; what the pack says counts.
    @Test(arguments: ["Patient/1", "Patient/2", nil])
    func `has its own subject, whatever it was expected to have`(expected: String?) throws {
        var pack = Pack()
        for subject in ["Patient/1", nil, "Patient/2", nil] {
            var only = record("a", [1])
            only.entry.subject = subject
            try pack.fill(with: packed([only]), like: expected)
            #expect(pack.subject == subject)
            #expect(try pack.entry(0) == only.entry)
        }
    }

    @Test func `may be empty`() throws { #expect(try decode(packed([])).slots.isEmpty) }

    @Test func `says once what its records have in common`() throws {
        var records = (1...3).map { record("\($0)", [1]) }
        for index in records.indices {
            records[index].entry.sequence = UInt64(index + 7)
            records[index].entry.subject = "Patient/1"
            records[index].entry.collection = "images"
            records[index].entry.mediaType = "text/plain"
        }
        let alike = packed(records)
        #expect(try decode(alike).slots.map(\.entry.count) == [3, 3, 3])
        #expect(try entries(alike) == records.map(\.entry))
        records[1].entry.mediaType = nil
        records[2].entry.collection = RecordEntry.defaultCollection
        records[2].entry.sequence = 400
        let mixed = packed(records)
        #expect(try entries(mixed) == records.map(\.entry))
        #expect(try (0..<3).map { try decode(mixed).sequence($0) } == [7, 8, 400])
    }

    @Test func `leaves nothing of another record in the entry that it is decoded into`() throws {
        var chunked = record("large", [])
        chunked.entry.bodyByteCount = 1 << 40
        chunked.entry.body = .chunks([.init(id: Sample.digest(1), byteCount: 9)])
        var fewer = Sample.entry()
        fewer.terms = ["type:Patient"]
        fewer.attributes.removeLast()
        fewer.eventEnd = fewer.eventStart
        let records = [
            record("least", [7]), (Sample.entry(), [1, 2, 3]), chunked, (fewer, [4, 5, 6]),
        ]
        let packs = try records.map { try decode(packed([$0])) }
        for before in packs {
            for (after, record) in zip(packs, records) {
                var entry = try before.entry(0)
                try after.decode(0, into: &entry)
                #expect(entry == record.0)
            }
        }
    }

    private func entries(_ bytes: [UInt8]) throws -> [RecordEntry] {
        let pack = try decode(bytes)
        return try pack.slots.indices.map { try pack.entry($0) }
    }

    @Test func `has nothing in common that one record alone can have`() {
        let name: [UInt8] = [3, 1, 0x78]
        #expect(throws: Never.self) { try decode(Sample.pack(name, common: [2, 1, 0x78])) }
        for field: [UInt8] in [
            name, [1, 1, 1], [7, 1, 1], [8, 1, 1], [11, 2, 1, 0], [12, 1, 0], [13, 1, 0x78],
            [14, 0],
            [15, 1, 0],
        ] {
            #expect(
                code { _ = try decode(Sample.pack(name, common: field)) } == .damaged,
                "\(field)"
            )
        }
    }

    @Test func `holds entries whose lengths take one, two and three bytes`() throws {
        let names = ["a", String(repeating: "b", count: 200), String(repeating: "c", count: 900)]
        var records = names.map { record($0, [1]) }
        for slot in records.indices { records[slot].entry.sequence += UInt64(slot) }
        records[2].0.attributes = [("key", String(repeating: "v", count: 20_000))]
        let pack = try decode(packed(records))
        #expect(pack.slots.map { $0.entry.count < 128 } == [true, false, false])
        #expect(pack.slots.map { $0.entry.count < 16_384 } == [true, true, false])
        for (slot, (entry, _)) in records.enumerated() {
            #expect(try pack.entry(slot) == entry)
            #expect(pack.slots[slot].entry.count + 72 <= entry.byteCountBound)
        }
    }

    @Test func `cut short or with bytes behind is refused`() {
        let bytes = packed([record("a", [1, 2]), record("b", [3], sequence: 2)])
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [0]) } == .damaged)
    }

    @Test func `lets no flipped bit go unseen`() throws {
        // With values that an absent field does not have: else losing a field changes nothing.
        var second = record("b", [3])
        second.0.sequence = 305
        second.0.recorded = Sample.entry().recorded
        second.0.digest = Sample.digest(1)
        let bytes = packed([(Sample.entry(), [1, 2, 3]), second])
        try expectSight(ofEveryFlipIn: bytes) { bytes in
            let pack = try decode(bytes)
            return try pack.slots.indices.map { slot in
                let body = Array(pack.bytes[pack.slots[slot].body])
                return Pair(entry: try pack.entry(slot), body: body)
            }
        }
    }

    private struct Pair: Equatable {
        let entry: RecordEntry
        let body: [UInt8]
    }

    @Test func `has no slot beyond its last`() throws {
        let pack = try decode(packed([record("a", [])]))
        #expect(code { _ = try pack.entry(1) } == .damaged)
        #expect(code { _ = try pack.entry(-1) } == .damaged)
    }

    @Test func `that counts more than it may hold is refused before memory is taken`() {
        for count in [UInt64(Limits.recordsPerPack) + 1, 1 << 40, .max] {
            var bytes: [UInt8] = []
            bytes.append(varint: count)
            #expect(code { _ = try decode(bytes) } == .damaged)
        }
        // An inline body that is longer than any frame.
        var bytes = Sample.pack([3, 1, 0x78])
        bytes.replaceSubrange(36...36, with: [0x81, 0x80, 0x80, 0x08])
        #expect(code { _ = try decode(bytes) } == .damaged)
        // And one that is in chunks as well.
        let chunked = Sample.pack([3, 1, 0x78, 11, 2, 1, 0])
        #expect(throws: Never.self) { try decode(chunked).entry(0) }
        var both = chunked + [7]
        both[36] = 1
        #expect(code { _ = try decode(both).entry(0) } == .damaged)
    }
}

@Suite struct `A chunk's plaintext` {
    private func decode(_ bytes: [UInt8]) throws -> ChunkPlaintext {
        try ChunkPlaintext(decoding: bytes.span)
    }

    private func encoded(_ domain: KeyDomainName, _ bytes: [UInt8]) -> [UInt8] {
        ChunkPlaintext.encode(domain: domain, id: Sample.digest(9), bytes: bytes.span)
    }

    @Test(arguments: [KeyDomainName.collection("images"), .subject("Patient/\u{fc}"), .subject("")])
    func `says whose it is, its id and where it begins`(_ domain: KeyDomainName) throws {
        let bytes = encoded(domain, [1, 2, 3])
        let chunk = try decode(bytes)
        #expect(chunk.domain == domain)
        #expect(chunk.id == Sample.digest(9))
        #expect(Array(bytes[chunk.start...]) == [1, 2, 3])
    }

    @Test func `is refused when it is cut, of an unknown kind, or not UTF-8`() {
        var bytes = encoded(.subject("ab"), [])
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        bytes[0] = 2
        #expect(code { _ = try decode(bytes) } == .damaged)
        bytes[0] = 0
        bytes[2] = 0xff
        #expect(code { _ = try decode(bytes) } == .damaged)
        var long: [UInt8] = [1]
        long.append(varint: UInt64.max)
        #expect(code { _ = try decode(long) } == .damaged)
    }

    @Test func `lets no flipped bit of its head go unseen`() throws {
        try expectSight(ofEveryFlipIn: encoded(.collection("images"), []), decode)
    }
}

@Suite struct `A dictionary's plaintext` {
    private let bytes = [UInt8](1...50)

    @Test func `comes back as it was`() throws {
        let plain = DictionaryPlaintext(mediaType: "text/plain", bytes: bytes)
        #expect(try DictionaryPlaintext(decoding: plain.encode().span) == plain)
    }

    @Test func `that is cut, has no text as media type or is too long is refused`() {
        let whole = DictionaryPlaintext(mediaType: "text/plain", bytes: bytes).encode()
        var noText = whole
        noText[1] = 0xff
        let long = [UInt8](repeating: 7, count: Limits.dictionary + 1)
        let tooLong = DictionaryPlaintext(mediaType: "t", bytes: long).encode()
        let name = String(repeating: "t", count: Limits.mediaType + 1)
        let longName = DictionaryPlaintext(mediaType: name, bytes: bytes).encode()
        for plain in [[], Array(whole[..<5]), noText, tooLong, longName] {
            #expect(throws: FormatError.self) { try DictionaryPlaintext(decoding: plain.span) }
        }
    }
}
