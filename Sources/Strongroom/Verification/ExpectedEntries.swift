import ArchiveBytes
import ArchiveFormat

/// Adds up the index entries that records in packs must have: those that ``RecordIndexer`` makes, each time
/// a ``TimeRun`` of its own, but of bytes, not texts, and none of them written whole.
struct ExpectedEntries {
    private var sum = EntrySum()
    private let hash = EntryHash()
    // What entries of a record have in common, and what follows the collection in that of its name;
    // memory that is used again.
    private var value: [UInt8] = []
    private var rest: [UInt8] = []
    private var name: [UInt8] = []
    /// The time of the record before, whose beginning of keys is hashed: all of a pack have one.
    private var time: (recorded: Timestamp, hash: KeyedHash)?

    /// Gives what was added up, and begins anew.
    mutating func takeSum() -> EntrySum {
        defer { sum = EntrySum() }
        return sum
    }

    /// Adds everything that the index holds of the record in a slot of a pack of these bytes.
    ///
    /// Fields that were handed over by themselves would be copied.
    mutating func add(
        _ slot: Int,
        of fields: Span<EntryFields>,
        _ bytes: Span<UInt8>,
        at place: RecordPlace
    ) {
        let (sequence, recorded) = (place.sequence, fields[slot].recorded)
        sum.add(hash.end(timeHash(recorded), place))
        value.removeAll(keepingCapacity: true)
        IndexValue(place).encode(appendingTo: &value)
        rest.removeAll(keepingCapacity: true)
        IndexKeys.append(fields[slot].eventStart ?? recorded, to: &rest)
        IndexKeys.append(sequence: sequence, to: &rest)
        if let subject = fields[slot].subject { addEntry(.subject, bytes.extracting(subject)) }
        for index in fields[slot].terms.indices {
            addEntry(.term, bytes.extracting(fields[slot].terms[index]))
        }
        if fields[slot].isTombstone {
            value.removeAll(keepingCapacity: true)
            IndexValue(place, note: IndexKeys.tombstone).encode(appendingTo: &value)
        }
        name.removeAll(keepingCapacity: true)
        NameCode.append(bytes.extracting(fields[slot].name), to: &name)
        IndexKeys.append(sequence: sequence, to: &name, descending: true)
        let usual = RecordEntry.defaultCollection
        let collection =
            if let range = fields[slot].collection { bytes.extracting(range) } else {
                usual.utf8Span.span
            }
        let begun = hash.begin(IndexKeys.Table.name.rawValue, collection)
        sum.add(hash.end(begun, name.span, value.span))
    }

    /// Adds the entry of a subject or term.
    private mutating func addEntry(_ table: IndexKeys.Table, _ text: Span<UInt8>) {
        sum.add(hash.end(hash.begin(table.rawValue, text), rest.span, value.span))
    }

    private mutating func timeHash(_ recorded: Timestamp) -> KeyedHash {
        if let time, time.recorded == recorded { return time.hash }
        var stem: [UInt8] = []
        IndexKeys.append(recorded, to: &stem)
        let begun = hash.begin(IndexKeys.Table.time.rawValue, stem.span)
        time = (recorded, begun)
        return begun
    }
}
