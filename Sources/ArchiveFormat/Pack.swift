import ArchiveBytes

/// The plaintext of a records frame: records of one key domain that were committed together.
///
///     varint count │ count × (varint length, entry) │ the inline bodies back to back
package struct Pack: Sendable {
    /// The plaintext; ranges of ``Slot`` point into it.
    package let bytes: [UInt8]
    package let slots: [Slot]

    /// Where one record's entry and inline body stand in the pack.
    package struct Slot: Equatable, Sendable {
        package let entry: Range<Int>
        package let body: Range<Int>
    }

    /// Takes the plaintext apart without decoding more of the entries than the body lengths.
    package init(decoding bytes: consuming [UInt8]) throws(FormatError) {
        do {
            self.slots = try Self.slots(bytes.span)
        } catch {
            throw FormatError(.damaged, "a pack is malformed (\(error))")
        }
        self.bytes = bytes
    }

    private static func slots(_ bytes: Span<UInt8>) throws(DecodingError) -> [Slot] {
        var cursor = ByteCursor()
        let count = try cursor.count(bytes, limit: Limits.recordsPerPack)
        var slots: [Slot] = []
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
        return slots
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

    /// Decodes the entry of a slot.
    package func entry(_ slot: Int) throws(FormatError) -> RecordEntry {
        guard slots.indices.contains(slot) else {
            throw FormatError(.damaged, "a pack of \(slots.count) records has no slot \(slot)")
        }
        return try RecordEntry(decoding: bytes.span.extracting(slots[slot].entry))
    }
}

/// Gathers the records of one pack.
package struct PackBuilder: Sendable {
    private var entries: [UInt8] = []
    private var bodies: [UInt8] = []
    private var encoded: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Plaintext bytes gathered so far, the count not included.
    package var byteCount: Int { entries.count + bodies.count }

    /// Adds a record; `body` is empty unless the entry's body is inline.
    package mutating func append(_ entry: RecordEntry, body: Span<UInt8>) {
        precondition(body.count == entry.inlineByteCount, "the inline body is as long as declared")
        encoded.removeAll(keepingCapacity: true)
        entry.encode(appendingTo: &encoded)
        entries.append(varint: encoded.count)
        entries.append(contentsOf: encoded)
        bodies.append(copying: body)
        count += 1
    }

    /// The pack's plaintext; the builder is empty afterwards and keeps its memory.
    package mutating func finish() -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(byteCount + 4)
        plain.append(varint: count)
        plain.append(contentsOf: entries)
        plain.append(contentsOf: bodies)
        entries.removeAll(keepingCapacity: true)
        bodies.removeAll(keepingCapacity: true)
        count = 0
        return plain
    }
}
