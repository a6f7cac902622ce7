package import ArchiveBytes
import ArchiveFormat

/// A record to be put into an archive.
public struct NewRecord: Sendable {
    /// What the archive will know of it, as far as it is said in whole: so nothing is copied when the
    /// record is put.
    private var known: RecordEntry
    /// The name, of 1 to 1,024 bytes of UTF-8 without NUL.
    ///
    /// A name that exists already gets a new version.
    public var name: String {
        get { known.name }
        set { known.name = newValue }
    }
    /// The group of names it belongs to; `records` unless said otherwise.
    public var collection: String {
        get { known.collection }
        set { known.collection = newValue }
    }
    /// Whose record it is: the unit of erasure.
    ///
    /// At most 256 bytes.
    public var subject: String? {
        get { known.subject }
        set { known.subject = newValue }
    }
    /// An Internet media type such as `application/fhir+json`.
    public var mediaType: String? {
        get { known.mediaType }
        set { known.mediaType = newValue }
    }
    /// The bytes, kept exactly.
    ///
    /// At most 1 MiB here; longer bodies are put as a stream.
    public var body: [UInt8]
    /// When what the record tells of began, in microseconds since 1970.
    public var eventStart: Int64? {
        get { known.eventStart?.microseconds }
        set { known.eventStart = newValue.map(Timestamp.init(microseconds:)) }
    }
    /// When it ended; nil for a moment.
    public var eventEnd: Int64? {
        get { known.eventEnd?.microseconds }
        set { known.eventEnd = newValue.map(Timestamp.init(microseconds:)) }
    }
    /// Facts kept with the record, in order; at most 64 KiB together.
    public var attributes: [(key: String, value: String)]
    /// What the record can be found by, such as `type:Observation`: at most 4,096 of at most 512 bytes each, and
    /// 512 KiB together with the attributes.
    ///
    /// The texts are made anew each time.
    public var terms: [String] {
        get { known.terms.texts }
        set { known.terms = TextList(newValue) }
    }
    /// The same, as the entry has them.
    package var termList: TextList {
        get { known.terms }
        set { known.terms = newValue }
    }
    /// The file, and the line in it from 1 (0 for the whole), that the record came from.
    public var source: RecordSource? {
        get { known.source.map { RecordSource(path: $0.path, line: $0.line) } }
        set { known.source = newValue.map { RecordEntry.Source(path: $0.path, line: $0.line) } }
    }
    /// A version that says that the name was deleted.
    var isTombstone: Bool {
        get { known.isTombstone }
        set { known.isTombstone = newValue }
    }

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
        known = RecordEntry(
            name: name,
            collection: collection,
            subject: subject,
            mediaType: mediaType,
            eventStart: eventStart.map(Timestamp.init(microseconds:)),
            eventEnd: eventEnd.map(Timestamp.init(microseconds:)),
            source: source.map { RecordEntry.Source(path: $0.path, line: $0.line) }
        )
        self.body = body
        self.attributes = attributes
        if !terms.isEmpty { known.terms = TextList(terms) }
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
        guard known.terms.count <= Limits.terms else {
            throw ArchiveError(
                .invalid,
                "a record has \(known.terms.count) terms; at most 4096 fit"
            )
        }
        try known.terms.visit { term throws(ArchiveError) in
            try Self.check(term, "index term", 1...Limits.term)
        }
        var byteCount = 0
        for (key, value) in attributes { byteCount += key.utf8.count + value.utf8.count }
        guard byteCount <= 64 << 10 else {
            throw ArchiveError(
                .invalid,
                "a record's attributes take \(byteCount) bytes; at most 65536 fit"
            )
        }
        byteCount += known.terms.bytes.count
        // A directory's block must have room for them all.
        guard byteCount <= Limits.attributes else {
            throw ArchiveError(
                .invalid,
                "a record's terms and attributes take \(byteCount) bytes; at most 524288 fit"
            )
        }
    }

    private static func check(
        _ text: String,
        _ what: String,
        _ range: ClosedRange<Int>
    ) throws(ArchiveError) {
        try check(text.utf8Span.span, what, range)
    }

    private static func check(
        _ text: Span<UInt8>,
        _ what: String,
        _ range: ClosedRange<Int>
    ) throws(ArchiveError) {
        let count = text.count
        guard range.contains(count) else {
            throw ArchiveError(
                .invalid,
                "a \(what) of \(count) bytes; it must have \(range.lowerBound) to "
                    + "\(range.upperBound)"
            )
        }
        // A NUL separates texts in keys.
        guard !text.contains(byte: 0) else {
            throw ArchiveError(.invalid, "a \(what) holds a NUL character")
        }
    }

    /// The entry as far as it is known before the record is committed.
    var entry: RecordEntry {
        var copy = self
        return copy.takeEntry(bodyByteCount: body.count)
    }

    /// The body, moved out of the record.
    mutating func takeBody() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &body)
        return taken
    }

    /// The entry, moved out of the record, whose body has so many bytes.
    mutating func takeEntry(bodyByteCount: Int) -> RecordEntry {
        var entry = RecordEntry()
        swap(&entry, &known)
        entry.eventEnd = entry.eventEnd ?? entry.eventStart
        entry.bodyByteCount = UInt64(bodyByteCount)
        swap(&entry.attributes, &attributes)
        return entry
    }
}
