import ArchiveBytes
import ArchiveFormat
import ArchiveSegments

/// Adds up the index entries that records in packs must have: those that ``RecordIndexer`` makes, each time
/// a ``TimeRun`` of its own, but of bytes, not texts, and none of them written.
struct ExpectedEntries {
    private var sum = EntrySum()
    private let hash = EntryHash()
    /// The code of a name; memory that is used again.
    private var code: [UInt8] = []
    /// The time of the record before, whose beginning of keys is hashed: all of a pack have one.
    private var time: (recorded: Timestamp, hash: KeyedHash)?
    /// What keys with the collection of the record before begin with, and those with its subject.
    private var collection = KeyedHash.empty
    private var subject: KeyedHash?

    /// Gives what was added up, and begins anew.
    mutating func takeSum() -> EntrySum {
        defer { sum = EntrySum() }
        return sum
    }

    /// Adds everything that the index holds of the records of a pack up to a number.
    mutating func add(_ pack: borrowing OpenedPack, upTo last: RecordSequence) {
        let fields = pack.fields.span
        for slot in pack.pack.slots.indices {
            if !EntryFields.sharesDomain(fields, slot) {
                begin(slot, of: fields, pack.pack.bytes.span)
            }
            let place = RecordPlace(
                segment: pack.segment,
                frameOffset: pack.frameOffset,
                slot: slot,
                sequence: fields[slot].sequence
            )
            if place.sequence <= last { add(slot, of: fields, pack.pack.bytes.span, at: place) }
        }
    }

    // Fields that were handed over by themselves would be copied.

    private mutating func begin(
        _ slot: Int,
        of fields: Span<EntryFields>,
        _ bytes: Span<UInt8>
    ) {
        let table = IndexKeys.Table.name.rawValue
        if let range = fields[slot].collection {
            collection = hash.begin(table, bytes.extracting(range))
        } else {
            let usual = RecordEntry.defaultCollection
            collection = hash.begin(table, usual.utf8Span.span)
        }
        subject = nil
        if let range = fields[slot].subject {
            subject = hash.begin(IndexKeys.Table.subject.rawValue, bytes.extracting(range))
        }
    }

    private mutating func add(
        _ slot: Int,
        of fields: Span<EntryFields>,
        _ bytes: Span<UInt8>,
        at place: RecordPlace
    ) {
        let recorded = fields[slot].recorded
        sum.add(hash.end(timeHash(recorded), place))
        let event = IndexKeys.code(fields[slot].eventStart ?? recorded)
        let sequence = IndexKeys.code(sequence: place.sequence, descending: false)
        let value = ValueWords(place, isTombstone: false)
        if let subject { sum.add(hash.end(subject, event, sequence, value)) }
        for index in fields[slot].terms.indices {
            let term = bytes.extracting(fields[slot].terms[index])
            let begun = hash.begin(IndexKeys.Table.term.rawValue, term)
            sum.add(hash.end(begun, event, sequence, value))
        }
        code.removeAll(keepingCapacity: true)
        NameCode.append(bytes.extracting(fields[slot].name), to: &code)
        sum.add(
            hash.end(
                collection,
                name: code.span,
                IndexKeys.code(sequence: place.sequence, descending: true),
                fields[slot].isTombstone ? ValueWords(place, isTombstone: true) : value
            )
        )
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
