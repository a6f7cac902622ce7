import ArchiveFileIO
import Synchronization

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
    /// Memory holds what is opened: at most that of `places`, or some 4 MB and what one unit for each
    /// thread goes beyond it.
    func sweep(
        _ places: [RecordPlace],
        _ order: SweepOrder,
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws -> Bool {
        var rest = places[...]
        while !rest.isEmpty {
            for unit in open(rest, order) {
                // A span lends the records; a loop over the array would copy each.
                let records = unit.records.span
                for index in records.indices
                where try !visit(records[index].record, records[index].inlineBody) {
                    return false
                }
                if let failure = unit.failure { throw failure }
                rest = rest.dropFirst(unit.records.count)
            }
        }
        return true
    }

    /// Opens as many of `places` as memory is for, one at least in units.
    private func open(
        _ places: ArraySlice<RecordPlace>,
        _ order: SweepOrder
    ) -> [OpenedRecords] {
        let units = Self.units(of: places, order)
        let next = Atomic(0)
        let byteCount = Atomic(0)
        let outcomes = Mutex(Array(repeating: OpenedRecords(), count: units.count))
        WorkerTeam.perform(min(WorkerTeam.processorCount, units.count)) { _ in
            while byteCount.load(ordering: .relaxed) < Self.sweepByteCount {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < units.count else { return }
                let opened = open(units[index], readAhead: order.readAhead)
                let opening = opened.records.reduce(0) { $0 + ($1.inlineBody?.count ?? 0) }
                byteCount.add(opening, ordering: .relaxed)
                outcomes.withLock { $0[index] = opened }
            }
        }
        return outcomes.withLock { $0 }
    }

    private static let sweepByteCount = 4 << 20
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
