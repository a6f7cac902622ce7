package import ArchiveBytes
package import ArchiveSealing

/// What the entry of one record in a pack says, its texts where they stand in the pack's bytes.
///
/// It is to be read into again and again: nothing is allocated for a record but room for its terms, and
/// that once.
package struct EntryFields: Sendable {
    package private(set) var sequence: RecordSequence = 0
    /// Nil for the usual one.
    package private(set) var collection: Range<Int>?
    package private(set) var name = 0..<0
    package private(set) var subject: Range<Int>?
    package private(set) var recorded = Timestamp(microseconds: 0)
    package private(set) var eventStart: Timestamp?
    package private(set) var bodyByteCount: UInt64 = 0
    package private(set) var digest = Digest.zero
    /// Whether the body stands in the pack.
    package private(set) var isInline = true
    package private(set) var terms: [Range<Int>] = []
    package private(set) var isTombstone = false

    package init() {}

    /// What all records of a pack have in common, with the sequence of the first.
    package init(commonTo pack: borrowing Pack) throws(FormatError) {
        let bytes = pack.bytes.span
        var cursor = ByteCursor()
        do {
            let count = try cursor.count(bytes, limit: Limits.recordsPerPack)
            _ = try cursor.range(bytes, count: count * Digest.byteCount)
            sequence = try cursor.varint(bytes)
            let length = try cursor.count(bytes, limit: Limits.entry)
            try take(bytes, cursor.range(bytes, count: length))
        } catch {
            throw FormatError(.damaged, "a pack is malformed (\(error))")
        }
    }

    /// Becomes what the entry of a slot says, beyond what is `common` to its pack, and is checked as
    /// ``Pack/entry(_:)`` checks it.
    package mutating func read(
        _ slot: Int,
        of pack: borrowing Pack,
        beyond common: borrowing EntryFields
    ) throws(FormatError) {
        let place = pack.slots[slot]
        begin(common)
        sequence &+= UInt64(slot)
        digest = pack.digest(slot)
        bodyByteCount = UInt64(place.body.count)
        do {
            try take(pack.bytes.span, place.entry)
        } catch {
            throw FormatError(.damaged, "a record entry is malformed (\(error))")
        }
        guard sequence > 0, sequence <= Limits.number, !name.isEmpty,
            isInline || place.body.isEmpty
        else {
            throw FormatError(
                .damaged,
                "a record entry without sequence, name or place of the body"
            )
        }
    }

    /// Says what is common and nothing else; room for terms stays.
    private mutating func begin(_ common: borrowing EntryFields) {
        sequence = common.sequence
        collection = common.collection
        name = 0..<0
        subject = common.subject
        recorded = common.recorded
        eventStart = nil
        isInline = true
        terms.removeAll(keepingCapacity: true)
        isTombstone = false
    }

    private mutating func take(
        _ bytes: Span<UInt8>,
        _ entry: Range<Int>
    ) throws(DecodingError) {
        let bytes = bytes.extracting(..<entry.upperBound)
        var cursor = ByteCursor(at: entry.lowerBound)
        while cursor.offset < bytes.count {
            let tag = try cursor.varint(bytes)
            let length = try cursor.count(bytes, limit: Limits.entry)
            let field = try cursor.range(bytes, count: length)
            if let tag = EntryTag(rawValue: tag) { try take(tag, bytes, field) }
        }
    }

    private mutating func take(
        _ tag: EntryTag,
        _ bytes: Span<UInt8>,
        _ field: Range<Int>
    ) throws(DecodingError) {
        switch tag {
        case .sequence: sequence &+= try Self.number(bytes, field)
        case .collection: collection = try Self.text(bytes, field, limit: Limits.collection)
        case .name: name = try Self.text(bytes, field, limit: Limits.name)
        case .subject: subject = try Self.text(bytes, field, limit: Limits.subject)
        case .mediaType: _ = try Self.text(bytes, field, limit: Limits.mediaType)
        case .recorded: recorded = try RecordEntry.timestamp(bytes.extracting(field))
        case .eventStart: eventStart = try RecordEntry.timestamp(bytes.extracting(field))
        case .eventEnd: _ = try RecordEntry.timestamp(bytes.extracting(field))
        case .body: try takeBody(bytes.extracting(field))
        case .attribute: try Self.checkAttribute(bytes, field)
        case .term:
            guard terms.count < Limits.terms else { throw .overLimit }
            terms.append(try Self.text(bytes, field, limit: Limits.term))
        case .tombstone: isTombstone = true
        case .source: _ = try Self.number(bytes, field)
        }
    }

    private mutating func takeBody(_ field: Span<UInt8>) throws(DecodingError) {
        var cursor = ByteCursor()
        let kind = try cursor.byte(field)
        bodyByteCount = try cursor.varint(field)
        _ = try ChunkList.decode(field.extracting(cursor.offset...))
        guard kind == 1 || kind == 2 else { throw .malformed }
        isInline = false
    }
}

