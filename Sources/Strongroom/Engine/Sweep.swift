import ArchiveFileIO
import ArchiveFormat

/// Visits the records of many places: packs are opened on all processors, and the records handed over in
/// order on the caller's thread.
///
/// What comes next is opened while the caller has what came before. Memory holds what is opened: for
/// each processor and each of four units ahead 1 MB, or a pack that is larger; it goes round, from places
/// to places as well.
struct Sweep {
    /// In which order the places are.
    enum Order {
        /// Frame behind frame, as the log has them.
        case storage
        /// Any.
        case scattered

        /// Records whose packs one thread opens before it asks for more.
        fileprivate var unit: Int { self == .storage ? 256 : 8 }
    }

    private let reader: RecordReader
    private let order: Order
    private let spare = SparePlaintexts()
    /// The pack whose records are visited, where the one before was.
    private var pack = Pack()
    /// The record that is visited, where the one before was: nothing is copied that both have.
    private var record = Record(
        entry: RecordEntry(),
        place: RecordPlace(segment: SegmentNumber(0), frameOffset: 0, slot: 0)
    )

    init(_ reader: RecordReader, _ order: Order) {
        self.reader = reader
        self.order = order
    }

    /// Hands over the records of `runs` until `visit` answers false; tells whether it did not.
    ///
    /// A body lends the memory of its pack.
    mutating func visit(
        _ runs: [PlaceRun],
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws -> Bool {
        guard !runs.isEmpty else { return true }
        let (reader, order, spare) = (reader, order, spare)
        do {
            try WorkerTeam.inOrder(
                Self.units(of: runs[...], order),
                threadCount: WorkerTeam.processorCount,
                ahead: Self.unitsAhead
            ) { _, unit throws(End) in
                reader.open(unit, order, spare)
            } _: { opened throws(End) in
                var opened = opened
                while true {
                    try hand(over: &opened, to: visit)
                    let rest = opened.rest
                    spare.give(back: opened.plaintexts)
                    guard !rest.isEmpty else { return }
                    opened = reader.open(rest, order, spare)
                }
            }
            return true
        } catch {
            guard let cause = error.cause else { return false }
            throw cause
        }
    }

    private mutating func hand(
        over opened: inout OpenedPacks,
        to visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws(End) {
        do {
            let runs = opened.runs
            var next = runs.startIndex
            for index in opened.plaintexts.indices {
                let first = runs[next].first
                try pack.fill(with: opened.takePlaintext(index), from: first)
                while next < runs.endIndex, runs[next].first.isInPack(of: first) {
                    try hand(over: runs[next], to: visit)
                    next += 1
                }
                opened.giveBack(pack.emptied(), index)
            }
            if let failure = opened.failure { throw failure }
        } catch let end as End {
            throw end
        } catch {
            throw End(cause: error)
        }
    }

    private mutating func hand(
        over run: PlaceRun,
        to visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws {
        for place in run.places {
            try RecordReader.decode(pack, place, into: &record)
            let body = record.entry.hasInlineBody ? pack.bytes[pack.slots[place.slot].body] : nil
            guard try visit(record, body) else { throw End() }
        }
    }

    /// Why a sweep ends before its last record; without a cause nobody wants more.
    private struct End: Error {
        var cause: (any Error)?
    }

    private static let unitsAhead = 4
    /// Plaintext that a unit opens at a time.
    fileprivate static let unitPlainByteCount = 1 << 20
    /// A unit ends where it is so long in the log, or in the middle of no pack.
    private static let unitByteCount: UInt64 = 1 << 18

    private static func units(
        of runs: ArraySlice<PlaceRun>,
        _ order: Order
    ) -> [ArraySlice<PlaceRun>] {
        var units: [ArraySlice<PlaceRun>] = []
        var (start, recordCount) = (runs.startIndex, 0)
        for index in runs.indices.dropFirst() {
            recordCount += runs[index - 1].count
            let (first, before, place) =
                (runs[start].first, runs[index - 1].first, runs[index].first)
            let isLong =
                place.segment != first.segment
                || place.frameOffset &- first.frameOffset >= unitByteCount
            guard recordCount >= order.unit || (order == .storage && isLong),
                !place.isInPack(of: before)
            else { continue }
            units.append(runs[start..<index])
            (start, recordCount) = (index, 0)
        }
        units.append(runs[start...])
        return units
    }
}

extension RecordReader {
    fileprivate func open(
        _ runs: ArraySlice<PlaceRun>,
        _ order: Sweep.Order,
        _ spare: SparePlaintexts
    ) -> OpenedPacks {
        openPacks(
            runs,
            readsAhead: order == .storage,
            byteLimit: Sweep.unitPlainByteCount,
            spare
        )
    }
}
