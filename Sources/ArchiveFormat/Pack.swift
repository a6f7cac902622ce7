import ArchiveBytes
package import ArchiveSealing

/// The plaintext of a records frame: records of one key domain that were committed together.
///
///     varint count │ count × digest of a body                                   no compressor shortens these
///     varint first sequence │ varint length, fields that all records have
///     count × (varint length of the fields, varint length of the inline body, fields)
///     the inline bodies back to back
package struct Pack: Sendable {
    /// The plaintext; ranges of ``Slot`` point into it.
    package private(set) var bytes: [UInt8]
    package private(set) var slots: [Slot]
    /// What all records have in common, or nothing yet; apart, so that a pack is lent and moved in a few
    /// words.
    private var commons: [RecordEntry] = []
    private var digestOffset = 0

    /// What all records have in common, with the sequence of the first.
    package var common: RecordEntry { commons.first ?? RecordEntry() }

    /// Whose records these all are; nil if nobody's, or of several.
    package var subject: String? { commons.first?.subject }

    /// Where one record's fields and inline body stand in the pack.
    package struct Slot: Equatable, Sendable {
        package let entry: Range<Int>
        package let body: Range<Int>
    }

    /// A pack of no records, as stands in no log: room for others.
    package init() {
        bytes = []
        slots = []
    }

    /// The pack that has this plaintext.
    package init(decoding bytes: consuming [UInt8]) throws(FormatError) {
        self.init()
        try fill(with: bytes)
    }

    /// Gives up its plaintext, whose memory may serve again, and is a pack of no records.
    package mutating func emptied() -> [UInt8] {
        slots.removeAll(keepingCapacity: true)
        var given: [UInt8] = []
        swap(&given, &bytes)
        return given
    }

    /// Becomes the pack that has this plaintext, decoding no more than what its records have in common;
    /// after a failure it has no records.
    ///
    /// Texts that it had in common before stay where they are, and so does `subject`, if it is whose
    /// records these are.
    package mutating func fill(
        with plain: consuming [UInt8],
        like subject: String? = nil
    ) throws(FormatError) {
        _ = emptied()
        if commons.isEmpty { commons.append(RecordEntry()) }
        if let subject { commons[0].subject = subject }
        var found: [Slot] = []
        swap(&found, &slots)
        do {
            digestOffset = try Self.findSlots(plain.span, &found, &commons[0])
        } catch {
            throw FormatError(.damaged, "a pack is malformed (\(error))")
        }
        slots = found
        bytes = plain
    }

    private static func findSlots(
        _ bytes: Span<UInt8>,
        _ slots: inout [Slot],
        _ common: inout RecordEntry
    ) throws(DecodingError) -> Int {
        var cursor = ByteCursor()
        let count = try cursor.count(bytes, limit: Limits.recordsPerPack)
        let digests = try cursor.range(bytes, count: count * Digest.byteCount)
        let sequence = try cursor.varint(bytes)
        guard sequence <= Limits.number else { throw .overLimit }
        common.sequence = sequence
        let length = try cursor.count(bytes, limit: Limits.entry)
        let fields = bytes.extracting(try cursor.range(bytes, count: length))
        try common.decode(fields, beyond: Span())
        guard common.sequence == sequence, common.hasOnlyCommonFields else { throw .malformed }
        slots.reserveCapacity(count)
        for _ in 0..<count {
            let length = try cursor.count(bytes, limit: Limits.entry)
            // The bodies stand behind the last entry: so far only their lengths are known.
            let inline = try cursor.count(bytes, limit: Limits.framePlaintext)
            let entry = try cursor.range(bytes, count: length)
            slots.append(Slot(entry: entry, body: 0..<inline))
        }
        for index in slots.indices {
            let (entry, length) = (slots[index].entry, slots[index].body.count)
            slots[index] = Slot(entry: entry, body: try cursor.range(bytes, count: length))
        }
        guard cursor.offset == bytes.count else { throw .malformed }
        return digests.lowerBound
    }

    /// The number of a slot's record version, read from the entry's first field alone; nil if there is
    /// no such slot.
    package func sequence(_ slot: Int) -> RecordSequence? {
        guard slots.indices.contains(slot) else { return nil }
        let entry = bytes.span.extracting(slots[slot].entry)
        let usual = (commons.first?.sequence ?? 0) + UInt64(slot)
        var cursor = ByteCursor()
        do throws(DecodingError) {
            guard try cursor.varint(entry) == EntryTag.sequence.rawValue else { return usual }
            _ = try cursor.varint(entry)
            return usual &+ (try cursor.varint(entry))
        } catch {
            return nil
        }
    }

    /// H of a record's whole body, in this pack or not.
    package func digest(_ slot: Int) -> Digest {
        precondition(slots.indices.contains(slot), "the pack has no such slot")
        return Digest(reading: bytes.span, at: digestOffset + slot * Digest.byteCount)
    }

    /// The body in the pack of a record that has a slot; empty for one in chunks.
    package func inlineBody(_ slot: Int) -> [UInt8] {
        Array(copying: bytes.span.extracting(slots[slot].body))
    }

    /// Decodes the entry of a slot.
    package func entry(_ slot: Int) throws(FormatError) -> RecordEntry {
        var entry = RecordEntry()
        try decode(slot, into: &entry)
        return entry
    }

    /// Makes `entry`, which may be another record's, the one of a slot: texts that both have stay where
    /// they are.
    package func decode(_ slot: Int, into entry: inout RecordEntry) throws(FormatError) {
        guard slots.indices.contains(slot) else {
            throw FormatError(.damaged, "a pack of \(slots.count) records has no slot \(slot)")
        }
        let inlineByteCount = slots[slot].body.count
        let common = commons.span
        entry.sequence = common[0].sequence &+ UInt64(slot)
        entry.digest = digest(slot)
        entry.bodyByteCount = UInt64(inlineByteCount)
        do {
            try entry.decode(bytes.span.extracting(slots[slot].entry), beyond: common)
        } catch {
            throw FormatError(.damaged, "a record entry is malformed (\(error))")
        }
        guard entry.sequence > 0, entry.sequence <= Limits.number, !entry.name.isEmpty,
            entry.hasInlineBody || inlineByteCount == 0
        else {
            throw FormatError(
                .damaged,
                "a record entry without sequence, name or place of the body"
            )
        }
    }
}