extension EntryFields {
    private static func number(
        _ bytes: Span<UInt8>,
        _ field: Range<Int>
    ) throws(DecodingError) -> UInt64 {
        var cursor = ByteCursor(at: field.lowerBound)
        return try cursor.varint(bytes.extracting(..<field.upperBound))
    }

    private static func text(
        _ bytes: Span<UInt8>,
        _ field: Range<Int>,
        limit: Int
    ) throws(DecodingError) -> Range<Int> {
        guard field.count <= limit else { throw .overLimit }
        guard bytes.extracting(field).isText else { throw .malformedText }
        return field
    }

    private static func checkAttribute(
        _ bytes: Span<UInt8>,
        _ field: Range<Int>
    ) throws(DecodingError) {
        let attribute = bytes.extracting(field)
        var cursor = ByteCursor()
        let length = try cursor.count(attribute, limit: Limits.attributes)
        let key = try cursor.range(attribute, count: length)
        _ = try text(attribute, key, limit: Limits.attributes)
        _ = try text(attribute, cursor.offset..<attribute.count, limit: Limits.attributes)
    }
}

extension DirectoryRecord {
    /// What the index needs to know of a record that stands in a pack of these bytes.
    package init(
        _ fields: borrowing EntryFields,
        in bytes: Span<UInt8>,
        frameOffset: UInt64,
        slot: Int
    ) {
        sequence = fields.sequence
        self.frameOffset = frameOffset
        self.slot = slot
        collection = RecordEntry.defaultCollection
        if let range = fields.collection { collection = String(copying: bytes, range) }
        name = String(copying: bytes, fields.name)
        if let range = fields.subject { subject = String(copying: bytes, range) }
        recorded = fields.recorded
        eventStart = fields.eventStart
        isTombstone = fields.isTombstone
        terms = TextList()
        for range in fields.terms { terms.append(bytes.extracting(range)) }
    }
}

extension ListedRecord {
    /// The same as that of the ``DirectoryRecord`` which the fields of a slot make.
    ///
    /// They are lent with all others: by themselves they would be copied. `domain` is theirs.
    package init(
        _ fields: Span<EntryFields>,
        of slot: Int,
        in bytes: Span<UInt8>,
        domain: DomainPrint,
        frameOffset: UInt64
    ) {
        let sequence = fields[slot].sequence
        var print = RecordPrint(
            of: domain,
            sequence: sequence,
            frameOffset: frameOffset,
            slot: slot,
            isTombstone: fields[slot].isTombstone
        )
        print.add(recorded: fields[slot].recorded, eventStart: fields[slot].eventStart)
        print.add(bytes.extracting(fields[slot].name))
        for index in fields[slot].terms.indices {
            print.add(bytes.extracting(fields[slot].terms[index]))
        }
        self.init(sequence: sequence, print)
    }
}

extension DomainPrint {
    /// That of the record in a slot.
    package init(_ fields: Span<EntryFields>, of slot: Int, in bytes: Span<UInt8>) {
        self.init()
        if let range = fields[slot].collection {
            add(collection: bytes.extracting(range))
        } else {
            let usual = RecordEntry.defaultCollection
            add(collection: usual.utf8Span.span)
        }
        if let range = fields[slot].subject { add(subject: bytes.extracting(range)) }
    }
}

extension EntryFields {
    /// Whether collection and subject of a record stand where those of the record before do: mostly both
    /// are said once for the whole pack.
    package static func sharesDomain(_ fields: Span<EntryFields>, _ slot: Int) -> Bool {
        guard slot > 0 else { return false }
        let (one, other) = (fields[slot - 1].subject, fields[slot].subject)
        let (first, second) = (fields[slot - 1].collection, fields[slot].collection)
        return one == other && first == second
    }
}

extension String {
    /// The text that stands in a range, checked before.
    fileprivate init(copying bytes: Span<UInt8>, _ range: Range<Int>) {
        self.init(decoding: [UInt8](copying: bytes.extracting(range)), as: UTF8.self)
    }
}
