import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// A scenario, as the command line says it.
struct ScenarioChoice: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let scenario: DrillReport.Scenario

    static let lostHost = ScenarioChoice(.lostHost)

    init(_ scenario: DrillReport.Scenario) { self.scenario = scenario }

    init?(argument: String) {
        guard let scenario = DrillReport.Scenario(rawValue: argument) else { return nil }
        self.scenario = scenario
    }

    static var allValueStrings: [String] { DrillReport.Scenario.allCases.map(\.rawValue) }

    var description: String { scenario.rawValue }
}

/// What a drill rehearses, and what is expected of it.
struct RehearsalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The disaster to rehearse.", valueName: "name"))
    var scenario = ScenarioChoice.lostHost
    @Option(help: ArgumentHelp("The snapshot; the newest if none is named.", valueName: "id"))
    var snapshot: String?
    @Option(
        help: ArgumentHelp(
            "When the disaster struck; now if not said. The loss window runs up to then.",
            valueName: "time"
        )
    )
    var lostAt: String?
    @Option(
        help: ArgumentHelp(
            "The longest that recovering and verifying may take, such as 4h; else the drill fails.",
            valueName: "span"
        )
    )
    var rto: TimeSpan?
    @Option(
        help: ArgumentHelp(
            "The longest loss window, such as 15m; else the drill fails.",
            valueName: "span"
        )
    )
    var rpo: TimeSpan?
    @Option(
        name: .customLong("check"),
        help: ArgumentHelp(
            "Run this, without a shell, with the recovered archive's path as one more argument; can "
                + "be repeated.",
            valueName: "command"
        )
    )
    var checks: [String] = []
    @Option(
        help: ArgumentHelp("Another vault, to mend a damaged one from.", valueName: "vault")
    )
    var otherVault: String?
    @Option(
        help: ArgumentHelp(
            "Where to recover: an empty or new directory; beside the vault if none is named.",
            valueName: "dir"
        )
    )
    var scratch: String?
    @Flag(help: "Keep the recovered archive.")
    var keepScratch = false

    func validate() throws {
        if let lostAt, Timestamp.range(covering: lostAt) == nil {
            throw ValidationError(DateArgument.advice("--lost-at", lostAt))
        }
        for check in checks where CommandWords.split(check) == nil {
            throw ValidationError("the check is empty or leaves a quote open: \(check)")
        }
        if scenario.scenario == .ransomware, lostAt == nil {
            throw ValidationError("say with --lost-at when the attack began")
        }
    }

    /// What the drill understands.
    func options(_ access: VaultAccessOptions) throws -> Drill.Options {
        var options = Drill.Options()
        options.scenario = scenario.scenario
        options.snapshot = snapshot == "latest" ? nil : snapshot
        options.scratch = scratch.map { FilePath($0) }
        options.keepsScratch = keepScratch
        options.referenceTime = lostAt.flatMap { text in
            Timestamp.range(covering: text)?.lowerBound.microseconds
        }
        options.recoveryTimeObjective = rto?.duration
        options.recoveryPointObjective = rpo?.duration
        options.checks = checks.compactMap(CommandWords.split)
        options.otherVault = try otherVault.map { try VaultPlace($0, access).store }
        return options
    }
}
