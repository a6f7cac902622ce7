/// Which of the times that snapshots claim can be believed.
///
/// Snapshots are in the engine's order, which nobody can change without the archive's key; times come
/// from the clocks of machines. A snapshot was made no later than it came to the vault, and no later
/// than the ones behind it. Of claims that contradict each other the largest set is believed that does
/// not; the others are doubtful, so that a clock that was set wrong, back or forth, decides nothing.
struct WitnessedTimes {
    /// How far honest clocks may be apart.
    static let slack: Int64 = 15 * 60 * 1_000_000

    /// For each snapshot its time in microseconds since 1970; nil where it is doubtful.
    let times: [Int64?]

    /// `claims` are in the engine's order, each with when the vault got the snapshot, if it tells.
    init(_ claims: [(claim: Int64, arrival: Int64?)], now: Int64) {
        let values = claims.map { claim, arrival in
            guard let arrival, claim - Self.slack > arrival else { return claim }
            return arrival
        }
        let limit = now.addingReportingOverflow(Self.slack).partialValue
        let plausible = values.indices.filter { values[$0] <= limit }
        let believed = Self.longestRise(plausible.map { values[$0] }).map { plausible[$0] }
        var times = [Int64?](repeating: nil, count: values.count)
        for index in believed { times[index] = values[index] }
        self.times = times
    }

    /// The places of the longest part of a list that never falls.
    private static func longestRise(_ values: [Int64]) -> [Int] {
        // The place of the smallest last value of a rise of each length, and what comes before each.
        var ends: [Int] = []
        var before = [Int?](repeating: nil, count: values.count)
        for (place, value) in values.enumerated() {
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if values[ends[middle]] <= value { low = middle + 1 } else { high = middle }
            }
            before[place] = low > 0 ? ends[low - 1] : nil
            if low < ends.count { ends[low] = place } else { ends.append(place) }
        }
        var rise: [Int] = []
        var next = ends.last
        while let place = next {
            rise.append(place)
            next = before[place]
        }
        return rise.reversed()
    }
}
