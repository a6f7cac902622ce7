import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A record entry` {
    private func decode(_ bytes: [UInt8]) throws -> RecordEntry {
        try RecordEntry(decoding: bytes.span)
    }

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
        #expect(bytes.count == 3 + 3 + 10 + 10 + 3 + 34)
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
        var entry = Sample.entry()
        entry.isTombstone = true
        let bytes = Sample.encoded(entry)
        let fields = boundaries(bytes)
        for count in bytes.indices where !fields.contains(count) {
            let part = Array(bytes[..<count])
            #expect(code { _ = try decode(part) } == .damaged, "\(count) bytes were taken")
        }
    }

    private func boundaries(_ bytes: [UInt8]) -> Set<Int> {
        var found: Set<Int> = []
        var cursor = ByteCursor()
        while let tag = try? cursor.varint(bytes.span), tag > 0,
            let length = try? cursor.varint(bytes.span),
            (try? cursor.range(bytes.span, count: Int(length))) != nil
        { found.insert(cursor.offset) }
        return found
    }

    @Test func `lets no flipped bit go unseen`() throws {
        var entry = Sample.entry()
        entry.body = .chunks([RecordEntry.Chunk(id: Sample.digest(1), byteCount: 700)])
        try expectSight(ofEveryFlipIn: Sample.encoded(entry), decode)
    }

    @Test func `is read past fields that only a newer program knows`() throws {
        let known = Sample.encoded(Sample.entry())
        let strange = field(16, [1, 2, 3]) + field(.max, []) + field(1_000, known)
        #expect(try decode(strange + known) == Sample.entry())
        #expect(try decode(known + strange) == Sample.entry())
    }

    @Test func `without sequence or name is refused`() {
        #expect(code { _ = try decode([]) } == .damaged)
        #expect(code { _ = try decode(field(1, [1])) } == .damaged)
        #expect(code { _ = try decode(field(3, [0x78])) } == .damaged)
        #expect(code { _ = try decode(field(1, [0]) + field(3, [0x78])) } == .damaged)
        #expect(code { _ = try decode(field(1, [1]) + field(3, [])) } == .damaged)
    }

    @Test(
        arguments: zip(
            [UInt64](arrayLiteral: 2, 3, 4, 5, 13),
            [Limits.collection, Limits.name, Limits.subject, Limits.mediaType, Limits.term]
        )
    )
    func `takes texts up to their limit`(_ tag: UInt64, _ limit: Int) throws {
        let start = field(1, [1]) + field(3, [0x78])
        let longest = [UInt8](repeating: 0x79, count: limit)
        _ = try decode(start + field(tag, longest))
        #expect(code { _ = try decode(start + field(tag, longest + [0x79])) } == .damaged)
        #expect(code { _ = try decode(start + field(tag, [0xc3, 0x28])) } == .damaged)
    }

    @Test func `takes as many terms as it may and no more`() throws {
        let start = field(1, [1]) + field(3, [0x78])
        let terms = (0..<Limits.terms).flatMap { _ in field(13, [0x61]) }
        #expect(try decode(start + terms).terms.count == Limits.terms)
        #expect(code { _ = try decode(start + terms + field(13, [0x61])) } == .damaged)
    }

    @Test func `with a field of a wrong form is refused`() {
        let start = field(1, [1]) + field(3, [0x78])
        let wrong: [[UInt8]] = [
            field(1, []), field(6, [1, 2, 3]), field(7, [UInt8](repeating: 0, count: 9)),
            field(9, [0x80]), field(10, [UInt8](repeating: 0, count: 31)), field(11, []),
            field(11, [3]), field(11, [0]), field(11, [1, 2]), field(12, []), field(12, [5, 0x61]),
            field(12, [1, 0xff]), field(15, []), field(15, [0x80]),
        ]
        for bytes in wrong {
            #expect(code { _ = try decode(start + bytes) } == .damaged, "\(bytes)")
        }
    }

    @Test func `that declares more than there is or may be is refused before memory is taken`() {
        var bytes: [UInt8] = [16]
        bytes.append(varint: UInt64(1) << 62)
        #expect(code { _ = try decode(bytes) } == .damaged)
        var chunk = [UInt8](repeating: 0, count: 33)
        chunk[0] = 1
        chunk.append(varint: Limits.framePlaintext + 1)
        #expect(code { _ = try decode(field(11, chunk)) } == .damaged)
        let long = [UInt8](repeating: 0, count: Limits.entry + 1)
        #expect(code { _ = try decode(long) } == .overLimit)
    }
}

@Suite struct `A pack` {
    private func decode(_ bytes: [UInt8]) throws -> Pack { try Pack(decoding: bytes) }

    private func record(_ name: String, _ body: [UInt8]) -> (entry: RecordEntry, body: [UInt8]) {
        var entry = RecordEntry()
        entry.sequence = 1
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
        let records = [record("a", [1, 2]), record("b", []), chunked, record("c", [3])]
        let pack = try decode(packed(records))
        #expect(pack.slots.count == 4)
        for (slot, (entry, body)) in records.enumerated() {
            #expect(try pack.entry(slot) == entry)
            #expect(Array(pack.bytes[pack.slots[slot].body]) == body)
        }
    }

    @Test func `may be empty`() throws { #expect(try decode(packed([])).slots.isEmpty) }

    @Test func `holds entries whose lengths take one, two and three bytes`() throws {
        let names = ["a", String(repeating: "b", count: 200), String(repeating: "c", count: 900)]
        var records = names.map { record($0, [1]) }
        records[2].0.attributes = [("key", String(repeating: "v", count: 20_000))]
        let pack = try decode(packed(records))
        #expect(pack.slots.map { $0.entry.count < 128 } == [true, false, false])
        #expect(pack.slots.map { $0.entry.count < 16_384 } == [true, true, false])
        for (slot, (entry, _)) in records.enumerated() {
            #expect(try pack.entry(slot) == entry)
            #expect(pack.slots[slot].entry.count <= entry.byteCountBound)
        }
    }

    @Test func `cut short or with bytes behind is refused`() {
        let bytes = packed([record("a", [1, 2]), record("b", [3])])
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [0]) } == .damaged)
    }

    @Test func `lets no flipped bit go unseen`() throws {
        // With values that an absent field does not have: else losing a field changes nothing.
        var second = record("b", [3])
        second.0.recorded = Sample.time(1)
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
        var entry = record("a", []).0
        entry.bodyByteCount = UInt64(Limits.framePlaintext) + 1
        let encoded = Sample.encoded(entry)
        var bytes: [UInt8] = [1]
        bytes.append(varint: encoded.count)
        #expect(code { _ = try decode(bytes + encoded) } == .damaged)
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
