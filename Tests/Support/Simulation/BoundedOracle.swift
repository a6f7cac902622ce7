/// Goes through every combination of answers if there are few; else through every combination of the
/// answers to some questions that a seed picks, with the others answered from the seed.
///
/// Use it like ``ExhaustiveOracle``: ask once, then `advance()` until it is false.
package struct BoundedOracle: CrashOracle {
    /// Questions that are gone through at most; with two answers each, 64 combinations.
    private let freeLimit: Int
    private let seed: UInt64
    private var counts: [Int] = []
    private var free: [Int: Int] = [:]
    private var position = 0
    private var isKnown = false

    /// Makes an oracle that varies up to `freeLimit` answers.
    package init(freeLimit: Int = 6, seed: UInt64) {
        self.freeLimit = freeLimit
        self.seed = seed
    }

    package mutating func pick(from count: Int) -> Int {
        guard count > 1 else { return 0 }
        defer { position += 1 }
        if position == counts.count { counts.append(count) }
        if let answer = free[position] { return min(answer, count - 1) }
        guard isKnown, counts.count > freeLimit else { return 0 }
        var generator = SeededGenerator(seed: seed &+ UInt64(position))
        return Int.random(in: 0..<count, using: &generator)
    }

    /// Moves on to the next combination; false once all were given.
    package mutating func advance() -> Bool {
        position = 0
        if !isKnown {
            isKnown = true
            var generator = SeededGenerator(seed: seed)
            let picked = counts.indices.shuffled(using: &generator).prefix(freeLimit)
            for question in picked { free[question] = 0 }
            // The first round has answered all with 0, which is the first combination of few.
            if counts.count > freeLimit { return true }
        }
        for question in free.keys.sorted() {
            // A later answer depends on an earlier one: what is not asked any more has two.
            let count = question < counts.count ? counts[question] : 2
            if free[question, default: 0] + 1 < count {
                free[question, default: 0] += 1
                return true
            }
            free[question] = 0
        }
        return false
    }
}
