import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Synchronization

/// So many entries of an index, and the sum of their hashes, whose key is drawn anew in each process.
///
/// A ``TimeRun`` counts as an entry for each of its record versions, for it does not matter where runs
/// are cut.
struct EntrySum: Equatable, Sendable {
    var entryCount: UInt64 = 0
    var hash = 0

    /// Adds an entry of any table but that of chunks and that of times.
    mutating func add(_ key: Span<UInt8>, _ value: Span<UInt8>) {
        entryCount += 1
        hash &+= Self.hash(key, value)
    }

    mutating func add(_ run: TimeRun) {
        var builder = RunBuilder()
        var value: [UInt8] = []
        run.appendEach(to: &builder, &value)
        builder.visit { add($0, $1) }
    }

    private static func hash(_ key: Span<UInt8>, _ value: Span<UInt8>) -> Int {
        var hasher = Hasher()
        // The lengths tell where one ends and the other begins.
        hasher.combine(key.count)
        hasher.combine(value.count)
        hasher.combine(bytes: key)
        hasher.combine(bytes: value)
        return hasher.finalize()
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
        var builder = RunBuilder()
        var value: [UInt8] = []
        var chunked: [RecordPlace] = []
        let records = pack.records.span
        for index in records.indices {
            if records[index].sequence <= last {
                IndexKeys.append(records[index], in: pack.segment, to: &builder, &value)
                let place = RecordPlace(records[index], in: pack.segment)
                TimeRun(place, recorded: records[index].recorded).append(to: &builder, &value)
            }
            if pack.entries[index].body != .inline {
                chunked.append(RecordPlace(records[index], in: pack.segment))
            }
        }
        var sum = EntrySum()
        builder.visit { sum.add($0, $1) }
        state.withLock { state in
            state.sum.entryCount += sum.entryCount
            state.sum.hash &+= sum.hash
            state.chunked += chunked
        }
    }
}

extension Hasher {
    /// Adds eight bytes at a time, and what is left as one number.
    fileprivate mutating func combine(bytes: Span<UInt8>) {
        var offset = 0
        while offset + 8 <= bytes.count {
            combine(bytes.u64(at: offset))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        combine(rest)
    }
}
