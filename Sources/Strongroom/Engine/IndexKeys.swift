import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSealing

/// The index's tables as tuples of bytes that sort in the order of their meaning.
///
/// A text is followed by a zero byte, which no name, subject or term holds; numbers are big-endian,
/// signed ones with the sign bit turned.
enum IndexKeys {
    enum Table: UInt8 {
        /// (collection, name, inverted sequence): newest version first.
        case name = 1
        /// (subject, event time, sequence).
        case subject = 2
        /// (recorded time, sequence).
        case time = 3
        /// (term, event time, sequence).
        case term = 4
        /// (content id): where a chunk is.
        case chunk = 5
    }

    /// What stands in the value of a name besides the place.
    static let tombstone: UInt8 = 1

    static func namePrefix(_ collection: String, _ name: String) -> [UInt8] {
        var key = textKey(.name, collection)
        key.append(contentsOf: name.utf8)
        return key
    }

    static func name(_ collection: String, _ name: String, sequence: UInt64) -> [UInt8] {
        var key: [UInt8] = []
        append(name: name, in: collection, sequence: sequence, to: &key)
        return key
    }

    static func append(
        name: String,
        in collection: String,
        sequence: UInt64,
        to key: inout [UInt8]
    ) {
        key.append(Table.name.rawValue)
        key.append(copying: collection.utf8Span.span)
        key.append(0)
        key.append(copying: name.utf8Span.span)
        key.append(0)
        key.append(bigEndianU64: ~sequence)
    }

    static func collectionPrefix(_ collection: String) -> [UInt8] { textKey(.name, collection) }

    static func subjectPrefix(_ subject: String) -> [UInt8] { textKey(.subject, subject) }

    static func termPrefix(_ term: String) -> [UInt8] { textKey(.term, term) }

    static func time(_ time: Timestamp, sequence: UInt64) -> [UInt8] {
        var key = [Table.time.rawValue]
        key.append(ordered: time)
        key.append(bigEndianU64: sequence)
        return key
    }

    static func chunk(_ id: Digest) -> [UInt8] {
        var key = [Table.chunk.rawValue]
        key.append(digest: id)
        return key
    }

    /// The sequence at the end of a key of any table but ``Table/chunk``.
    static func sequence(_ key: Span<UInt8>) -> UInt64 {
        let tail = key.bigEndianU64(at: key.count - 8)
        return key[0] == Table.name.rawValue ? ~tail : tail
    }

    private static func appendTimed(
        _ table: Table,
        _ text: String,
        _ time: Timestamp,
        _ sequence: UInt64,
        to key: inout [UInt8]
    ) {
        key.append(table.rawValue)
        key.append(copying: text.utf8Span.span)
        key.append(0)
        key.append(ordered: time)
        key.append(bigEndianU64: sequence)
    }

    /// Adds everything that the index holds of one record version; `value` is scratch memory.
    static func append(
        _ record: borrowing DirectoryRecord,
        in segment: SegmentNumber,
        to builder: inout RunBuilder,
        _ value: inout [UInt8]
    ) {
        value.removeAll(keepingCapacity: true)
        RecordPlace(segment: segment, frameOffset: record.frameOffset, slot: record.slot)
            .encode(appendingTo: &value)
        let sequence = record.sequence
        let recorded = record.recorded
        let event = record.eventStart ?? recorded
        if let subject = record.subject {
            builder.append(value: value.span) {
                appendTimed(.subject, subject, event, sequence, to: &$0)
            }
        }
        builder.append(value: value.span) { key in
            key.append(Table.time.rawValue)
            key.append(ordered: recorded)
            key.append(bigEndianU64: sequence)
        }
        for term in record.terms {
            builder.append(value: value.span) {
                appendTimed(.term, term, event, sequence, to: &$0)
            }
        }
        value.append(record.isTombstone ? tombstone : 0)
        let (collection, name) = (record.collection, record.name)
        builder.append(value: value.span) {
            append(name: name, in: collection, sequence: sequence, to: &$0)
        }
    }

    /// Visits everything that the index holds of one record version.
    static func entries(
        of record: DirectoryRecord,
        at place: RecordPlace,
        visit: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Void
    ) {
        var builder = RunBuilder()
        var value: [UInt8] = []
        append(record, in: place.segment, to: &builder, &value)
        builder.visit(visit)
    }

    private static func textKey(_ table: Table, _ text: String) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(text.utf8.count + 24)
        key.append(table.rawValue)
        key.append(contentsOf: text.utf8)
        key.append(0)
        return key
    }
}

extension [UInt8] {
    /// Appends a moment so that earlier ones sort first, those before 1970 included.
    fileprivate mutating func append(ordered time: Timestamp) {
        append(bigEndianU64: UInt64(bitPattern: time.microseconds) ^ 1 << 63)
    }

    /// The least key that is greater than every key that begins with these bytes.
    var prefixEnd: [UInt8] {
        var end = self
        while let last = end.last {
            end.removeLast()
            if last < 255 {
                end.append(last + 1)
                return end
            }
        }
        // Only of 0xff bytes: no table begins so.
        return [255]
    }
}
