package import ArchiveBytes
package import ArchiveSealing

/// What the archive knows of one record version besides its body.
package struct RecordEntry: Equatable, Sendable {
    /// A chunk of a large body: its content id and plain length.
    package struct Chunk: Equatable, Sendable {
        package var id: Digest
        package var byteCount: Int

        package init(id: Digest, byteCount: Int) {
            self.id = id
            self.byteCount = byteCount
        }
    }

    /// Where the body is.
    package enum Body: Equatable, Sendable {
        /// In the same pack, in the order of the entries.
        case inline
        /// These chunks, in order.
        case chunks([Chunk])
        /// The chunks' plaintexts, in order, are lists of chunk references.
        case chunkLists([Chunk])
    }

    /// The file, and the line in it, that the record came from.
    ///
    /// Paths are bytes, not text.
    package struct Source: Equatable, Sendable {
        package var path: [UInt8]
        /// From 1; 0 for a whole file.
        package var line: UInt64

        package init(path: [UInt8], line: UInt64) {
            self.path = path
            self.line = line
        }
    }

    package static let defaultCollection = "records"

    package var sequence: RecordSequence = 0
    package var collection = defaultCollection
    package var name = ""
    package var subject: String?
    package var mediaType: String?
    package var recorded = Timestamp(microseconds: 0)
    /// When what the record tells of began; equal to `eventEnd` for a moment.
    package var eventStart: Timestamp?
    package var eventEnd: Timestamp?
    package var bodyByteCount: UInt64 = 0
    package var digest = Digest.zero
    package var body = Body.inline
    package var attributes: [(key: String, value: String)] = []
    /// What the record can be found by, such as `type:Observation`.
    package var terms = TextList()
    package var isTombstone = false
    package var source: Source?

    package init() {}

    /// What is known of a record that nobody has put yet.
    package init(
        name: String,
        collection: String,
        subject: String?,
        mediaType: String?,
        eventStart: Timestamp?,
        eventEnd: Timestamp?,
        source: Source?
    ) {
        self.name = name
        self.collection = collection
        self.subject = subject
        self.mediaType = mediaType
        self.eventStart = eventStart
        self.eventEnd = eventEnd
        self.source = source
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.sequence == right.sequence && left.collection == right.collection
            && left.name == right.name && left.subject == right.subject
            && left.mediaType == right.mediaType && left.recorded == right.recorded
            && left.eventStart == right.eventStart && left.eventEnd == right.eventEnd
            && left.bodyByteCount == right.bodyByteCount && left.digest == right.digest
            && left.body == right.body && left.terms == right.terms
            && left.isTombstone == right.isTombstone && left.source == right.source
            && left.attributes.elementsEqual(right.attributes) {
                $0.key == $1.key && $0.value == $1.value
            }
    }

    /// Whether the body stands in the pack.
    package var hasInlineBody: Bool { if case .inline = body { true } else { false } }

    /// Bytes of the body that stand in the pack.
    package var inlineByteCount: Int { hasInlineBody ? Int(bodyByteCount) : 0 }
}
