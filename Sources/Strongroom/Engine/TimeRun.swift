import ArchiveBytes
import ArchiveFormat
import ArchiveIndex

/// Record versions that were recorded together, stand one behind the other in one pack, and have
/// numbers that follow each other: they share an entry of the table of times.
///
/// Where a run is cut says nothing: two runs that follow each other hold the same as one.
struct TimeRun {
    /// The key of the entry before the number.
    let stem: [UInt8]
    /// Where the first record version is; its number too.
    let first: RecordPlace
    private(set) var count: UInt64

    /// The run of one record version that was recorded at the time of a stem.
    init(_ first: RecordPlace, stem: [UInt8]) {
        self.stem = stem
        self.first = first
        count = 1
    }

    /// The run of one record version.
    init(_ first: RecordPlace, recorded: Timestamp) {
        self.init(first, stem: Self.stem(of: recorded))
    }

    /// What the keys of runs of one time begin with.
    static func stem(of recorded: Timestamp) -> [UInt8] {
        var stem = [IndexKeys.Table.time.rawValue]
        IndexKeys.append(recorded, to: &stem)
        return stem
    }

    /// The run that an entry holds.
    init(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(DecodingError) {
        (first, count) = try Self.places(key, value)
        stem = Array(copying: key.extracting(..<IndexKeys.byteCountBeforeSequence(key)))
    }

    /// Where the first record version of the run that an entry holds is, and how many there are.
    static func places(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>
    ) throws(DecodingError) -> (first: RecordPlace, count: UInt64) {
        let value = try IndexValue(value, sequence: IndexKeys.sequence(key))
        guard value.note < UInt64(Limits.recordsPerPack) else { throw .overLimit }
        return (value.place, value.note + 1)
    }

    /// Where a record version of the run is.
    func place(of sequence: UInt64) -> RecordPlace? {
        guard sequence >= first.sequence, sequence - first.sequence < count else { return nil }
        var place = first
        place.sequence = sequence
        place.slot += Int(sequence - first.sequence)
        return place
    }

    /// Takes the record version at a place in, if it follows those of the run.
    mutating func extend(by place: RecordPlace) -> Bool {
        guard place.isInPack(of: first), place.sequence == first.sequence + count,
            place.slot == first.slot + Int(count)
        else { return false }
        count += 1
        return true
    }

    /// Adds the entry; `value` is scratch memory.
    func append(to builder: inout RunBuilder, _ value: inout [UInt8]) {
        value.removeAll(keepingCapacity: true)
        IndexValue(first, note: count - 1).encode(appendingTo: &value)
        builder.append(value: value.span) { key in
            key.append(copying: stem.span)
            IndexKeys.append(sequence: first.sequence, to: &key)
        }
    }

    /// Adds an entry for each record version, as if each were a run of its own.
    func appendEach(to builder: inout RunBuilder, _ value: inout [UInt8]) {
        for sequence in first.sequence..<(first.sequence + count) {
            guard let place = place(of: sequence) else { return }
            value.removeAll(keepingCapacity: true)
            IndexValue(place).encode(appendingTo: &value)
            builder.append(value: value.span) { key in
                key.append(copying: stem.span)
                IndexKeys.append(sequence: sequence, to: &key)
            }
        }
    }
}

/// Makes the index's entries of the record versions of a batch.
struct RecordIndexer {
    private let segment: SegmentNumber
    private var run: TimeRun?
    /// The time of the record version before, and what runs of it begin with: all of a batch share them.
    private var recorded: Timestamp?
    private var stem: [UInt8] = []
    private var value: [UInt8] = []

    init(_ segment: SegmentNumber) { self.segment = segment }

    /// Adds a record version; those of a pack should come in order.
    mutating func append(_ record: borrowing DirectoryRecord, to builder: inout RunBuilder) {
        IndexKeys.append(record, in: segment, to: &builder, &value)
        let place = RecordPlace(record, in: segment)
        let time = record.recorded
        if recorded == time, run?.extend(by: place) == true { return }
        finish(to: &builder)
        if recorded != time { stem = TimeRun.stem(of: time) }
        run = TimeRun(place, stem: stem)
        recorded = time
    }

    /// Adds what waits for a record version that would follow.
    mutating func finish(to builder: inout RunBuilder) {
        run?.append(to: &builder, &value)
        run = nil
    }
}

extension IndexSnapshot {
    /// The run that holds the record version whose key in the table of times would be `key`.
    func timeRun(holding key: Span<UInt8>) throws -> TimeRun? {
        var behind = Array(copying: key)
        behind.append(0)
        var entry = IndexEntry()
        guard try last(before: behind.span, into: &entry), entry.key.first == key[0] else {
            return nil
        }
        let run = try TimeRun(entry.key.span, entry.value.span)
        let stem = key.extracting(..<IndexKeys.byteCountBeforeSequence(key))
        guard run.stem.span.isEqual(to: stem), run.place(of: IndexKeys.sequence(key)) != nil else {
            return nil
        }
        return run
    }
}
