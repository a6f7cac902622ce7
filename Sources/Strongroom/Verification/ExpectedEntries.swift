import ArchiveBytes
import ArchiveFormat

/// Adds up the index entries that records in packs must have: those that ``RecordIndexer`` makes, each time
/// a ``TimeRun`` of its own, but of bytes, not texts, and none of them written whole.
struct ExpectedEntries {
    private var sum = EntrySum()
    private let hash = EntryHash()
    /// What entries of a record have in common, and what follows the collection in that of its name; memory
    /// that is used again.
    private var scratch: [UInt8] = []
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
        // One behind the other: the rest of keys of subject and terms, the value, the rest of the name's key
        // and, of a tombstone, the value of that. Local while it is lent.
        var scratch: [UInt8] = []
        swap(&scratch, &self.scratch)
        defer { swap(&scratch, &self.scratch) }
        scratch.removeAll(keepingCapacity: true)
        IndexKeys.append(fields[slot].eventStart ?? recorded, to: &scratch)
        IndexKeys.append(sequence: sequence, to: &scratch)
        let restEnd = scratch.count
        IndexValue(place).encode(appendingTo: &scratch)
        let value = restEnd..<scratch.count
        NameCode.append(bytes.extracting(fields[slot].name), to: &scratch)
        IndexKeys.append(sequence: sequence, to: &scratch, descending: true)
        let name = value.upperBound..<scratch.count
        if fields[slot].isTombstone {
            IndexValue(place, note: IndexKeys.tombstone).encode(appendingTo: &scratch)
        }
        let last = fields[slot].isTombstone ? name.upperBound..<scratch.count : value
        let written = scratch.span
        let (rest, usual) = (written.extracting(..<restEnd), written.extracting(value))
        if let subject = fields[slot].subject {
            let begun = hash.begin(IndexKeys.Table.subject.rawValue, bytes.extracting(subject))
            sum.add(hash.end(begun, rest, usual))
        }
        for index in fields[slot].terms.indices {
            let term = bytes.extracting(fields[slot].terms[index])
            sum.add(hash.end(hash.begin(IndexKeys.Table.term.rawValue, term), rest, usual))
        }
        let collectionOfMost = RecordEntry.defaultCollection
        let collection =
            if let range = fields[slot].collection { bytes.extracting(range) } else {
                collectionOfMost.utf8Span.span
            }
        let begun = hash.begin(IndexKeys.Table.name.rawValue, collection)
        sum.add(hash.end(begun, written.extracting(name), written.extracting(last)))
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
