import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery

/// Takes out of vaults what no rule keeps.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract:
            "Take snapshots out of vaults that no rule keeps: first the plan, later the deed.",
        usage: "strongroom prune [-r DIR] --vault VAULT [--keep-... N] [--confirm] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom prune -r A --vault /mnt/vault --keep-daily 14 --keep-monthly 12

            Without --confirm it only says what would happen, and why. With it, what no rule keeps is \
            condemned and stays for the grace, in which `undelete` restores it; a later run removes \
            it. The newest snapshot always stays, and so does what somebody holds. Segments go only \
            when no snapshot needs them. Nothing is taken out of the archive itself.

            Snapshots are taken in the order in which the archive made them, and a time that \
            contradicts the others' decides nothing, so no clock that is wrong pushes one out. Ships \
            and other prunes may run at the same time.
            """,
            exits: [.partial] + Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(
        name: .customLong("vault"),
        help: ArgumentHelp("A vault to prune; can be repeated.", valueName: "vault")
    )
    var vaults: [String] = []
    @OptionGroup var keep: KeepOptions
    @Option(help: ArgumentHelp("How long what is condemned stays; else 7d.", valueName: "span"))
    var grace: TimeSpan?
    @Flag(help: "Do it. Without this it is a plan.")
    var confirm = false
    @OptionGroup var notifications: NotificationOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        guard !vaults.isEmpty else {
            throw CommandFailure(.usage, code: "usage", "name a vault with --vault")
        }
        guard !keep.rules.isEmpty else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "without a rule nothing would be kept; say what stays, such as --keep-daily 30"
            )
        }
        try await notifications.watch("prune", answers.output) {
            try await options.withArchive(.readOnly) { archive in
                try await EachVault(vaults, answers.output).run("pruned") { vault in
                    try await prune(vault, archive)
                }
            }
        }
    }

    private func prune(_ vault: String, _ archive: Archive) async throws {
        let prune = try await Prune(try VaultPlace.existing(vault, access), of: archive)
        let plan = try await prune.plan(
            keep.rules,
            grace: grace?.duration ?? .seconds(7 * 86_400)
        )
        let result = confirm ? try await prune.carryOut(plan) : nil
        var message = PruneMessage(plan: plan, result: result, vault: vault)
        // A plan is there to be read; what was done goes into somebody's log.
        message.isBrief = answers.quiet && confirm
        answers.output.answer(message)
    }
}

/// Does the same to several vaults: one that is down does not keep the others from theirs.
struct EachVault {
    let vaults: [String]
    let output: Output

    init(_ vaults: [String], _ output: Output) {
        self.vaults = vaults
        self.output = output
    }

    /// Runs `body` for each; says at the end which were not `done`.
    func run(_ done: String, _ body: (String) async throws -> Void) async throws {
        var failures: [CommandFailure] = []
        for vault in vaults {
            do {
                try await body(vault)
            } catch {
                guard let failure = CommandFailure(error), failure.status != .interrupted else {
                    throw error
                }
                if vaults.count > 1 { output.warn("\(vault): \(failure.message)") }
                failures.append(failure)
            }
        }
        guard let first = failures.first else { return }
        if vaults.count == 1 { throw first }
        throw CommandFailure(
            failures.count < vaults.count ? .partial : first.status,
            code: "vaults",
            "\(failures.count) of \(CountText.text(vaults.count, "vault")) were not \(done)"
        )
    }
}

/// Restores what a prune condemned.
struct UndeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undelete",
        abstract: "Restore snapshots that a prune condemned.",
        usage: "strongroom undelete [-r DIR] --vault VAULT SNAPSHOT ... [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom undelete -r A --vault /mnt/vault 0a1b2c3d4e5f6071

            One that is gone from the vault already comes back with the next ship, if the archive \
            still lists it. The next prune condemns it anew unless a rule keeps it; `hold place` \
            makes it stay.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(help: ArgumentHelp("The vault.", valueName: "vault"))
    var vault: String
    @Argument(help: ArgumentHelp("The snapshots' ids.", valueName: "snapshot"))
    var snapshots: [String]
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            let prune = try await Prune(try VaultPlace.existing(vault, access), of: archive)
            let present = try await prune.restore(snapshots)
            let gone = snapshots.filter { !present.contains($0) }
            answers.output.confirm(
                Note(
                    "restored",
                    [
                        "vault": .text(vault),
                        "restored": .array(present.map(JSONValue.text)),
                        "to_ship": .array(gone.map(JSONValue.text)),
                    ],
                    ["Restored \(CountText.text(present.count, "snapshot")) in \(vault)."]
                        + gone.map { "\($0) is gone from the vault: ship again to bring it back." }
                )
            )
        }
    }
}
