import ArgumentParser
import StrongroomRecovery

/// Which snapshots stay.
struct KeepOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Keep so many of the newest.", valueName: "n"))
    var keepLast: Int?
    @Option(help: ArgumentHelp("Keep one of each of so many hours.", valueName: "n"))
    var keepHourly: Int?
    @Option(help: ArgumentHelp("Keep one of each of so many days.", valueName: "n"))
    var keepDaily: Int?
    @Option(help: ArgumentHelp("Keep one of each of so many weeks.", valueName: "n"))
    var keepWeekly: Int?
    @Option(help: ArgumentHelp("Keep one of each of so many months.", valueName: "n"))
    var keepMonthly: Int?
    @Option(help: ArgumentHelp("Keep one of each of so many years.", valueName: "n"))
    var keepYearly: Int?
    @Option(
        help: ArgumentHelp("Keep all that are younger than this, such as 14d.", valueName: "span")
    )
    var keepWithin: TimeSpan?
    @Option(help: ArgumentHelp("Keep all with this label; can be repeated.", valueName: "label"))
    var keepTagged: [String] = []

    /// More would be no rule any more.
    private static let limit = 100_000

    func validate() throws {
        for (name, count) in counts {
            if let count, !(1...Self.limit).contains(count) {
                throw ValidationError("--keep-\(name) is a number from 1 to \(Self.limit)")
            }
        }
    }

    private var counts: [(String, Int?)] {
        [
            ("last", keepLast), ("hourly", keepHourly), ("daily", keepDaily),
            ("weekly", keepWeekly), ("monthly", keepMonthly), ("yearly", keepYearly),
        ]
    }

    /// The rules of the command line.
    var rules: KeepRules {
        var rules = KeepRules()
        rules.last = keepLast ?? 0
        rules.hourly = keepHourly ?? 0
        rules.daily = keepDaily ?? 0
        rules.weekly = keepWeekly ?? 0
        rules.monthly = keepMonthly ?? 0
        rules.yearly = keepYearly ?? 0
        rules.within = keepWithin?.duration
        rules.tagged = keepTagged
        return rules
    }
}
