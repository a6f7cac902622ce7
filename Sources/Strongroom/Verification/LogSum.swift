import ArchiveBytes
import ArchiveFormat
import ArchiveSegments
import Synchronization

/// So many entries of an index, and the sum of their hashes, whose key is drawn anew in each process.
///
/// A ``TimeRun`` counts as an entry for each of its record versions, for it does not matter where runs
/// are cut.
struct EntrySum: Equatable, Sendable {
    private(set) var entryCount: UInt64 = 0
    private var hash: UInt64 = 0

    /// The hash of one entry; `empty` is that of the process.
    @inline(__always)
    static func hash(_ key: Span<UInt8>, _ value: Span<UInt8>, _ empty: KeyedHash) -> UInt64 {
        var hash = empty
        hash.combine(key)
        hash.combine(value)
        return hash.value
    }

    /// Adds one entry by its hash.
    @inline(__always)
    mutating func add(_ entry: UInt64) {
        entryCount += 1
        hash &+= entry
    }

    mutating func add(_ other: EntrySum) {
        entryCount += other.entryCount
        hash &+= other.hash
    }
}

/// Adds up the index entries that the record versions of a log make, in any order and on any thread.
final class LogSum: Sendable {
    private struct State {
        var sum = EntrySum()
        /// Records whose body is in chunks: it is read whole afterwards.
        var chunked: [RecordPlace] = []
    }

    private let state = Mutex(State())

    var sum: EntrySum { state.withLock { $0.sum } }

    var chunked: [RecordPlace] {
        state.withLock { $0.chunked }.sorted {
            ($0.segment, $0.frameOffset, $0.slot) < ($1.segment, $1.frameOffset, $1.slot)
        }
    }

    /// Takes the record versions of a pack up to a number.
    func take(_ pack: OpenedPack, upTo last: RecordSequence = .max) {
        var expected = ExpectedEntries()
        var chunked: [RecordPlace] = []
        let bytes = pack.pack.bytes.span
        let fields = pack.fields.span
        for slot in pack.pack.slots.indices {
            let place = RecordPlace(
                segment: pack.segment,
                frameOffset: pack.frameOffset,
                slot: slot,
                sequence: fields[slot].sequence
            )
            if place.sequence <= last { expected.add(fields[slot], bytes, at: place) }
            if !fields[slot].isInline { chunked.append(place) }
        }
        let sum = expected.sum
        state.withLock { state in
            state.sum.add(sum)
            state.chunked += chunked
        }
    }
}
