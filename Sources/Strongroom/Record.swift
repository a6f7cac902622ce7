import ArchiveBytes
package import ArchiveFormat
import ArchiveSealing

/// What an archive knows of one record version, without its body.
public struct Record: Sendable {
    package internal(set) var entry: RecordEntry
    var place: RecordPlace

    /// The version's number in the archive; higher is newer.
    public var sequence: UInt64 { entry.sequence }
    /// The group of names that the record belongs to.
    public var collection: String { entry.collection }
    /// The record's name in its collection.
    public var name: String { entry.name }
    /// Whose record it is.
    public var subject: String? { entry.subject }
    /// Its Internet media type.
    public var mediaType: String? { entry.mediaType }
    /// The body's length in bytes.
    public var byteCount: UInt64 { entry.bodyByteCount }
    /// SHA-256 of the body, in hexadecimal digits.
    public var sha256: String { entry.digest.hex }
    /// When it was recorded, in microseconds since 1970.
    public var recorded: Int64 { entry.recorded.microseconds }
    /// When what it tells of began, in microseconds since 1970.
    public var eventStart: Int64? { entry.eventStart?.microseconds }
    /// When what it tells of ended, in microseconds since 1970.
    public var eventEnd: Int64? { entry.eventEnd?.microseconds }
    /// Facts kept with the record, in order.
    public var attributes: [(key: String, value: String)] { entry.attributes }
    /// What the record can be found by.
    ///
    /// The texts are made anew each time.
    public var terms: [String] { entry.terms.texts }
    /// A version that says that the record was deleted.
    public var isDeleted: Bool { entry.isTombstone }

    /// The file and line that it came from.
    public var source: RecordSource? {
        entry.source.map { RecordSource(path: $0.path, line: $0.line) }
    }

    /// Whether the record can be found by a term.
    package func has(term: String) -> Bool { entry.terms.contains(term) }

    /// What its terms of one kind say, such as `Observation` of `type:Observation`.
    package func terms(of kind: String) -> [String] { entry.terms.rests(behind: kind + ":") }

    /// The first attribute of that key.
    public func attribute(_ key: String) -> String? {
        entry.attributes.first { $0.key == key }?.value
    }
}

/// Where a record version stands in the log.
package struct RecordPlace: Hashable, Sendable {
    package var segment: SegmentNumber
    package var frameOffset: UInt64
    package var slot: Int
    /// The number of the record version that was put there; 0 where that is not known.
    ///
    /// A frame authenticates itself and not its place: one that was moved within the log opens, and only
    /// this tells that it is another.
    package var sequence: UInt64

    package init(segment: SegmentNumber, frameOffset: UInt64, slot: Int, sequence: UInt64 = 0) {
        self.segment = segment
        self.frameOffset = frameOffset
        self.slot = slot
        self.sequence = sequence
    }

    package static func == (left: RecordPlace, right: RecordPlace) -> Bool {
        left.slot == right.slot && left.isInPack(of: right)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(segment)
        hasher.combine(frameOffset)
        hasher.combine(slot)
    }

    /// Where a record of a segment's directory stands.
    package init(_ record: borrowing DirectoryRecord, in segment: SegmentNumber) {
        self.init(
            segment: segment,
            frameOffset: record.frameOffset,
            slot: record.slot,
            sequence: record.sequence
        )
    }

    // The numbers themselves are compared: asking another module for the order of segments costs a call.

    /// Whether both stand in one pack.
    func isInPack(of other: RecordPlace) -> Bool {
        frameOffset == other.frameOffset && segment.value == other.segment.value
    }

    /// Whether it stands before `other` in the log.
    func isBefore(_ other: RecordPlace) -> Bool {
        if segment.value != other.segment.value { return segment.value < other.segment.value }
        if frameOffset != other.frameOffset { return frameOffset < other.frameOffset }
        return slot < other.slot
    }
}
