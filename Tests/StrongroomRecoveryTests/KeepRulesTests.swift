import ArchiveBytes
import Support
import Testing

@testable import StrongroomRecovery

private let hour: Int64 = 3_600_000_000
private let day = 24 * hour

@Suite struct `The rules that keep snapshots` {
    /// Says the rules once more, slowly: for each snapshot how many newer periods there are.
    private func model(_ times: [(id: String, time: Int64)], _ rules: KeepRules) -> Set<String> {
        func text(_ time: Int64, _ rule: String) -> String {
            let text = Timestamp(microseconds: time).description
            switch rule {
            case "hourly": return String(text.prefix(13))
            case "daily": return String(text.prefix(10))
            case "monthly": return String(text.prefix(7))
            case "yearly": return String(text.prefix(4))
            default:
                // The Monday on or before the day; 1970-01-05 was one.
                let days = time / day
                return String(days - (days - 4 + 7000) % 7)
            }
        }
        var kept: Set<String> = []
        if let newest = times.last { kept.insert(newest.id) }
        var newer: [String: Set<String>] = [:]
        for (place, snapshot) in times.reversed().enumerated() {
            if place < rules.last { kept.insert(snapshot.id) }
            if let within = rules.within, let newest = times.last,
                newest.time - snapshot.time < within.components.seconds * 1_000_000
            {
                kept.insert(snapshot.id)
            }
            for (rule, count) in [
                ("hourly", rules.hourly), ("daily", rules.daily), ("weekly", rules.weekly),
                ("monthly", rules.monthly), ("yearly", rules.yearly),
            ] {
                let own = text(snapshot.time, rule)
                let others = newer[rule, default: []]
                if !others.contains(own), others.count < count { kept.insert(snapshot.id) }
                newer[rule, default: []].insert(own)
            }
        }
        return kept
    }

    private func kept(
        _ snapshots: [(id: String, time: Int64)],
        _ rules: KeepRules,
        now: Int64
    ) -> Set<String> {
        let decision = KeepDecision(
            snapshots.map { KeepDecision.Candidate(id: $0.id, time: $0.time) },
            rules,
            now: now
        )
        return Set(decision.reasons.filter { !$0.value.isEmpty }.keys)
    }

    private static let usual: KeepRules = {
        var rules = KeepRules()
        rules.last = 3
        rules.hourly = 24
        rules.daily = 14
        rules.weekly = 8
        rules.monthly = 12
        rules.yearly = 2
        return rules
    }()

    /// 2025-12-29, a Monday, so that week, month and year end at different times.
    private static let start: Int64 = 20_451 * day

    @Test func `keep of a year of hourly snapshots, pruned every night, what the model keeps`() {
        var left: [(id: String, time: Int64)] = []
        var all: [(id: String, time: Int64)] = []
        for number in 0..<(366 * 24) {
            let time = Self.start + Int64(number) * hour + Int64(number % 7) * 60_000_000
            left.append(("\(number)", time))
            all.append(("\(number)", time))
            guard number % 24 == 3 else { continue }
            let kept = kept(left, Self.usual, now: time)
            left.removeAll { !kept.contains($0.id) }
            #expect(kept == model(left, Self.usual))
            // The model of everything there ever was is slow, and says the same.
            if number % (100 * 24) == 3 { #expect(kept == model(all, Self.usual), "\(number)") }
        }
        #expect(left.count > 50)
        #expect(left.count < 24 + 14 + 8 + 12 + 2 + 3 + 24)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `keep what the model keeps, whatever rules and times`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func pick(_ limit: UInt64) -> Int { Int(generator.next() % limit) }
        var rules = KeepRules()
        rules.last = pick(4)
        rules.hourly = pick(5)
        rules.daily = pick(5)
        rules.weekly = pick(4)
        rules.monthly = pick(4)
        rules.yearly = pick(3)
        if pick(2) == 1 { rules.within = .seconds(Int64(pick(4_000_000))) }
        var time = Self.start
        let snapshots = (0..<(1 + pick(60))).map { number in
            time += Int64(generator.next() % UInt64(12 * day))
            return (id: "\(number)", time: time)
        }
        #expect(kept(snapshots, rules, now: time) == model(snapshots, rules))
    }

    @Test(arguments: [false, true])
    func `never let a wrong clock push a good snapshot out`(isFuture: Bool) {
        var rules = KeepRules()
        rules.last = 5
        rules.daily = 10
        rules.monthly = 3
        rules.within = .seconds(3 * 86_400)
        let good = (0..<60).map { (id: "\($0)", time: Self.start + Int64($0) * 6 * hour) }
        let now = good.last.map(\.time) ?? 0
        let wanted = kept(good, rules, now: now)
        // Thirty snapshots of a client whose clock is wrong, each for a day, a month and a year of its
        // own, among and behind the good ones.
        var mixed: [(id: String, time: Int64)] = []
        for (index, snapshot) in good.enumerated() {
            mixed.append(snapshot)
            guard index >= 30 else { continue }
            let wrong =
                isFuture
                ? now + day + Int64(index) * 400 * day
                : Self.start - Int64(index) * 40 * day
            mixed.append(("wrong \(index)", wrong))
        }
        let found = kept(mixed, rules, now: now)
        #expect(found.isSuperset(of: wanted))
        #expect(Set(found.filter { !$0.hasPrefix("wrong") }) == wanted)
    }

    @Test func `believe the vault's clock where a snapshot claims the future`() {
        var rules = KeepRules()
        rules.daily = 2
        let candidates = (0..<4).map { number in
            KeepDecision.Candidate(
                id: "\(number)",
                time: Self.start + Int64(number) * day + (number >= 2 ? 5_000 * day : 0),
                arrival: Self.start + Int64(number) * day + 60_000_000
            )
        }
        let decision = KeepDecision(candidates, rules, now: Self.start + 10_000 * day)
        #expect(decision.doubtful.isEmpty)
        #expect(decision.reasons.filter { !$0.value.isEmpty }.keys.sorted() == ["2", "3"])
    }

    @Test func `keep what is held or tagged, and say why`() {
        var rules = KeepRules()
        rules.last = 1
        rules.tagged = ["audit"]
        var candidates = (0..<4).map { number in
            KeepDecision.Candidate(id: "\(number)", time: Self.start + Int64(number) * day)
        }
        candidates[0].hold = "case 7"
        candidates[1].label = "audit"
        let decision = KeepDecision(candidates, rules, now: Self.start + 10 * day)
        #expect(decision.reasons["0"]?.map(\.text) == ["held: case 7"])
        #expect(decision.reasons["1"]?.map(\.text) == ["tagged audit"])
        #expect(decision.reasons["2"] == [])
        #expect(decision.reasons["3"]?.map(\.text) == ["the newest", "last 1 of 1"])
    }
}
