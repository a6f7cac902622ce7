package import ArchiveBytes
package import ArchiveSealing

/// Whose key a frame or block is sealed under: one subject's, or that of a collection's records
/// without subject.
package enum KeyDomainName: Hashable, Sendable {
    case collection(String)
    case subject(String)

    /// That of a record with this subject, or without one in this collection.
    package init(subject: String?, collection: String) {
        self = subject.map(Self.subject) ?? .collection(collection)
    }

    /// Whether it is the domain of a record.
    package func isDomain(of record: borrowing DirectoryRecord) -> Bool {
        switch self {
        case .subject(let name): record.subject.hasSameBytes(as: name)
        case .collection(let name):
            record.subject == nil && record.collection.hasSameBytes(as: name)
        }
    }

    package static func == (left: KeyDomainName, right: KeyDomainName) -> Bool {
        switch (left, right) {
        case (.collection(let one), .collection(let other)): one.hasSameBytes(as: other)
        case (.subject(let one), .subject(let other)): one.hasSameBytes(as: other)
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .collection(let name): hasher.combine(bytesOf: name)
        case .subject(let name):
            hasher.combine(1)
            hasher.combine(bytesOf: name)
        }
    }
}

/// What the index needs to know of one record version: enough to rebuild it without opening packs.
package struct DirectoryRecord: Hashable, Sendable {
    package var sequence: RecordSequence
    /// Offset of the records frame in this segment, and the record's slot in the pack.
    package var frameOffset: UInt64
    package var slot: Int
    package var collection: String
    package var name: String
    package var subject: String?
    package var recorded: Timestamp
    package var eventStart: Timestamp?
    package var isTombstone: Bool
    package var terms: TextList

    package init(_ entry: borrowing RecordEntry, frameOffset: UInt64, slot: Int) {
        sequence = entry.sequence
        self.frameOffset = frameOffset
        self.slot = slot
        collection = entry.collection
        name = entry.name
        subject = entry.subject
        recorded = entry.recorded
        eventStart = entry.eventStart
        isTombstone = entry.isTombstone
        terms = entry.terms
    }

    init(domain: KeyDomainName) {
        sequence = 0
        frameOffset = 0
        slot = 0
        collection = RecordEntry.defaultCollection
        name = ""
        recorded = Timestamp(microseconds: 0)
        isTombstone = false
        terms = TextList()
        if case .subject(let subject) = domain { self.subject = subject }
        if case .collection(let collection) = domain { self.collection = collection }
    }

    /// The domain that the record is sealed under.
    package var domain: KeyDomainName {
        KeyDomainName(subject: subject, collection: collection)
    }

    /// A bound on the bytes that the record takes in a directory, for budgets.
    package var footprint: Int {
        96 + name.utf8.count + (subject?.utf8.count ?? 0)
            + terms.bytes.count + 15 * terms.count
    }
}

/// Where one chunk of a large body is.
package struct DirectoryChunk: Equatable, Sendable {
    package var id: Digest
    package var frameOffset: UInt64

    /// What a chunk takes in memory, for budgets.
    package static let footprint = 48

    package init(id: Digest, frameOffset: UInt64) {
        self.id = id
        self.frameOffset = frameOffset
    }
}

