import ArchiveBytes

/// The plaintext of a records frame: records of one key domain that were committed together.
///
///     varint count │ count × (varint length, entry) │ the inline bodies back to back
package struct Pack: Sendable {
    /// The plaintext; ranges of ``Slot`` point into it.
    package private(set) var bytes: [UInt8]
    package private(set) var slots: [Slot]
    /// Whose records these are, for those that are decoded next to share; nil until it is known.
    package var subject: String?

    /// Where one record's entry and inline body stand in the pack.
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
        subject = nil
        var given: [UInt8] = []
        swap(&given, &bytes)
        return given
    }

    /// Becomes the pack that has this plaintext, decoding no more of the entries than the body lengths;
    /// after a failure it has no records.
    package mutating func fill(with plain: consuming [UInt8]) throws(FormatError) {
        _ = emptied()
        var found: [Slot] = []
        swap(&found, &slots)
        do {
            try Self.findSlots(plain.span, &found)
        } catch {
            throw FormatError(.damaged, "a pack is malformed (\(error))")
        }
        slots = found
        bytes = plain
    }

    private static func findSlots(
        _ bytes: Span<UInt8>,
        _ slots: inout [Slot]
    ) throws(DecodingError) {
        var cursor = ByteCursor()
        let count = try cursor.count(bytes, limit: Limits.recordsPerPack)
        slots.reserveCapacity(count)
        for _ in 0..<count {
            let length = try cursor.count(bytes, limit: Limits.entry)
            let entry = try cursor.range(bytes, count: length)
            // The bodies stand behind the last entry: so far only its length is known.
            let body = 0..<(try inlineByteCount(bytes.extracting(entry)))
            slots.append(Slot(entry: entry, body: body))
        }
        for index in slots.indices {
            let (entry, length) = (slots[index].entry, slots[index].body.count)
            slots[index] = Slot(entry: entry, body: try cursor.range(bytes, count: length))
        }
        guard cursor.offset == bytes.count else { throw .malformed }
    }

    /// Bytes of the body that stand in the pack, read from the entry's fields alone.
    private static func inlineByteCount(_ entry: Span<UInt8>) throws(DecodingError) -> Int {
        var cursor = ByteCursor()
        var length = 0
        var isInline = true
        while cursor.offset < entry.count {
            let tag = try cursor.varint(entry)
            let field = try cursor.range(
                entry,
                count: try cursor.count(entry, limit: Limits.entry)
            )
            if tag == EntryTag.bodyByteCount.rawValue {
                var value = ByteCursor(at: field.lowerBound)
                let declared = try value.varint(entry)
                // A body that is in chunks may be longer than any frame.
                length = declared > UInt64(Limits.framePlaintext) ? -1 : Int(declared)
            } else if tag == EntryTag.body.rawValue {
                isInline = false
            }
        }
        guard isInline else { return 0 }
        guard length >= 0 else { throw .overLimit }
        return length
    }

    /// The number of a slot's record version, read from the entry's first field alone; nil if there is
    /// no such slot, or its entry begins with another field.
    package func sequence(_ slot: Int) -> RecordSequence? {
        guard slots.indices.contains(slot) else { return nil }
        let entry = bytes.span.extracting(slots[slot].entry)
        var cursor = ByteCursor()
        do throws(DecodingError) {
            guard try cursor.varint(entry) == EntryTag.sequence.rawValue else { return nil }
            _ = try cursor.varint(entry)
            return try cursor.varint(entry)
        } catch {
            return nil
        }
    }

    /// The body in the pack of a record that has a slot; empty for one in chunks.
    package func inlineBody(_ slot: Int) -> [UInt8] {
        Array(copying: bytes.span.extracting(slots[slot].body))
    }

    /// Decodes the entry of a slot.
    package func entry(_ slot: Int) throws(FormatError) -> RecordEntry {
        try entry(slot, after: RecordEntry())
    }

    /// The same, sharing what it has in common with the entry that was decoded before.
    package func entry(
        _ slot: Int,
        after last: borrowing RecordEntry
    ) throws(FormatError) -> RecordEntry {
        guard slots.indices.contains(slot) else {
            throw FormatError(.damaged, "a pack of \(slots.count) records has no slot \(slot)")
        }
        return try RecordEntry(decoding: bytes.span.extracting(slots[slot].entry), after: last)
    }
}

extension Pack {
    /// Appends an entry of a pack behind its length.
    ///
    /// The count of entries stands before the first; the inline bodies follow the last.
    package static func append(
        _ entry: borrowing RecordEntry,
        stamped stamp: RecordStamp,
        to plain: inout [UInt8]
    ) {
        // Most lengths take two bytes, so that is what is left free for them.
        let start = plain.count
        plain.append(0)
        plain.append(0)
        entry.encode(stamped: stamp, appendingTo: &plain)
        let byteCount = plain.count - start - 2
        if (128..<16_384).contains(byteCount) {
            plain[start] = UInt8(truncatingIfNeeded: byteCount) | 128
            plain[start + 1] = UInt8(truncatingIfNeeded: byteCount >> 7)
        } else {
            var length: [UInt8] = []
            length.append(varint: byteCount)
            plain.replaceSubrange(start..<(start + 2), with: length)
        }
    }

    /// The plaintext of a pack of these records; each body is empty unless it stands in the pack.
    package static func encode(_ records: [(entry: RecordEntry, body: [UInt8])]) -> [UInt8] {
        var plain: [UInt8] = []
        plain.append(varint: records.count)
        for (entry, body) in records {
            precondition(body.count == entry.inlineByteCount, "the body is as long as declared")
            append(entry, stamped: RecordStamp(entry), to: &plain)
        }
        for (_, body) in records { plain.append(contentsOf: body) }
        return plain
    }
}
