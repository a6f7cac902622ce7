import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import Synchronization

/// Record versions of a segment and where they are.
struct Gathered: Sendable {
    struct Found: Sendable {
        let sequence: UInt64
        let place: RecordPlace
        /// Nil where only the place matters.
        let record: DirectoryRecord?
    }

    var places: [Found] = []
    var chunks: [(Digest, RecordPlace)] = []

    mutating func add(
        _ record: DirectoryRecord,
        in segment: SegmentNumber,
        keeping: Bool = false
    ) {
        places.append(
            Found(
                sequence: record.sequence,
                place: RecordPlace(record, in: segment),
                record: keeping ? record : nil
            )
        )
    }
}

/// What several threads find in a segment.
final class Survey: Sendable {
    private struct State: Sendable {
        var gathered = Gathered()
        var listed: [UInt64: DirectoryRecord] = [:]
    }

    private let state = Mutex(State())

    /// Versions that opened.
    func add(_ pack: OpenedPack) {
        state.withLock { state in
            for record in pack.records {
                state.gathered.add(record, in: pack.segment, keeping: true)
            }
        }
    }

    /// A chunk that opened.
    func add(_ id: Digest, at place: RecordPlace) {
        state.withLock { $0.gathered.chunks.append((id, place)) }
    }

    /// A version that a directory tells of.
    func list(_ record: DirectoryRecord) {
        state.withLock { $0.listed[record.sequence] = record }
    }

    /// Gives up what was found of a segment.
    func take() -> (Gathered, [UInt64: DirectoryRecord]) {
        state.withLock { state in
            defer { state = State() }
            return (state.gathered, state.listed)
        }
    }
}

/// Gathers which versions are lost, from the holes in their numbers.
struct Losses {
    private(set) var found: [LostRecords] = []
    /// The next number if nothing is lost.
    private var next: UInt64 = 1

    /// A version is there: those before it that were not met are lost.
    mutating func pass(
        _ sequence: UInt64,
        _ listed: [UInt64: DirectoryRecord],
        _ isWanted: (DirectoryRecord) -> Bool
    ) {
        guard sequence >= next else { return }
        lose(next..<sequence, listed, isWanted)
        next = sequence + 1
    }

    /// What directories of a segment list behind its last whole version is lost.
    mutating func endSegment(
        _ listed: [UInt64: DirectoryRecord],
        _ isWanted: (DirectoryRecord) -> Bool
    ) {
        guard let last = listed.keys.max(), last >= next else { return }
        lose(next..<(last + 1), listed, isWanted)
        next = last + 1
    }

    /// Nothing comes behind: what the snapshot counts beyond is lost.
    mutating func end(at last: UInt64) {
        guard last >= next else { return }
        found.append(LostRecords(sequences: next...last, collection: nil, name: nil))
        next = last + 1
    }

    /// A version whose body is not there any more.
    mutating func add(_ record: DirectoryRecord) {
        found.append(
            LostRecords(
                sequences: record.sequence...record.sequence,
                collection: record.collection,
                name: record.name
            )
        )
    }

    /// Names those whose names are known, and gives the others as ranges.
    private mutating func lose(
        _ range: Range<UInt64>,
        _ listed: [UInt64: DirectoryRecord],
        _ isWanted: (DirectoryRecord) -> Bool
    ) {
        var start = range.lowerBound
        for sequence in listed.keys.filter(range.contains).sorted() {
            if start < sequence {
                found.append(
                    LostRecords(sequences: start...(sequence - 1), collection: nil, name: nil)
                )
            }
            if let record = listed[sequence], isWanted(record) { add(record) }
            start = sequence + 1
        }
        guard start < range.upperBound else { return }
        found.append(
            LostRecords(sequences: start...(range.upperBound - 1), collection: nil, name: nil)
        )
    }
}
