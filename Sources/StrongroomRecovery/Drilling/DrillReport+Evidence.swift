// What a drill measured, step by step and against what was wanted.
extension DrillReport {
    /// What was wanted and what was measured.
    public struct Objective: Equatable, Sendable {
        /// The longest that is acceptable.
        public let target: Duration
        /// What it was; nil if the drill did not come so far.
        public let measured: Duration?

        /// Whether it is met; nil if nothing was measured.
        public var isMet: Bool? { measured.map { $0 <= target } }
    }

    /// One step on the way, in time since the drill began.
    public struct Phase: Equatable, Sendable {
        /// What was done, in a word.
        public let name: String
        /// When it began.
        public let start: Duration
        /// When it ended.
        public internal(set) var end: Duration
    }

    /// A check of the user's own, run on what came back.
    public struct Check: Equatable, Sendable {
        /// The program's name, without its arguments, which may hold what is nobody's business.
        public let program: String
        /// Its exit status; nil if it could not be started or did not end in time.
        public let status: Int?
        /// How long it ran.
        public let duration: Duration
    }

    /// The code of a reason: an objective was missed.
    static let objectiveReason = "objective"
    /// The code of a reason: a check of the user's own.
    static let checkReason = "check"

    /// Holds what was measured against what was wanted; a missed objective fails the drill.
    mutating func judge(_ options: Drill.Options) {
        if let target = options.recoveryTimeObjective {
            let objective = Objective(target: target, measured: timeToVerified)
            recoveryTime = objective
            judge(objective, "recovering and verifying took")
        }
        if let target = options.recoveryPointObjective {
            let objective = Objective(
                target: target,
                measured: timeToVerified == nil ? nil : lossWindow
            )
            recoveryPoint = objective
            judge(objective, "the loss window is")
        }
    }

    private mutating func judge(_ objective: Objective, _ what: String) {
        guard let measured = objective.measured, objective.isMet == false else { return }
        let target = Self.text(objective.target)
        var shown = Self.text(measured)
        // What was missed by a little does not look met.
        if shown == target { shown = Self.text(measured, isRoundedUp: true) }
        conclude(.failed, Self.objectiveReason, "\(what) \(shown), the objective is \(target)")
    }

    /// Below a minute with three digits after the point, else in units down to seconds.
    private static func text(_ duration: Duration, isRoundedUp: Bool = false) -> String {
        let milliseconds = duration.microseconds / 1_000
        guard milliseconds >= 60_000 else {
            let digits = String(milliseconds % 1_000)
            return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - digits.count)
                + digits + " s"
        }
        var rest = (milliseconds + (isRoundedUp ? 999 : 500)) / 1_000
        var words: [String] = []
        for (unit, size) in [("d", 86_400), ("h", 3_600), ("min", 60), ("s", Int64(1))] {
            if rest >= size { words.append("\(rest / size) \(unit)") }
            rest %= size
        }
        return words.joined(separator: " ")
    }
}
