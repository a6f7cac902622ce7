import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// Lets sealed segments live in a vault alone, and brings them back.
struct ThinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thin",
        abstract: "Let an archive's sealed segments live in a vault alone; bring them back.",
        usage: """
            strongroom thin [-r DIR] --to VAULT [--keep N] [--confirm] [OPTIONS]
            strongroom thin [-r DIR] --restore [OPTIONS]
            """,
        discussion: Help.text(
            """
            Example: strongroom thin -r A --to s3://backups/hospital --confirm

            Without --confirm it only says what would go. With it, each segment that a snapshot in the \
            vault lists is read back from there, held against the signed hash, and only then taken from \
            this disk; a stub of some kilobytes stays, by which the archive opens and is written to \
            without the vault. Reading commands fetch the pieces that they need and keep them in the \
            archive's directory cache, up to STRONGROOM_CACHE_SIZE MiB (1024). Needs no passphrase; \
            the archive may be in use.

            With --max-age, what was verified in the vault not longer ago (`verify --vault`), by the \
            ledger that the archive's key signs, is not read back. How the vault is reached when \
            something is read comes from the environment: AWS_*, STRONGROOM_ALLOW_PLAIN_HTTP=1, \
            STRONGROOM_SSH_COMMAND.
            """,
            exits: [.partial, .noArchive, .locked, .integrity, .interrupted]
        )
    )

    @OptionGroup var place: ArchivePlaceOptions
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("The vault that has the segments.", valueName: "vault")
    )
    var vault: String?
    @Option(help: ArgumentHelp("Keep so many of the newest segments here.", valueName: "n"))
    var keep = 0
    @Option(
        help: ArgumentHelp("Trust what was verified not longer ago than this.", valueName: "span")
    )
    var maxAge: TimeSpan?
    @Flag(help: "Do it; without this the plan is only shown.")
    var confirm = false
    @Flag(help: "Bring all segments back.")
    var restore = false
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        guard restore != (vault != nil) else {
            throw ValidationError("name the vault with --to, or say --restore")
        }
        guard !restore || (keep == 0 && maxAge == nil && !confirm) else {
            throw ValidationError("--keep, --max-age and --confirm belong to --to")
        }
        guard keep >= 0 else { throw ValidationError("--keep is a number, 0 or more") }
    }

    func run() async throws {
        let path = try place.path()
        guard let vault else { return try await bringBack(path) }
        let thinning = Thinning(
            archiveAt: FilePath(path),
            to: try VaultPlace.existing(vault, access),
            at: try ThinPlace.location(vault)
        )
        let plan = try await thinning.plan(keeping: keep, maximumAge: maxAge?.duration)
        guard confirm else {
            answers.output.answer(ThinPlanMessage(plan: plan, vault: vault))
            return
        }
        let result = try await thinning.carryOut(
            plan,
            progress: answers.output.recoveryProgress()
        )
        for finding in result.findings {
            answers.output.answer(VaultFindingMessage(finding: finding))
        }
        answers.output.confirm(ThinMessage(plan: plan, result: result, path: path, vault: vault))
        try refuse(
            result.findings,
            done: result.segmentCount,
            "are not in \(vault) as they were signed; ship again or repair the vault"
        )
    }

    private func bringBack(_ path: String) async throws {
        let restore = ThinRestore(
            archiveAt: FilePath(path),
            reaching: try ThinPlace.reach(access)
        )
        let result = try await restore.run(progress: answers.output.recoveryProgress())
        for finding in result.findings {
            answers.output.answer(VaultFindingMessage(finding: finding))
        }
        answers.output.confirm(
            Note(
                "thickened",
                [
                    "path": .text(path), "segments": .count(result.segmentCount),
                    "bytes": .count(result.byteCount), "findings": .count(result.findings.count),
                    "elapsed_us": .integer(result.duration.microseconds),
                ],
                [
                    "Brought back \(CountText.text(result.segmentCount, "segment")), "
                        + "\(ByteText.text(result.byteCount)), to \(path)."
                ]
            )
        )
        try refuse(
            result.findings,
            done: result.segmentCount,
            "could not be brought back; repair the vault from another, then run this again"
        )
    }

    private func refuse(_ findings: [VaultFinding], done: Int, _ text: String) throws {
        guard !findings.isEmpty else { return }
        throw CommandFailure(
            done > 0 ? .partial : .integrity,
            code: "integrity",
            "\(CountText.text(findings.count, "segment")) \(text)"
        )
    }
}

/// Which segments can go.
struct ThinPlanMessage: Message {
    let plan: ThinningPlan
    let vault: String

    var type: String { "plan" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "archive_id": .text(plan.archive),
            "snapshot": .text(plan.snapshot),
            "segments": .array(
                plan.steps.map { step in
                    [
                        "number": .count(step.number), "bytes": .count(step.byteCount),
                        "proved": .bool(step.isProved),
                    ]
                }
            ),
            "bytes": .count(plan.byteCount),
            "kept_segments": .count(plan.keptSegmentCount),
            "waiting_segments": .count(plan.waitingSegmentCount),
            "remote_segments": .count(plan.remoteSegmentCount),
            "findings": .array(plan.findings.map { .text($0.description) }),
        ]
    }

    var lines: [String] {
        plan.description.split(separator: "\n").map { VisibleText.text(String($0)) }
            + ["Nothing was changed: --confirm does it."]
    }
}

/// What went.
struct ThinMessage: Message {
    let plan: ThinningPlan
    let result: ThinningResult
    let path: String
    let vault: String

    var type: String { "thinned" }

    var fields: JSONObject {
        [
            "path": .text(path),
            "vault": .text(vault),
            "archive_id": .text(plan.archive),
            "segments": .count(result.segmentCount),
            "bytes": .count(result.byteCount),
            "kept_segments": .count(plan.keptSegmentCount),
            "waiting_segments": .count(plan.waitingSegmentCount),
            "remote_segments": .count(plan.remoteSegmentCount + result.segmentCount),
            "findings": .count(result.findings.count),
            "elapsed_us": .integer(result.duration.microseconds),
        ]
    }

    var lines: [String] {
        let waiting =
            plan.waitingSegmentCount > 0
            ? ["\(CountText.text(plan.waitingSegmentCount, "segment")) wait for a ship."] : []
        return [
            "\(CountText.text(result.segmentCount, "segment")), "
                + "\(ByteText.text(result.byteCount)), went from \(path); "
                + "\(plan.remoteSegmentCount + result.segmentCount) live in \(vault) now."
        ] + waiting
    }
}
