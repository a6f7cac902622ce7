import ArgumentParser
import StrongroomRecovery
import StrongroomVaults

/// Copies what one vault has to another.
struct VaultSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Copy to a vault what another vault has and it lacks.",
        usage: "strongroom vault sync --from VAULT --to VAULT [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom vault sync --from /mnt/vault --to s3://backups/hospital

            Needs no passphrase and no archive. Every segment is checked against its signed snapshot \
            on the way, and nothing is sent twice; run it again after an interruption. What is \
            damaged is not copied but an error: mend it with `repair` first.
            """,
            exits: [.noArchive, .integrity, .interrupted]
        )
    )

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("The vault to copy from.", valueName: "vault")
    )
    var source: String
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("The vault to copy to; begun if it is new.", valueName: "vault")
    )
    var target: String
    @Flag(name: .shortAndLong, help: "Only say what would be sent.")
    var dryRun = false
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let from = try VaultPlace.existing(source, access)
        let place = try VaultPlace(target, access)
        let isNew = try await place.isMissing()
        guard !isNew || !dryRun else {
            throw CommandFailure(
                .noArchive,
                code: "notFound",
                "there is no vault at \(target) yet, and nothing can be compared with it; run it without "
                    + "--dry-run to begin the vault, or name one that is there"
            )
        }
        if isNew { try await place.create() }
        let copy = Ship(copying: from, to: place.store)
        let plan = try await copy.plan()
        guard !dryRun else {
            answers.output.answer(ShipPlanMessage(plan: plan, vault: target))
            return
        }
        let result = try await copy.carryOut(plan, progress: answers.output.recoveryProgress())
        answers.output.confirm(ShipMessage(result: result, vault: target, isNew: isNew))
    }
}
