import ArchiveBytes
import ArchiveFormat
import ArchiveIndex

/// Adds up the index entries that records in packs must have: byte for byte those that
/// `IndexKeys.append(_:in:to:_:)` makes, and a ``TimeRun`` for each, but one at a time in memory that is
/// used again, and of bytes, not texts.
struct ExpectedEntries {
    private(set) var sum = EntrySum()
    private var key: [UInt8] = []
    private var value: [UInt8] = []
    private var tail: [UInt8] = []
    private let empty = KeyedHash.empty
    private static let usualKeyByteCount = 128

    init() { key.reserveCapacity(Self.usualKeyByteCount) }

    /// Adds everything that the index holds of a record that stands in a pack of these bytes.
    mutating func add(_ fields: borrowing EntryFields, _ bytes: Span<UInt8>, at place: RecordPlace)
    {
        value.removeAll(keepingCapacity: true)
        IndexValue(place).encode(appendingTo: &value)
        setTail(fields.recorded, fields.sequence)
        begin(.time)
        addTail()
        if let event = fields.eventStart { setTail(event, fields.sequence) }
        if let subject = fields.subject { add(.subject, bytes.extracting(subject)) }
        for index in fields.terms.indices { add(.term, bytes.extracting(fields.terms[index])) }
        if fields.isTombstone {
            value.removeAll(keepingCapacity: true)
            IndexValue(place, note: IndexKeys.tombstone).encode(appendingTo: &value)
        }
        begin(.name)
        if let collection = fields.collection {
            key.append(copying: bytes.extracting(collection))
        } else {
            let usual = RecordEntry.defaultCollection
            key.append(copying: usual.utf8Span.span)
        }
        key.append(0)
        NameCode.append(bytes.extracting(fields.name), to: &key)
        IndexKeys.append(sequence: fields.sequence, to: &key, descending: true)
        sum.add(EntrySum.hash(key.span, value.span, empty))
    }

    private mutating func begin(_ table: IndexKeys.Table) {
        key.removeAll(keepingCapacity: true)
        key.append(table.rawValue)
    }

    private mutating func add(_ table: IndexKeys.Table, _ text: Span<UInt8>) {
        begin(table)
        key.append(copying: text)
        key.append(0)
        addTail()
    }

    /// What keys that are ordered by this time end with.
    private mutating func setTail(_ time: Timestamp, _ sequence: UInt64) {
        tail.removeAll(keepingCapacity: true)
        IndexKeys.append(time, to: &tail)
        IndexKeys.append(sequence: sequence, to: &tail)
    }

    /// Ends a key that is ordered by time, and adds its entry.
    private mutating func addTail() {
        let tail = tail
        key.append(copying: tail.span)
        sum.add(EntrySum.hash(key.span, value.span, empty))
    }
}