/// The plaintext of one block of a directory frame: what one key domain has in a stretch of a
/// segment.
///
/// It is sealed under that domain's key, so names and dates go when the subject is erased.
package struct DirectoryBlock: Equatable, Sendable {
    /// Plaintext of one block; a domain with more has several blocks.
    package static let plaintextLimit = 1 << 20

    package var domain: KeyDomainName
    package var records: [DirectoryRecord]
    package var chunks: [DirectoryChunk]

    package init(
        domain: KeyDomainName,
        records: [DirectoryRecord] = [],
        chunks: [DirectoryChunk] = []
    ) {
        self.domain = domain
        self.records = records
        self.chunks = chunks
    }

    enum Flag {
        static let tombstone: UInt8 = 1
        static let event: UInt8 = 2
        static let collection: UInt8 = 4
        static let wholeSeconds: UInt8 = 8
    }

    /// The block's plaintext.
    ///
    /// Numbers are differences from the entry before, texts share its prefix.
    package func encode() -> [UInt8] {
        var encoder = DirectoryBlockEncoder(domain: domain)
        let records = records.span
        for index in records.indices { encoder.append(records[index]) }
        for chunk in chunks { encoder.append(chunk) }
        return encoder.plaintext
    }

    /// Decodes a block, all of `bytes`.
    package init(decoding bytes: Span<UInt8>) throws(FormatError) {
        do {
            try self.init(checking: bytes)
        } catch {
            throw FormatError(.damaged, "a directory block is malformed (\(error))")
        }
    }

    private init(checking bytes: Span<UInt8>) throws(DecodingError) {
        var cursor = ByteCursor()
        switch try cursor.byte(bytes) {
        case 0: domain = .collection(try cursor.text(bytes, limit: Limits.collection))
        case 1: domain = .subject(try cursor.text(bytes, limit: Limits.subject))
        default: throw .malformed
        }
        records = []
        chunks = []
        var last = DirectoryRecord(domain: domain)
        var numbers = DirectoryNumbers()
        var lastName: [UInt8] = []
        for _ in 0..<(try cursor.count(bytes, limit: Self.plaintextLimit)) {
            last = try Self.record(bytes, &cursor, &numbers, after: last, lastName: &lastName)
            records.append(last)
        }
        for _ in 0..<(try cursor.count(bytes, limit: Self.plaintextLimit)) {
            let id = try cursor.range(bytes, count: Digest.byteCount)
            let offset = try cursor.count(bytes, limit: Int(Limits.frameOffset / 8))
            chunks.append(
                DirectoryChunk(
                    id: Digest(reading: bytes, at: id.lowerBound),
                    frameOffset: UInt64(offset) * 8
                )
            )
        }
        guard cursor.offset == bytes.count else { throw .malformed }
    }

    private static func record(
        _ bytes: Span<UInt8>,
        _ cursor: inout ByteCursor,
        _ numbers: inout DirectoryNumbers,
        after last: DirectoryRecord,
        lastName: inout [UInt8]
    ) throws(DecodingError) -> DirectoryRecord {
        try numbers.advance(bytes, &cursor)
        var record = last
        record.sequence = numbers.sequence
        record.frameOffset = numbers.frameOffset
        record.slot = numbers.slot
        record.recorded = numbers.recorded
        record.eventStart = numbers.eventStart
        record.isTombstone = numbers.isTombstone
        if numbers.namesCollection {
            record.collection = try cursor.text(bytes, limit: Limits.collection)
        }
        let shared = try cursor.count(bytes, limit: lastName.count)
        let rest = try cursor.range(bytes, count: try cursor.count(bytes, limit: Limits.name))
        lastName.removeSubrange(shared...)
        lastName.append(copying: bytes.extracting(rest))
        guard let name = String(validating: lastName, as: UTF8.self), !name.isEmpty else {
            throw .malformedText
        }
        record.name = name
        var terms = TextList()
        for _ in 0..<(try cursor.count(bytes, limit: Limits.terms)) {
            let range = try cursor.range(bytes, count: try cursor.count(bytes, limit: Limits.term))
            guard bytes.extracting(range).isText else { throw .malformedText }
            terms.append(bytes.extracting(range))
        }
        record.terms = terms
        return record
    }
}

extension ByteCursor {
    fileprivate mutating func text(
        _ bytes: Span<UInt8>,
        limit: Int
    ) throws(DecodingError) -> String {
        let range = try range(bytes, count: try count(bytes, limit: limit))
        guard
            let text = String(
                validating: [UInt8](copying: bytes.extracting(range)),
                as: UTF8.self
            )
        else { throw .malformedText }
        return text
    }
}
