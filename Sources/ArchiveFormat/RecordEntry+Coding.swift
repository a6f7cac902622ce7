package import ArchiveBytes
import ArchiveSealing

/// The tags of an entry's fields.
///
/// A reader keeps to those it knows and passes over the rest.
enum EntryTag: UInt64 {
    case sequence = 1
    case collection = 2
    case name = 3
    case subject = 4
    case mediaType = 5
    case recorded = 6
    case eventStart = 7
    case eventEnd = 8
    case body = 11
    case attribute = 12
    case term = 13
    case tombstone = 14
    case source = 15
}

extension RecordEntry {
    /// Appends the fields that the records of a pack do not have in common, of the entry with a place
    /// among `entries`, each `varint tag ‖ varint length ‖ bytes`, in the order of tags.
    ///
    /// Digest, time and the length of an inline body stand elsewhere in the pack.
    static func encode(
        _ place: Int,
        of entries: Span<RecordEntry>,
        beyond common: borrowing PackCommons,
        skippedSequences: UInt64,
        appendingTo bytes: inout [UInt8]
    ) {
        if skippedSequences > 0 { bytes.append(field: .sequence, varint: skippedSequences) }
        if !common.hasCollection, entries[place].collection != defaultCollection {
            bytes.append(field: .collection, entries[place].collection)
        }
        bytes.append(field: .name, entries[place].name)
        if !common.hasSubject, let subject = entries[place].subject {
            bytes.append(field: .subject, subject)
        }
        if !common.hasMediaType, let mediaType = entries[place].mediaType {
            bytes.append(field: .mediaType, mediaType)
        }
        let eventStart = entries[place].eventStart
        if let eventStart { bytes.append(field: .eventStart, eventStart) }
        if let eventEnd = entries[place].eventEnd, eventEnd != eventStart {
            bytes.append(field: .eventEnd, eventEnd)
        }
        let byteCount = entries[place].bodyByteCount
        switch entries[place].body {
        case .inline: break
        case .chunks(let chunks): bytes.append(body: 1, chunks, byteCount: byteCount)
        case .chunkLists(let chunks): bytes.append(body: 2, chunks, byteCount: byteCount)
        }
        for (key, value) in entries[place].attributes { bytes.append(attribute: key, value) }
        entries[place].terms.visit { bytes.append(field: .term, $0) }
        if entries[place].isTombstone { bytes.append(field: .tombstone, "") }
        if let source = entries[place].source { bytes.append(source) }
    }

    /// Appends the fields that all records of a pack have in common, as the entry with a place has them.
    static func encode(
        common: borrowing PackCommons,
        of place: Int,
        in entries: Span<RecordEntry>,
        appendingTo bytes: inout [UInt8]
    ) {
        if common.hasCollection, entries[place].collection != defaultCollection {
            bytes.append(field: .collection, entries[place].collection)
        }
        if common.hasSubject, let subject = entries[place].subject {
            bytes.append(field: .subject, subject)
        }
        if common.hasMediaType, let mediaType = entries[place].mediaType {
            bytes.append(field: .mediaType, mediaType)
        }
        bytes.append(field: .recorded, common.recorded)
    }

