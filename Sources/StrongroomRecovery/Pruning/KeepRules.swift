/// Which snapshots stay.
///
/// A snapshot that one rule keeps is kept. Periods are those of UTC; of each the newest snapshot
/// stands for it, and a period without a snapshot counts for nothing.
public struct KeepRules: Equatable, Sendable {
    /// So many of the newest.
    public var last = 0
    /// One of each of so many hours.
    public var hourly = 0
    /// One of each of so many days.
    public var daily = 0
    /// One of each of so many weeks, which begin on Monday.
    public var weekly = 0
    /// One of each of so many months.
    public var monthly = 0
    /// One of each of so many years.
    public var yearly = 0
    /// All that are younger than this, reckoned from the newest snapshot and not from a clock that may
    /// have been set wrong.
    public var within: Duration?
    /// All with one of these labels.
    public var tagged: [String] = []

    /// No rule, which keeps nothing and is refused.
    public init() {}

    /// Whether there is no rule.
    public var isEmpty: Bool { self == KeepRules() }

    /// The rules that take one snapshot of each period.
    var periods: [(Period, Int)] {
        [
            (.hour, hourly), (.day, daily), (.week, weekly), (.month, monthly), (.year, yearly),
        ].filter { $0.1 > 0 }
    }
}

extension KeepRules: CustomStringConvertible {
    /// The rules as the command line says them.
    public var description: String {
        var words: [String] = []
        for (name, count) in [
            ("last", last), ("hourly", hourly), ("daily", daily), ("weekly", weekly),
            ("monthly", monthly), ("yearly", yearly),
        ] where count > 0 { words.append("\(name) \(count)") }
        if let within { words.append("within \(within.components.seconds) s") }
        words += tagged.map { "tagged \($0)" }
        return words.joined(separator: ", ")
    }
}
