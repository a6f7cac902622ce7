import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSealing

/// The index's tables as tuples of bytes that sort in the order of their meaning.
///
/// A text is followed by a zero byte, which no name, subject or term holds; a record's name is
/// written as ``NameCode`` says.
enum IndexKeys {
    enum Table: UInt8 {
        /// (collection, name, inverted sequence): newest version first.
        case name = 1
        /// (subject, event time, sequence).
        case subject = 2
        /// (recorded time, sequence of the first of a ``TimeRun``).
        case time = 3
        /// (term, event time, sequence).
        case term = 4
        /// (content id): where a chunk is.
        case chunk = 5
    }

    /// The note of a name whose version says that the record was deleted.
    static let tombstone: UInt64 = 1

    /// What all keys of a name begin with, and no other key does.
    static func name(_ collection: String, _ name: String) -> [UInt8] {
        var key: [UInt8] = []
        append(name, in: collection, to: &key)
        return key
    }

    static func append(_ name: String, in collection: String, to key: inout [UInt8]) {
        append(name.utf8Span.span, in: collection.utf8Span.span, to: &key)
    }

    static func append(
        _ name: Span<UInt8>,
        in collection: Span<UInt8>,
        to key: inout [UInt8]
    ) {
        key.append(Table.name.rawValue)
        key.append(copying: collection)
        key.append(0)
        NameCode.append(name, to: &key)
    }

    /// The keys of all names that begin with `beginning` are at `start` or behind and before `end`,
    /// and no others; names from `beginning` on are at `start` or behind.
    static func names(
        _ collection: String,
        beginning: String
    ) -> (start: [UInt8], end: [UInt8]) {
        var start = collectionPrefix(collection)
        let zeroCount = NameCode.append(beginning: beginning.utf8Span.span, to: &start)
        var last = start
        // Only what follows the codes' last bit may differ.
        last[last.count - 1] |= UInt8(truncatingIfNeeded: 1 << zeroCount - 1)
        return (start, last.prefixEnd)
    }

    /// The name that a key of the table of names holds behind its collection.
    static func name(_ key: Span<UInt8>, behind prefix: [UInt8]) -> String? {
        guard key.count > prefix.count,
            let name = NameCode.name(key.extracting(prefix.count...))
        else { return nil }
        return String(validating: name, as: UTF8.self)
    }

    static func collectionPrefix(_ collection: String) -> [UInt8] { textKey(.name, collection) }

    static func subjectPrefix(_ subject: String) -> [UInt8] { textKey(.subject, subject) }

    static func termPrefix(_ term: String) -> [UInt8] { textKey(.term, term) }

    static func time(_ time: Timestamp, sequence: UInt64) -> [UInt8] {
        var key = [Table.time.rawValue]
        append(time, to: &key)
        append(sequence: sequence, to: &key)
        return key
    }

    static func chunk(_ id: Digest) -> [UInt8] {
        var key = [Table.chunk.rawValue]
        key.append(digest: id)
        return key
    }

    /// Appends the key of a version in the table of subjects or terms.
    static func append(
        _ text: Span<UInt8>,
        _ table: Table,
        _ time: Timestamp,
        sequence: UInt64,
        to key: inout [UInt8]
    ) {
        key.append(table.rawValue)
        key.append(copying: text)
        key.append(0)
        append(time, to: &key)
        append(sequence: sequence, to: &key)
    }

    /// Adds what the index holds of one record version but its time; `ending` is scratch memory.
    static func append(
        _ record: borrowing DirectoryRecord,
        in segment: SegmentNumber,
        to builder: inout RunBuilder,
        _ ending: inout [UInt8]
    ) {
        let place = RecordPlace(record, in: segment)
        let sequence = record.sequence
        // What the entries of subject and terms have in common, made once.
        ending.removeAll(keepingCapacity: true)
        ending.append(0)
        append(record.eventStart ?? record.recorded, to: &ending)
        append(sequence: sequence, to: &ending)
        let keyEnd = ending.count
        IndexValue(place).encode(appendingTo: &ending)
        let valueByteCount = ending.count - keyEnd
        if let subject = record.subject {
            builder.append(
                Table.subject.rawValue,
                subject.utf8Span.span,
                ending.span,
                valueByteCount: valueByteCount
            )
        }
        record.terms.visit { term in
            builder.append(
                Table.term.rawValue,
                term,
                ending.span,
                valueByteCount: valueByteCount
            )
        }
        ending.removeAll(keepingCapacity: true)
        let note = record.isTombstone ? tombstone : 0
        IndexValue(place, note: note).encode(appendingTo: &ending)
        let (collection, name) = (record.collection, record.name)
        builder.append(value: ending.span) {
            append(name, in: collection, to: &$0)
            append(sequence: sequence, to: &$0, descending: true)
        }
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
