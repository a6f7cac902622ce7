import ArchiveFileIO
import ArchiveFormat

extension RecordReader {
    /// In which order the places of a sweep are.
    enum SweepOrder {
        /// Frame behind frame, as the log has them.
        case storage
        /// Any.
        case scattered

        /// Places that one thread opens before it asks for more.
        fileprivate var unit: Int { self == .storage ? 256 : 16 }
    }

    /// Opens the packs of the records at `places` on all processors and hands the records over in order,
    /// until `visit` answers false; tells whether it did not.
    ///
    /// What comes next is opened while `visit` has what came before. Memory holds what is opened: for
    /// each processor and each of four units ahead 1 MB, or a pack that is larger. A body lends the memory
    /// of its pack.
    func sweep(
        _ places: [RecordPlace],
        _ order: SweepOrder,
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws -> Bool {
        guard let first = places.first else { return true }
        let spare = SparePacks()
        var record = Record(entry: RecordEntry(), place: first)
        do {
            try WorkerTeam.inOrder(
                Self.units(of: places[...], order),
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
        _ places: ArraySlice<RecordPlace>,
        _ order: SweepOrder,
        _ spare: SparePacks
    ) -> OpenedPacks {
        openPacks(
            places,
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
        let (packs, places) = (opened.packs.span, opened.places)
        var next = places.startIndex
        do {
            for pack in packs.indices {
                let first = places[next]
                while next < places.endIndex, places[next].isInPack(of: first) {
                    let place = places[next]
                    next += 1
                    try Self.decode(packs[pack], place, into: &record)
                    let body =
                        record.entry.body == .inline
                        ? packs[pack].bytes[packs[pack].slots[place.slot].body] : nil
                    guard try visit(record, body) else { throw SweepEnd() }
                }
            }
            if let failure = opened.failure { throw failure }
        } catch let end as SweepEnd {
            throw end
        } catch {
            throw SweepEnd(cause: error)
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
        of places: ArraySlice<RecordPlace>,
        _ order: SweepOrder
    ) -> [ArraySlice<RecordPlace>] {
        var units: [ArraySlice<RecordPlace>] = []
        var start = places.startIndex
        for index in places.indices.dropFirst() {
            let (first, before, place) = (places[start], places[index - 1], places[index])
            let isLong =
                place.segment != first.segment
                || place.frameOffset &- first.frameOffset >= unitByteCount
            guard index - start >= order.unit || (order == .storage && isLong),
                !place.isInPack(of: before)
            else { continue }
            units.append(places[start..<index])
            start = index
        }
        units.append(places[start...])
        return units
    }
}
