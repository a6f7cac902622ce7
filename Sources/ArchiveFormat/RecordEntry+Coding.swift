package import ArchiveBytes
package import ArchiveSealing

/// The tags of an entry's fields.
///
/// A reader keeps to those it knows and passes over the rest.
package enum EntryTag: UInt64 {
    case sequence = 1
    case collection = 2
    case name = 3
    case subject = 4
    case mediaType = 5
    case recorded = 6
    case eventStart = 7
    case eventEnd = 8
    case bodyByteCount = 9
    case digest = 10
    case body = 11
    case attribute = 12
    case term = 13
    case tombstone = 14
    case source = 15
}

/// What a record gets when its batch is committed and packed.
package struct RecordStamp: Sendable {
    package let sequence: RecordSequence
    package let recorded: Timestamp
    package let digest: Digest

    package init(sequence: RecordSequence, recorded: Timestamp, digest: Digest) {
        self.sequence = sequence
        self.recorded = recorded
        self.digest = digest
    }

    /// What an entry says of itself.
    package init(_ entry: borrowing RecordEntry) {
        sequence = entry.sequence
        recorded = entry.recorded
        digest = entry.digest
    }
}

extension RecordEntry {
    /// Appends the entry: fields, each `varint tag ‖ varint length ‖ bytes`, in the order of tags.
    package func encode(appendingTo bytes: inout [UInt8]) {
        encode(stamped: RecordStamp(self), appendingTo: &bytes)
    }

    /// The same with another sequence number, time and digest than the entry's own.
    package func encode(stamped stamp: RecordStamp, appendingTo bytes: inout [UInt8]) {
        bytes.append(field: .sequence, varint: stamp.sequence)
        if collection != Self.defaultCollection { bytes.append(field: .collection, collection) }
        bytes.append(field: .name, name)
        if let subject { bytes.append(field: .subject, subject) }
        if let mediaType { bytes.append(field: .mediaType, mediaType) }
        bytes.append(field: .recorded, stamp.recorded)
        if let eventStart { bytes.append(field: .eventStart, eventStart) }
        if let eventEnd, eventEnd != eventStart { bytes.append(field: .eventEnd, eventEnd) }
        bytes.append(field: .bodyByteCount, varint: bodyByteCount)
        bytes.append(varint: EntryTag.digest.rawValue)
        bytes.append(varint: Digest.byteCount)
        bytes.append(digest: stamp.digest)
        switch body {
        case .inline: break
        case .chunks(let chunks): bytes.append(body: 1, chunks)
        case .chunkLists(let chunks): bytes.append(body: 2, chunks)
        }
        for (key, value) in attributes {
            var field: [UInt8] = []
            field.append(varint: key.utf8.count)
            field.append(contentsOf: key.utf8)
            field.append(contentsOf: value.utf8)
            bytes.append(field: .attribute, field)
        }
        for term in terms { bytes.append(field: .term, term) }
        if isTombstone { bytes.append(field: .tombstone, [UInt8]()) }
        if let source {
            var field: [UInt8] = []
            field.append(varint: source.line)
            field.append(contentsOf: source.path)
            bytes.append(field: .source, field)
        }
    }