    /// A bound on the bytes that the entry takes, quickly told.
    package var byteCountBound: Int {
        var references = 0
        switch body {
        case .inline: break
        case .chunks(let list), .chunkLists(let list): references = list.count * 42 + 24
        }
        return 96 + collection.utf8.count + name.utf8.count
            + (subject?.utf8.count ?? 0) + (mediaType?.utf8.count ?? 0)
            + terms.bytes.count + 3 * terms.count
            + attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 12 }
            + (source.map { $0.path.count + 16 } ?? 0) + references
    }

    /// About how many of these bytes an entry need not take behind one of the same subject and kind.
    package var commonByteCount: Int {
        48 + collection.utf8.count + (subject?.utf8.count ?? 0) + (mediaType?.utf8.count ?? 0)
    }

    /// Gets the fields that are all of `bytes`, and where there is none what the one of `common` has, if
    /// there is one; what is not there either is as in an empty entry.
    ///
    /// The entry may be another record's: texts that both have stay where they are, as most of a
    /// neighbour's do. What is not among the fields, sequence, digest and the length of an inline body, is
    /// there already.
    mutating func decode(
        _ bytes: Span<UInt8>,
        beyond common: Span<RecordEntry>
    ) throws(DecodingError) {
        var cursor = ByteCursor()
        var found = Found()
        while cursor.offset < bytes.count {
            let tag = try cursor.varint(bytes)
            let length = try cursor.count(bytes, limit: Limits.entry)
            let range = try cursor.range(bytes, count: length)
            guard let tag = EntryTag(rawValue: tag) else { continue }
            try decode(tag, bytes.extracting(range), &found)
            found.tags |= 1 << tag.rawValue
        }
        if common.isEmpty {
            setDefaults(beyond: found)
        } else {
            setCommon(beyond: found, common)
        }
        setRest(beyond: found)
    }

    /// What was found while an entry is decoded: a bit a tag, and how many of what may come more often.
    private struct Found {
        var tags: UInt64 = 0
        var attributeCount = 0
        var termCount = 0
        /// Where the next term stands among those of the entry.
        var termPlace = 0

        func lacks(_ tag: EntryTag) -> Bool { tags >> tag.rawValue & 1 == 0 }
    }

    // Field by field, for an entry that is handed over would be copied.
    private mutating func setCommon(beyond found: Found, _ common: Span<RecordEntry>) {
        if found.lacks(.collection), !collection.hasSameBytes(as: common[0].collection) {
            collection = common[0].collection
        }
        if found.lacks(.subject), !subject.hasSameBytes(as: common[0].subject) {
            subject = common[0].subject
        }
        if found.lacks(.mediaType), !mediaType.hasSameBytes(as: common[0].mediaType) {
            mediaType = common[0].mediaType
        }
        if found.lacks(.recorded) { recorded = common[0].recorded }
    }

    private mutating func setDefaults(beyond found: Found) {
        if found.lacks(.collection) { collection = Self.defaultCollection }
        if found.lacks(.subject) { subject = nil }
        if found.lacks(.mediaType) { mediaType = nil }
        if found.lacks(.recorded) { recorded = Timestamp(microseconds: 0) }
    }

    private mutating func setRest(beyond found: Found) {
        if found.lacks(.name) { name = "" }
        if found.lacks(.eventStart) { eventStart = nil }
        if found.lacks(.eventEnd) { eventEnd = eventStart }
        if found.lacks(.body) { body = .inline }
        if attributes.count > found.attributeCount {
            attributes.removeSubrange(found.attributeCount...)
        }
        terms.remove(from: found.termCount, at: found.termPlace)
        isTombstone = !found.lacks(.tombstone)
        if found.lacks(.source), source != nil { source = nil }
    }

    private mutating func decode(
        _ tag: EntryTag,
        _ field: Span<UInt8>,
        _ found: inout Found
    ) throws(DecodingError) {
        switch tag {
        case .sequence:
            var cursor = ByteCursor()
            sequence &+= try cursor.varint(field)
        case .collection: try Self.take(field, limit: Limits.collection, &collection)
        case .name: try Self.take(field, limit: Limits.name, &name)
        case .subject: try Self.take(field, limit: Limits.subject, &subject)
        case .mediaType: try Self.take(field, limit: Limits.mediaType, &mediaType)
        case .recorded: recorded = try Self.timestamp(field)
        case .eventStart: eventStart = try Self.timestamp(field)
        case .eventEnd: eventEnd = try Self.timestamp(field)
        case .body: try decodeBody(field)
        case .attribute: try decodeAttribute(field, &found.attributeCount)
        case .term:
            guard found.termCount < Limits.terms else { throw .overLimit }
            guard field.count <= Limits.term else { throw .overLimit }
            try terms.set(found.termCount, to: field, at: &found.termPlace)
            found.termCount += 1
        case .tombstone: break
        case .source:
            var cursor = ByteCursor()
            let line = try cursor.varint(field)
            source = Source(path: [UInt8](copying: field.extracting(cursor.offset...)), line: line)
        }
    }

    private mutating func decodeAttribute(
        _ field: Span<UInt8>,
        _ count: inout Int
    ) throws(DecodingError) {
        var cursor = ByteCursor()
        let length = try cursor.count(field, limit: Limits.attributes)
        let key = field.extracting(try cursor.range(field, count: length))
        let value = field.extracting(cursor.offset...)
        if count == attributes.count { attributes.append(("", "")) }
        try Self.take(key, limit: Limits.attributes, &attributes[count].key)
        try Self.take(value, limit: Limits.attributes, &attributes[count].value)
        count += 1
    }

    private mutating func decodeBody(_ field: Span<UInt8>) throws(DecodingError) {
        var cursor = ByteCursor()
        let kind = try cursor.byte(field)
        bodyByteCount = try cursor.varint(field)
        let chunks = try ChunkList.decode(field.extracting(cursor.offset...))
        switch kind {
        case 1: body = .chunks(chunks)
        case 2: body = .chunkLists(chunks)
        default: throw .malformed
        }
    }

    private static func take(
        _ bytes: Span<UInt8>,
        limit: Int,
        _ text: inout String
    ) throws(DecodingError) {
        guard bytes.count <= limit else { throw .overLimit }
        if text.utf8Span.span.isEqual(to: bytes) { return }
        guard let valid = try? UTF8Span(validating: bytes) else { throw .malformedText }
        text = String(copying: valid)
    }

    private static func take(
        _ bytes: Span<UInt8>,
        limit: Int,
        _ text: inout String?
    ) throws(DecodingError) {
        var taken = text.take() ?? ""
        try take(bytes, limit: limit, &taken)
        text = taken
    }

    /// A time: 8 bytes of microseconds, or fewer of whole seconds.
    static func timestamp(_ bytes: Span<UInt8>) throws(DecodingError) -> Timestamp {
        if bytes.count == 8 {
            return Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 0)))
        }
        guard (1...5).contains(bytes.count) else { throw .malformed }
        var seconds = Int64(Int8(bitPattern: bytes[bytes.count - 1]))
        for index in (0..<(bytes.count - 1)).reversed() {
            seconds = seconds << 8 | Int64(bytes[index])
        }
        return Timestamp(microseconds: seconds * 1_000_000)
    }
}

