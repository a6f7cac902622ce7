import ArchiveFileIO

extension RecordReader {
    /// In which order the places of a sweep are.
    enum SweepOrder {
        /// Frame behind frame, as the log has them.
        case storage
        /// Any.
        case scattered

        /// Bytes of log that are read at a time.
        fileprivate var readAhead: Int? { self == .storage ? 256 << 10 : nil }
        /// Places that one thread opens before it asks for more.
        fileprivate var unit: Int { self == .storage ? 256 : 16 }
    }

    /// Opens the records at `places` on all processors and hands them over in order, until `visit`
    /// answers false; tells whether it did not.
    ///
    /// What comes next is opened while `visit` has what came before. Memory holds what is opened: for
    /// each processor and each of four units ahead 1 MB, or a pack that is larger.
    func sweep(
        _ places: [RecordPlace],
        _ order: SweepOrder,
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws -> Bool {
        do {
            try WorkerTeam.inOrder(
                Self.units(of: places[...], order),
                threadCount: WorkerTeam.processorCount,
                ahead: Self.unitsAhead
            ) { _, unit throws(SweepEnd) in
                open(unit, order)
            } _: { opened throws(SweepEnd) in
                try hand(over: opened, order, to: visit)
            }
            return true
        } catch {
            guard let cause = error.cause else { return false }
            throw cause
        }
    }

    private func open(
        _ places: ArraySlice<RecordPlace>,
        _ order: SweepOrder
    ) -> OpenedRecords {
        open(places, readAhead: order.readAhead, byteLimit: Self.unitPlainByteCount)
    }

    private func hand(
        over first: OpenedRecords,
        _ order: SweepOrder,
        to visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws(SweepEnd) {
        var opened = first
        while true {
            do {
                // A span lends the records; a loop over the array would copy each.
                let records = opened.records.span
                for index in records.indices
                where try !visit(records[index].record, records[index].inlineBody) {
                    throw SweepEnd()
                }
                if let failure = opened.failure { throw failure }
            } catch let end as SweepEnd {
                throw end
            } catch {
                throw SweepEnd(cause: error)
            }
            guard !opened.rest.isEmpty else { return }
            opened = open(opened.rest, order)
        }
    }

    /// Why a sweep ends before its last record; without a cause nobody wants more.
    private struct SweepEnd: Error {
        var cause: (any Error)?
    }

    private static let unitsAhead = 4
    /// Bodies that a unit opens at a time.
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
