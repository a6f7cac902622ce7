import ArchiveBytes
import ArchiveFormat

/// A record to be put into an archive.
public struct NewRecord: Sendable {
    /// The name, of 1 to 1,024 bytes of UTF-8 without NUL.
    ///
    /// A name that exists already gets a new version.
    public var name: String
    /// The group of names it belongs to; `records` unless said otherwise.
    public var collection: String
    /// Whose record it is: the unit of erasure.
    ///
    /// At most 256 bytes.
    public var subject: String?
    /// An Internet media type such as `application/fhir+json`.
    public var mediaType: String?
    /// The bytes, kept exactly.
    ///
    /// At most 1 MiB here; longer bodies are put as a stream.
    public var body: [UInt8]
    /// When what the record tells of began, in microseconds since 1970.
    public var eventStart: Int64?
    /// When it ended; nil for a moment.
    public var eventEnd: Int64?
    /// Facts kept with the record, in order; at most 64 KiB together.
    public var attributes: [(key: String, value: String)]
    /// What the record can be found by, such as `type:Observation`; each at most 512 bytes.
    public var terms: [String]
    /// The file, and the line in it from 1 (0 for the whole), that the record came from.
    public var source: RecordSource?
    /// A version that says that the name was deleted.
    var isTombstone = false

    /// Describes a record.
    public init(
        name: String,
        body: [UInt8],
        collection: String = "records",
        subject: String? = nil,
        mediaType: String? = nil,
        eventStart: Int64? = nil,
        eventEnd: Int64? = nil,
        attributes: [(key: String, value: String)] = [],
        terms: [String] = [],
        source: RecordSource? = nil
    ) {
        self.name = name
        self.body = body
        self.collection = collection
        self.subject = subject
        self.mediaType = mediaType
        self.eventStart = eventStart
        self.eventEnd = eventEnd
        self.attributes = attributes
        self.terms = terms
        self.source = source
    }
}

/// Where a record was read from.
///
/// The path is bytes, as file systems have it.
public struct RecordSource: Equatable, Sendable {
    /// The path relative to what was imported.
    public var path: [UInt8]
    /// The line, from 1; 0 for a whole file.
    public var line: UInt64

    /// Describes a source.
    public init(path: [UInt8], line: UInt64) {
        self.path = path
        self.line = line
    }
}

/// The proof that a record is durable.
public struct Receipt: Equatable, Sendable {
    /// The record version's number in the archive.
    public let sequence: UInt64
    /// The commit that made it durable.
    public let commit: UInt64
    /// When it was recorded, in microseconds since 1970.
    public let recorded: Int64
}

extension NewRecord {
    /// Refuses what the format cannot hold, before anything is written.
    func validate() throws(ArchiveError) {
        try Self.check(name, "name", 1...Limits.name)
        try Self.check(collection, "collection", 1...Limits.collection)
        if let subject { try Self.check(subject, "subject", 1...Limits.subject) }
        if let mediaType { try Self.check(mediaType, "media type", 1...Limits.mediaType) }
        guard terms.count <= Limits.terms else {
            throw ArchiveError(.invalid, "a record has \(terms.count) terms; at most 4096 fit")
        }
        for term in terms { try Self.check(term, "index term", 1...Limits.term) }
        let attributes = attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard attributes <= 64 << 10 else {
            throw ArchiveError(
                .invalid,
                "a record's attributes take \(attributes) bytes; at most 65536 fit"
            )
        }
    }

    private static func check(
        _ text: String,
        _ what: String,
        _ range: ClosedRange<Int>
    ) throws(ArchiveError) {
        let count = text.utf8.count
        guard range.contains(count) else {
            throw ArchiveError(
                .invalid,
                "a \(what) of \(count) bytes; it must have \(range.lowerBound) to "
                    + "\(range.upperBound)"
            )
        }
        guard !text.holdsNUL else {
            throw ArchiveError(.invalid, "a \(what) holds a NUL character")
        }
    }

    /// The entry as far as it is known before the record is committed.
    var entry: RecordEntry {
        var entry = RecordEntry()
        entry.collection = collection
        entry.name = name
        entry.subject = subject
        entry.mediaType = mediaType
        entry.eventStart = eventStart.map(Timestamp.init(microseconds:))
        entry.eventEnd = (eventEnd ?? eventStart).map(Timestamp.init(microseconds:))
        entry.attributes = attributes
        entry.terms = terms
        entry.bodyByteCount = UInt64(body.count)
        entry.isTombstone = isTombstone
        entry.source = source.map { RecordEntry.Source(path: $0.path, line: $0.line) }
        return entry
    }
}

extension String {
    /// Whether a NUL character is in it, which separates texts in keys.
    fileprivate var holdsNUL: Bool {
        utf8Span.span.holdsZero
    }
}