/// A list of chunk references: each 32 bytes of content id and a varint of the plain length.
package enum ChunkList {
    package static func encode(_ chunks: some Sequence<RecordEntry.Chunk>) -> [UInt8] {
        var bytes: [UInt8] = []
        for chunk in chunks {
            bytes.append(digest: chunk.id)
            bytes.append(varint: chunk.byteCount)
        }
        return bytes
    }

    package static func decode(
        _ bytes: Span<UInt8>
    ) throws(DecodingError) -> [RecordEntry.Chunk] {
        var chunks: [RecordEntry.Chunk] = []
        var cursor = ByteCursor()
        while cursor.offset < bytes.count {
            let id = try cursor.range(bytes, count: Digest.byteCount)
            let count = try cursor.count(bytes, limit: Limits.framePlaintext)
            chunks.append(
                RecordEntry.Chunk(id: Digest(reading: bytes, at: id.lowerBound), byteCount: count)
            )
        }
        return chunks
    }
}

extension [UInt8] {
    fileprivate mutating func append(field tag: EntryTag, _ text: String) {
        append(field: tag, text.utf8Span.span)
    }

    fileprivate mutating func append(field tag: EntryTag, _ text: Span<UInt8>) {
        append(varint: tag.rawValue)
        append(varint: text.count)
        append(copying: text)
    }

    fileprivate mutating func append(field tag: EntryTag, varint value: UInt64) {
        append(varint: tag.rawValue)
        append(varint: varintByteCount(value))
        append(varint: value)
    }

    /// Most times are whole seconds, which five bytes hold for 17,000 years.
    fileprivate mutating func append(field tag: EntryTag, _ time: Timestamp) {
        append(varint: tag.rawValue)
        let seconds = time.wholeSeconds
        guard time.isWholeSeconds, abs(seconds) < 1 << 39 else {
            append(varint: 8)
            return append(u64: UInt64(bitPattern: time.microseconds))
        }
        let magnitude = UInt64(bitPattern: seconds < 0 ? ~seconds : seconds)
        let count = (64 - magnitude.leadingZeroBitCount) / 8 + 1
        append(varint: count)
        for index in 0..<count { append(UInt8(truncatingIfNeeded: seconds >> (8 * index))) }
    }

    fileprivate mutating func append(attribute key: String, _ value: String) {
        let (key, value) = (key.utf8Span.span, value.utf8Span.span)
        append(varint: EntryTag.attribute.rawValue)
        append(varint: varintByteCount(UInt64(key.count)) + key.count + value.count)
        append(varint: key.count)
        append(copying: key)
        append(copying: value)
    }

    fileprivate mutating func append(_ source: RecordEntry.Source) {
        append(varint: EntryTag.source.rawValue)
        append(varint: varintByteCount(source.line) + source.path.count)
        append(varint: source.line)
        append(contentsOf: source.path)
    }

    fileprivate mutating func append(
        body kind: UInt8,
        _ chunks: [RecordEntry.Chunk],
        byteCount: UInt64
    ) {
        let list = ChunkList.encode(chunks)
        append(varint: EntryTag.body.rawValue)
        append(varint: 1 + varintByteCount(byteCount) + list.count)
        append(kind)
        append(varint: byteCount)
        append(contentsOf: list)
    }
}
