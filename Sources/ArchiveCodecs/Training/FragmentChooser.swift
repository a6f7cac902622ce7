import ArchiveBytes

/// Chooses, from stretches of text all of whose parts are common, those that save most.
struct FragmentChooser {
    /// A stretch of the text, and the most that each of its bytes may save.
    private struct Candidate {
        var range: Range<Int>
        var bound: Double
    }

    /// Shorter than this saves too little.
    static let shortest = 10
    private static let longest = 2_048

    private let text: TrainingText
    private var counts: ShingleCounts
    private var candidates: [Candidate] = []

    /// Looks for what at least `subjectCount` subjects seem to share and `known` has not.
    init(_ text: TrainingText, subjectCount: Int, known: ArraySlice<UInt8>) {
        self.text = text
        counts = ShingleCounts(text)
        counts.clear(known)
        findCandidates(subjectCount)
    }

    /// Chooses fragments of `byteCount` bytes together, the best first.
    ///
    /// Greedy with a falling bar: what others have made superfluous is counted anew before it is taken.
    mutating func choose(byteCount: Int) -> [[UInt8]] {
        var chosen: [[UInt8]] = []
        var total = 0
        guard var bar = candidates.map(\.bound).max() else { return [] }
        while bar >= 4, total < byteCount {
            for index in candidates.indices where candidates[index].bound >= bar {
                let (range, worth) = trimmed(candidates[index].range)
                candidates[index].bound = worth
                guard worth >= bar else { continue }
                candidates[index].bound = 0
                take(range)
                chosen.append(Array(text.bytes[range]))
                total += range.count + 1
                if total >= byteCount { break }
            }
            candidates.removeAll { $0.bound < 4 }
            bar = min(bar * 0.8, candidates.map(\.bound).max() ?? 0)
        }
        return chosen
    }

    private mutating func findCandidates(_ subjectCount: Int) {
        let (text, counts) = (text, counts)
        let bytes = text.bytes.span
        let length = ShingleCounts.length
        var start: Int?
        var clean = 0
        for end in bytes.indices {
            if bytes[end] == 0 { clean = end + 1 }
            let first = end - length + 1
            let isCommon =
                first >= clean
                && counts.subjectCount(counts.place(of: bytes, at: first)) >= subjectCount
            if isCommon, start == nil { start = first }
            guard let from = start, !isCommon || end + 1 - from >= Self.longest else { continue }
            add(from..<(isCommon ? end + 1 : end))
            start = nil
        }
    }

    private mutating func add(_ range: Range<Int>) {
        guard range.count >= Self.shortest else { return }
        let worth = trimmed(range).worth
        if worth > 0 { candidates.append(Candidate(range: range, bound: worth)) }
    }

    /// The stretch without what the dictionary has at its ends, and what each byte of it would save.
    private func trimmed(_ range: Range<Int>) -> (range: Range<Int>, worth: Double) {
        let bytes = text.bytes.span
        let length = ShingleCounts.length
        var (first, last, sum) = (-1, -1, 0)
        for index in range.lowerBound...(range.upperBound - length) {
            let count = counts.occurrences(counts.place(of: bytes, at: index))
            guard count > 0 else { continue }
            if first < 0 { first = index }
            last = index
            sum += count
        }
        guard first >= 0, last + length - first >= Self.shortest else { return (range, 0) }
        let kept = first..<(last + length)
        return (kept, Double(sum) / Double(kept.count + length))
    }

    private mutating func take(_ range: Range<Int>) {
        let text = text
        let bytes = text.bytes.span
        for index in range.lowerBound...(range.upperBound - ShingleCounts.length) {
            let place = counts.place(of: bytes, at: index)
            counts.clear(place)
        }
    }
}
