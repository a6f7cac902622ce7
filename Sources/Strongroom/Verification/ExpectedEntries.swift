import ArchiveBytes
import ArchiveFormat
import ArchiveIndex

/// Adds up the index entries that records in packs must have: those that ``RecordIndexer`` makes, each time
/// a ``TimeRun`` of its own, but one at a time in memory that is used again, and of bytes, not texts.
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
        IndexValue(place).encode(appendingTo: &value)
        let (sequence, event) = (fields.sequence, fields.eventStart ?? fields.recorded)
        key.append(IndexKeys.Table.time.rawValue)
        IndexKeys.append(fields.recorded, to: &key)
        IndexKeys.append(sequence: sequence, to: &key)
        addEntry()
        if let subject = fields.subject {
            let text = bytes.extracting(subject)
            IndexKeys.append(text, .subject, event, sequence: sequence, to: &key)
            addEntry()
        }
        for index in fields.terms.indices {
            let text = bytes.extracting(fields.terms[index])
            IndexKeys.append(text, .term, event, sequence: sequence, to: &key)
            addEntry()
        }
        if fields.isTombstone {
            value.removeAll(keepingCapacity: true)
            IndexValue(place, note: IndexKeys.tombstone).encode(appendingTo: &value)
        }
        let (name, usual) = (bytes.extracting(fields.name), RecordEntry.defaultCollection)
        if let collection = fields.collection {
            IndexKeys.append(name, in: bytes.extracting(collection), to: &key)
        } else {
            IndexKeys.append(name, in: usual.utf8Span.span, to: &key)
        }
        IndexKeys.append(sequence: sequence, to: &key, descending: true)
        addEntry()
    }

    /// Adds the entry of the key that was written, and makes room for the next one.
    private mutating func addEntry() {
        sum.add(EntrySum.hash(key.span, value.span, empty))
        key.removeAll(keepingCapacity: true)
    }
}
