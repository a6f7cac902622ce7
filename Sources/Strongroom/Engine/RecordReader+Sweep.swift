import ArchiveFileIO
import ArchiveFormat

extension RecordReader {
    /// In which order the places of a sweep are.
    enum SweepOrder {
        /// Frame behind frame, as the log has them.
        case storage
        /// Any.
        case scattered

        /// Records whose packs one thread opens before it asks for more.
        fileprivate var unit: Int { self == .storage ? 256 : 8 }
    }

    /// Opens the packs of the records of `runs` on all processors and hands the records over in order,
    /// until `visit` answers false; tells whether it did not.
    ///
    /// What comes next is opened while `visit` has what came before. Memory holds what is opened: for
    /// each processor and each of four units ahead 1 MB, or a pack that is larger. A body lends the memory
    /// of its pack.
    func sweep(
        _ runs: [PlaceRun],
        _ order: SweepOrder,
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws -> Bool {
        guard let first = runs.first else { return true }
        let spare = SparePacks()
        var record = Record(entry: RecordEntry(), place: first.first)
        do {
            try WorkerTeam.inOrder(
                Self.units(of: runs[...], order),
                threadCount: WorkerTeam.processorCount,
                ahead: Self.unitsAhead
            ) { _, unit throws(SweepEnd) in
                open(unit, order, spare)
            } _: { opened throws(SweepEnd) in
                var opened = opened
                while true {
                    try hand(over: opened, in: &record, to: visit)
                    let rest = opened.rest
                    spare.give(back: opened.packs)
                    guard !rest.isEmpty else { return }
                    opened = open(rest, order, spare)
                }
            }
            return true
        } catch {
            guard let cause = error.cause else { return false }
            throw cause
        }
    }

    private func open(
        _ runs: ArraySlice<PlaceRun>,
        _ order: SweepOrder,
        _ spare: SparePacks
    ) -> OpenedPacks {
        openPacks(
            runs,
            readsAhead: order == .storage,
            byteLimit: Self.unitPlainByteCount,
            spare
        )
    }

    /// Decodes the records one by one where the one before was: nothing is copied that both have.
    private func hand(
        over opened: OpenedPacks,
        in record: inout Record,
        to visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws(SweepEnd) {
        let (packs, runs) = (opened.packs.span, opened.runs)
        var next = runs.startIndex
        do {
            for index in packs.indices {
                let first = runs[next].first
                packs[index].lendCommons(to: &record.entry)
                while next < runs.endIndex, runs[next].first.isInPack(of: first) {
                    try Self.hand(over: packs[index], runs[next], in: &record, to: visit)
                    next += 1
                }
            }
            if let failure = opened.failure { throw failure }
        } catch let end as SweepEnd {
            throw end
        } catch {
            throw SweepEnd(cause: error)
        }
    }

    // The pack is borrowed: what an array lends is copied where it is used, for each record.
    private static func hand(
        over pack: borrowing Pack,
        _ run: PlaceRun,
        in record: inout Record,
        to visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws {
        for place in run.places {
            try decode(pack, place, into: &record)
            let body = record.entry.hasInlineBody ? pack.bytes[pack.slots[place.slot].body] : nil
            guard try visit(record, body) else { throw SweepEnd() }
        }
    }

    /// Why a sweep ends before its last record; without a cause nobody wants more.
    private struct SweepEnd: Error {
        var cause: (any Error)?
    }

    private static let unitsAhead = 4
    /// Plaintext that a unit opens at a time.
    private static let unitPlainByteCount = 1 << 20
    /// A unit ends where it is so long in the log, or in the middle of no pack.
    private static let unitByteCount: UInt64 = 1 << 18

    private static func units(
        of runs: ArraySlice<PlaceRun>,
        _ order: SweepOrder
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
