/// What the rules make of snapshots.
///
/// It only computes, on the engine's order and the times that can be believed.
struct KeepDecision {
    /// What the rules look at.
    struct Candidate: Sendable {
        let id: String
        /// When it claims to have been made, in microseconds since 1970.
        let time: Int64
        /// When the vault got it, by the vault's own clock.
        var arrival: Int64?
        /// Nil if nothing that is known tells.
        var label: String?
        /// Why it may not go, if somebody holds it.
        var hold: String?
    }

    /// Why a snapshot stays, and until when that holds without it being looked at again.
    struct Reason: Equatable, Sendable {
        let text: String
        /// In microseconds since 1970; nil if it has no end that can be told.
        let until: Int64?
        /// Whether only a person ends it.
        var isHold = false
    }

    /// For each snapshot, by id, why it stays; empty if it may go.
    private(set) var reasons: [String: [Reason]] = [:]
    /// Those whose time contradicts the others'.
    private(set) var doubtful: [String] = []

    /// Decides for snapshots in the engine's order, oldest first.
    init(_ candidates: [Candidate], _ rules: KeepRules, now: Int64) {
        let times = WitnessedTimes(candidates.map { ($0.time, $0.arrival) }, now: now).times
        for (candidate, time) in zip(candidates, times) {
            reasons[candidate.id] = []
            if time == nil {
                doubtful.append(candidate.id)
                keep(candidate.id, "its time contradicts the others: look at it yourself")
            }
            if let hold = candidate.hold {
                reasons[candidate.id, default: []].append(
                    Reason(text: "held: \(hold)", until: nil, isHold: true)
                )
            }
            if let label = candidate.label, rules.tagged.contains(label) {
                keep(candidate.id, "tagged \(label)")
            }
        }
        if let newest = candidates.last { keep(newest.id, "the newest") }
        // Doubtful ones stay and take nobody's place.
        let sound = zip(candidates, times).compactMap { candidate, time in
            time.map { (id: candidate.id, time: $0) }
        }
        for (place, snapshot) in sound.suffix(max(0, rules.last)).reversed().enumerated() {
            keep(snapshot.id, "last \(place + 1) of \(rules.last)")
        }
        if let within = rules.within, let newest = sound.last {
            let span = within.components.seconds * 1_000_000
            for snapshot in sound where newest.time - snapshot.time < span {
                keep(snapshot.id, "younger than the rule says", until: snapshot.time + span)
            }
        }
        for (period, count) in rules.periods { keep(sound, period, count) }
    }

    private mutating func keep(
        _ sound: [(id: String, time: Int64)],
        _ period: Period,
        _ count: Int
    ) {
        var seen = 0
        var last: Int64?
        for snapshot in sound.reversed() {
            let number = period.number(of: snapshot.time)
            guard number != last else { continue }
            // The one that stands for a period which is not over may be replaced at any time.
            let isOpen = last == nil
            last = number
            seen += 1
            guard seen <= count else { return }
            keep(
                snapshot.id,
                "\(period.rule) \(seen) of \(count): \(period.name(of: snapshot.time))",
                until: isOpen ? nil : period.start(of: number + Int64(count))
            )
        }
    }

    private mutating func keep(_ id: String, _ text: String, until: Int64? = nil) {
        reasons[id, default: []].append(Reason(text: text, until: until))
    }
}
