import ArchiveBytes
import ArchiveFormat

/// Where record versions are that stand one behind the other in one pack and have numbers that follow
/// each other.
struct PlaceRun: Sendable {
    let first: RecordPlace
    private(set) var count: Int

    init(_ first: RecordPlace, count: Int = 1) {
        self.first = first
        self.count = count
    }

    /// The record versions that an entry of any table of the index leads to.
    init(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(DecodingError) {
        if key[0] == IndexKeys.Table.time.rawValue {
            let (first, count) = try TimeRun.places(key, value)
            self.init(first, count: Int(count))
        } else {
            self.init(try IndexValue(value, sequence: IndexKeys.sequence(key)).place)
        }
    }

    /// The places one by one.
    var places: some Sequence<RecordPlace> {
        (0..<count).lazy.map { [first] index in
            var place = first
            place.slot += index
            place.sequence += UInt64(index)
            return place
        }
    }

    /// Those of them whose numbers are not above `last`; nil if there are none.
    func upTo(_ last: UInt64) -> PlaceRun? {
        guard first.sequence <= last else { return nil }
        var run = self
        run.count = Int(min(UInt64(count) - 1, last - first.sequence)) + 1
        return run
    }
}
