/// Decides what a power loss leaves of everything that was not synchronized.
///
/// The simulation asks one question at a time, always in the same order for the same history, and
/// lists the possible answers from the oldest state to the newest. So an oracle that answers from a
/// seed repeats itself, and one that counts through all answers is exhaustive.
package protocol CrashOracle {
    /// Picks one of `count` possible states: 0 is what was durable, `count - 1` the newest.
    mutating func pick(from count: Int) -> Int

    /// How many bytes of a sector's new version reach the disk over its old one; nil for all.
    mutating func tear(sectorByteCount: Int) -> Int?
}

extension CrashOracle {
    // Disks promise whole sectors; only an oracle that says otherwise takes that away.
    package mutating func tear(sectorByteCount: Int) -> Int? { nil }
}

/// Nothing that was not synchronized is left.
package struct DroppingOracle: CrashOracle {
    package init() {}
    package mutating func pick(from count: Int) -> Int { 0 }
}

/// Everything is left, as if the kernel had written all back in time.
package struct KeepingOracle: CrashOracle {
    package init() {}
    package mutating func pick(from count: Int) -> Int { count - 1 }
}

/// Answers from a seed.
///
/// The seed also decides whether this power loss keeps little, half or much.
package struct SeededOracle: CrashOracle {
    private var generator: SeededGenerator
    private let keptPercentage: Int
    private let tearsSectors: Bool

    package init(seed: UInt64, tearsSectors: Bool = false) {
        var generator = SeededGenerator(seed: seed)
        keptPercentage = [5, 30, 50, 70, 95].randomElement(using: &generator) ?? 50
        self.generator = generator
        self.tearsSectors = tearsSectors
    }

    package mutating func pick(from count: Int) -> Int {
        guard count > 1 else { return 0 }
        guard Int.random(in: 0..<100, using: &generator) < keptPercentage else { return 0 }
        return Int.random(in: 1..<count, using: &generator)
    }

    package mutating func tear(sectorByteCount: Int) -> Int? {
        guard tearsSectors, Bool.random(using: &generator) else { return nil }
        return Int.random(in: 0..<sectorByteCount, using: &generator)
    }
}

/// Goes through every combination of answers: ask once, then `advance()` until it is false.
package struct ExhaustiveOracle: CrashOracle {
    private var answers: [(answer: Int, count: Int)] = []
    private var position = 0

    package init() {}

    package mutating func pick(from count: Int) -> Int {
        guard count > 1 else { return 0 }
        if position == answers.count { answers.append((0, count)) }
        precondition(answers[position].count == count, "the same history asks the same questions")
        defer { position += 1 }
        return answers[position].answer
    }

    /// Moves on to the next combination; false once all were given.
    package mutating func advance() -> Bool {
        position = 0
        while let last = answers.last {
            if last.answer + 1 < last.count {
                answers[answers.count - 1].answer += 1
                return true
            }
            answers.removeLast()
        }
        return false
    }
}