    /// A bound on the bytes that the entry takes, quickly told.
    package var byteCountBound: Int {
        var references = 0
        switch body {
        case .inline: break
        case .chunks(let list), .chunkLists(let list): references = list.count * 42
        }
        return 112 + collection.utf8.count + name.utf8.count
            + (subject?.utf8.count ?? 0) + (mediaType?.utf8.count ?? 0)
            + terms.reduce(0) { $0 + $1.utf8.count + 4 }
            + attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 12 }
            + (source.map { $0.path.count + 16 } ?? 0) + references
    }

    /// Decodes one entry, which is all of `bytes`.
    package init(decoding bytes: Span<UInt8>) throws(FormatError) {
        try self.init(decoding: bytes, after: RecordEntry())
    }

    /// The same, sharing the memory of texts that the entry before has as well, as most neighbours do.
    package init(
        decoding bytes: Span<UInt8>,
        after last: borrowing RecordEntry
    ) throws(FormatError) {
        self.init()
        guard bytes.count <= Limits.entry else {
            throw FormatError(.overLimit, "a record entry of \(bytes.count) bytes")
        }
        var cursor = ByteCursor()
        do {
            while cursor.offset < bytes.count {
                let tag = try cursor.varint(bytes)
                let length = try cursor.count(bytes, limit: Limits.entry)
                let range = try cursor.range(bytes, count: length)
                if let tag = EntryTag(rawValue: tag) {
                    try decode(tag, bytes.extracting(range), after: last)
                }
            }
        } catch {
            throw FormatError(.damaged, "a record entry is malformed (\(error))")
        }
        guard sequence > 0, !name.isEmpty else {
            throw FormatError(.damaged, "a record entry without sequence or name")
        }
        if eventStart != nil, eventEnd == nil { eventEnd = eventStart }
    }

    private mutating func decode(
        _ tag: EntryTag,
        _ field: Span<UInt8>,
        after last: borrowing RecordEntry
    ) throws(DecodingError) {
        var cursor = ByteCursor()
        switch tag {
        case .sequence: sequence = try cursor.varint(field)
        case .collection:
            collection = try text(field, limit: Limits.collection, like: last.collection)
        case .name: name = try text(field, limit: Limits.name, like: last.name)
        case .subject: subject = try text(field, limit: Limits.subject, like: last.subject)
        case .mediaType:
            mediaType = try text(field, limit: Limits.mediaType, like: last.mediaType)
        case .recorded: recorded = try timestamp(field)
        case .eventStart: eventStart = try timestamp(field)
        case .eventEnd: eventEnd = try timestamp(field)
        case .bodyByteCount: bodyByteCount = try cursor.varint(field)
        case .digest:
            guard field.count == Digest.byteCount else { throw .malformed }
            digest = Digest(reading: field, at: 0)
        case .body: try decodeBody(field)
        case .attribute:
            let length = try cursor.count(field, limit: Limits.attributes)
            let key = try cursor.range(field, count: length)
            attributes.append(
                (
                    try text(field.extracting(key), limit: Limits.attributes),
                    try text(field.extracting(cursor.offset...), limit: Limits.attributes)
                )
            )
        case .term:
            guard terms.count < Limits.terms else { throw .overLimit }
            let like = terms.count < last.terms.count ? last.terms[terms.count] : nil
            terms.append(try text(field, limit: Limits.term, like: like))
        case .tombstone: isTombstone = true
        case .source:
            let line = try cursor.varint(field)
            source = Source(path: [UInt8](copying: field.extracting(cursor.offset...)), line: line)
        }
    }

    private mutating func decodeBody(_ field: Span<UInt8>) throws(DecodingError) {
        var cursor = ByteCursor()
        let kind = try cursor.byte(field)
        let chunks = try ChunkList.decode(field.extracting(1...))
        switch kind {
        case 1: body = .chunks(chunks)
        case 2: body = .chunkLists(chunks)
        default: throw .malformed
        }
    }

    private func text(
        _ bytes: Span<UInt8>,
        limit: Int,
        like other: String? = nil
    ) throws(DecodingError) -> String {
        guard bytes.count <= limit else { throw .overLimit }
        if let other, other.utf8Span.span.isEqual(to: bytes) { return other }
        guard let text = try? UTF8Span(validating: bytes) else { throw .malformedText }
        return String(copying: text)
    }

    private func timestamp(_ bytes: Span<UInt8>) throws(DecodingError) -> Timestamp {
        guard bytes.count == 8 else { throw .malformed }
        return Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 0)))
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
        append(varint: tag.rawValue)
        let span = text.utf8Span.span
        append(varint: span.count)
        append(copying: span)
    }

    fileprivate mutating func append(field tag: EntryTag, _ bytes: [UInt8]) {
        append(varint: tag.rawValue)
        append(varint: bytes.count)
        append(contentsOf: bytes)
    }

    fileprivate mutating func append(field tag: EntryTag, varint value: UInt64) {
        append(varint: tag.rawValue)
        append(varint: varintByteCount(value))
        append(varint: value)
    }

    fileprivate mutating func append(field tag: EntryTag, _ time: Timestamp) {
        append(varint: tag.rawValue)
        append(varint: 8)
        append(u64: UInt64(bitPattern: time.microseconds))
    }

    fileprivate mutating func append(body kind: UInt8, _ chunks: [RecordEntry.Chunk]) {
        append(field: .body, [kind] + ChunkList.encode(chunks))
    }
}
