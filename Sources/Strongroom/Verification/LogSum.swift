import ArchiveFormat
import ArchiveSegments
import Synchronization

/// Adds up the index entries that the record versions of a log make, in any order and on any thread.
final class LogSum: Sendable {
    private struct State {
        var sum = EntrySum()
        /// Records whose body is in chunks: it is read whole afterwards.
        var chunked: [RecordPlace] = []
        /// Scratch memory that no thread has at the moment.
        var idle: [ExpectedEntries] = []
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
        var expected = state.withLock { $0.idle.popLast() } ?? ExpectedEntries()
        var chunked: [RecordPlace] = []
        let fields = pack.fields.span
        for slot in pack.pack.slots.indices where !fields[slot].isInline {
            chunked.append(
                RecordPlace(
                    segment: pack.segment,
                    frameOffset: pack.frameOffset,
                    slot: slot,
                    sequence: fields[slot].sequence
                )
            )
        }
        expected.add(pack, upTo: last)
        let sum = expected.takeSum()
        state.withLock { state in
            state.sum.add(sum)
            state.chunked += chunked
            state.idle.append(expected)
        }
    }
}
