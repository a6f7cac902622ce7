import ArchiveBytes
import ArgumentParser
import StrongroomRecovery

/// As of when an archive is recovered.
struct RecoveryMomentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The snapshot; the newest if none is named.", valueName: "id"))
    var snapshot: String?

    @Option(
        help: ArgumentHelp(
            """
            As of a time, all that was recorded in it included: 2026-11-22, 2026-11-22T10:08, \
            2026-11-22T10:08:30+01:00. UTC unless a zone is given.
            """,
            valueName: "time"
        )
    )
    var at: String?

    @Option(
        help: ArgumentHelp(
            "As of the last commit that has no later record version than this.",
            valueName: "n"
        )
    )
    var sequence: UInt64?

    func validate() throws {
        let count = [snapshot != nil, at != nil, sequence != nil].count { $0 }
        guard count <= 1 else {
            throw ValidationError("name one of --snapshot, --at and --sequence")
        }
        if let at, Timestamp.range(covering: at) == nil {
            throw ValidationError(DateArgument.advice("--at", at))
        }
    }

    /// What was asked for.
    var moment: RecoveryMoment {
        if let at, let covered = Timestamp.range(covering: at) {
            return .time(covered.upperBound.microseconds - 1)
        }
        if let sequence { return .sequence(sequence) }
        guard let snapshot, snapshot != "latest" else { return .newest }
        return .snapshot(snapshot)
    }
}
