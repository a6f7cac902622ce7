import ArchiveBytes
import ArchiveFormat
import ArchiveIndex

/// Adds up the index entries that records in packs must have: byte for byte those that
/// `IndexKeys.append(_:in:to:_:)` makes, but one at a time in memory that is used again, and of bytes, not
/// texts.
struct ExpectedEntries {
    private(set) var sum = EntrySum()
    private var key: [UInt8] = []
    private var value: [UInt8] = []
    private let empty = KeyedHash.empty
    private static let usualKeyByteCount = 128

    init() { key.reserveCapacity(Self.usualKeyByteCount) }

    /// Adds everything that the index holds of a record that stands in a pack of these bytes.
    mutating func add(_ fields: borrowing EntryFields, _ bytes: Span<UInt8>, at place: RecordPlace)
    {
        value.removeAll(keepingCapacity: true)
        place.encode(appendingTo: &value)
        let event = fields.eventStart ?? fields.recorded
        if let subject = fields.subject {
            add(.subject, bytes.extracting(subject), event, fields.sequence)
        }
        begin(.time)
        add(fields.recorded, fields.sequence)
        for index in fields.terms.indices {
            add(.term, bytes.extracting(fields.terms[index]), event, fields.sequence)
        }
        value.append(fields.isTombstone ? IndexKeys.tombstone : 0)
        begin(.name)
        if let collection = fields.collection {
            key.append(copying: bytes.extracting(collection))
        } else {
            let usual = RecordEntry.defaultCollection
            key.append(copying: usual.utf8Span.span)
        }
        key.append(0)
        key.append(copying: bytes.extracting(fields.name))
        key.append(0)
        key.append(bigEndianU64: ~fields.sequence)
        sum.add(EntrySum.hash(key.span, value.span, empty))
    }

    private mutating func begin(_ table: IndexKeys.Table) {
        key.removeAll(keepingCapacity: true)
        key.append(table.rawValue)
    }

    private mutating func add(
        _ table: IndexKeys.Table,
        _ text: Span<UInt8>,
        _ time: Timestamp,
        _ sequence: UInt64
    ) {
        begin(table)
        key.append(copying: text)
        key.append(0)
        add(time, sequence)
    }

    /// Ends a key that is ordered by time, and adds its entry.
    private mutating func add(_ time: Timestamp, _ sequence: UInt64) {
        key.append(bigEndianU64: UInt64(bitPattern: time.microseconds) ^ 1 << 63)
        key.append(bigEndianU64: sequence)
        sum.add(EntrySum.hash(key.span, value.span, empty))
    }
}
