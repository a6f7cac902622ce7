import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

/// What is read without texts must be what is read with them, and must be refused where that is.
@Suite struct `Fields read without texts` {
    private static func pack() -> [UInt8] {
        var first = Sample.entry()
        first.sequence = 5
        first.eventEnd = Sample.time(9)
        var second = RecordEntry()
        second.sequence = 7
        second.recorded = first.recorded
        second.name = "größe"
        second.bodyByteCount = 3
        second.digest = Sample.digest(7)
        var third = second
        third.sequence = 8
        third.collection = "letters"
        third.isTombstone = true
        third.body = .chunks([RecordEntry.Chunk(id: Sample.digest(1), byteCount: 700)])
        let bodies = [first, second, third].map {
            ($0, [UInt8](repeating: 0x20, count: $0.inlineByteCount))
        }
        return Pack.encode(bodies)
    }

    /// Nil if it is refused.
    private static func records(of plain: [UInt8]) -> [DirectoryRecord]? {
        guard let pack = try? Pack(decoding: plain) else { return nil }
        return try? pack.slots.indices.map {
            DirectoryRecord(try pack.entry($0), frameOffset: 4_096, slot: $0)
        }
    }

    private func hold(_ plain: [UInt8], _ what: String) throws {
        let expected = Self.records(of: plain)
        guard let pack = try? Pack(decoding: plain) else { return #expect(expected == nil) }
        // One value for all, as it is meant to be used.
        let common = try EntryFields(commonTo: pack)
        var fields = [EntryFields](repeating: EntryFields(), count: pack.slots.count)
        var found: [DirectoryRecord]? = []
        for slot in pack.slots.indices {
            do {
                if slot > 0 { fields[slot] = fields[slot - 1] }
                try fields[slot].read(slot, of: pack, beyond: common)
            } catch {
                found = nil
                break
            }
            let bytes = pack.bytes.span
            let record = DirectoryRecord(fields[slot], in: bytes, frameOffset: 4_096, slot: slot)
            let domain = DomainPrint(fields.span, of: slot, in: bytes)
            let listed = ListedRecord(
                fields.span,
                of: slot,
                in: bytes,
                domain: domain,
                frameOffset: 4_096
            )
            #expect(listed == ListedRecord(record), "\(what): slot \(slot)")
            if let entry = try? pack.entry(slot) {
                let (read, isInline) = (fields[slot], entry.body == .inline)
                #expect(read.digest == entry.digest && read.isInline == isInline)
                #expect(read.bodyByteCount == entry.bodyByteCount)
            }
            found?.append(record)
        }
        #expect(found == expected, "\(what)")
    }

    @Test func `of a pack are what its entries say`() throws {
        let plain = Self.pack()
        #expect(Self.records(of: plain)?.count == 3)
        try hold(plain, "whole")
    }

    @Test func `are refused where a bit is wrong and the entry is refused`() throws {
        let plain = Self.pack()
        for bit in 0..<(plain.count * 8) {
            var flipped = plain
            flipped[bit / 8] ^= 1 << (bit % 8)
            try hold(flipped, "bit \(bit)")
        }
    }

    private static let registry = (collection: "system", prefix: "collection/")

    private static func outline(
        _ bytes: [UInt8]
    ) -> (outline: DirectoryOutline, known: [String])? {
        var outline = DirectoryOutline()
        guard let known = try? outline.add(bytes.span, registry: registry) else { return nil }
        return (outline, known)
    }

    private static func blocks() -> [DirectoryBlock] {
        func record(_ name: String, _ sequence: UInt64, _ domain: KeyDomainName) -> DirectoryRecord
        {
            var record = DirectoryRecord(domain: domain)
            record.sequence = sequence
            record.frameOffset = sequence * 8
            record.slot = Int(sequence % 3)
            record.name = name
            record.recorded = Sample.time(Int64(sequence))
            if sequence % 2 == 0 { record.eventStart = Timestamp(microseconds: -1) }
            if sequence % 3 == 0 { record.terms = ["type:Größe", ""] }
            record.isTombstone = sequence % 5 == 0
            return record
        }
        let (subject, system) = (
            KeyDomainName.subject("Patient/1"), KeyDomainName.collection("system")
        )
        var letter = record("letter", 9, subject)
        letter.collection = "letters"
        return [
            DirectoryBlock(
                domain: subject,
                records: [record("größe", 7, subject), record("größer", 8, subject), letter],
                chunks: [DirectoryChunk(id: Sample.digest(1), frameOffset: 4_096)]
            ),
            DirectoryBlock(
                domain: system,
                records: [record("collection/letters", 10, system), record("other", 15, system)]
            ),
        ]
    }

    @Test func `of a directory block are what it lists`() throws {
        for block in Self.blocks() {
            let found = try #require(Self.outline(block.encode()))
            #expect(found.outline.records == block.records.map { ListedRecord($0) })
            #expect(found.outline.chunks == block.chunks.map(\.id))
            #expect(found.known == (block.records.count == 2 ? ["letters"] : []))
        }
    }

    @Test func `of a directory block are refused where a bit is wrong and the block is refused`() {
        for block in Self.blocks() {
            let bytes = block.encode()
            for bit in 0..<(bytes.count * 8) {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << (bit % 8)
                let expected = try? DirectoryBlock(decoding: flipped.span)
                let found = Self.outline(flipped)?.outline
                #expect(found?.records == expected?.records.map { ListedRecord($0) }, "bit \(bit)")
                #expect(found?.chunks == expected?.chunks.map(\.id), "bit \(bit)")
            }
        }
    }

    @Test func `have another fingerprint for every change of what is listed`() {
        let records = Self.blocks().flatMap(\.records)
        let changes: [(inout DirectoryRecord) -> Void] = [
            { _ in }, { $0.sequence += 1 }, { $0.frameOffset += 8 }, { $0.slot += 1 },
            { $0.collection += "s" }, { $0.name += " " }, { $0.subject = "Patient/2" },
            { $0.subject = "" }, { $0.recorded = Sample.time(99) },
            { $0.eventStart = Sample.time(98) },
            { $0.eventStart = Timestamp(microseconds: 0) }, { $0.isTombstone.toggle() },
            { $0.terms.append("") }, { $0.terms = ["type:Größe "] },
        ]
        var prints: Set<UInt64> = []
        for record in records {
            for change in changes {
                var changed = record
                change(&changed)
                prints.insert(ListedRecord(changed).fingerprint)
            }
        }
        #expect(prints.count == records.count * changes.count)
    }
}
