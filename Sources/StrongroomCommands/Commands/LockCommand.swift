import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults

/// Locks what snapshots need, so that nobody can remove it before its time.
struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock what snapshots in S3 vaults need, as long as the rules keep it.",
        subcommands: [LockSetCommand.self, LockReportCommand.self]
    )
}

/// Which vaults, and what the rules are.
struct LockPlaceOptions: ParsableArguments {
    @OptionGroup var options: ArchiveOptions
    @Option(
        name: .customLong("vault"),
        help: ArgumentHelp("A vault, s3://bucket/prefix; can be repeated.", valueName: "vault")
    )
    var vaults: [String] = []
    @OptionGroup var keep: KeepOptions
    @Option(
        help: ArgumentHelp(
            "The shortest lock of what a rule keeps, from now on; else 7d.",
            valueName: "span"
        )
    )
    var least: TimeSpan?
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    /// Plans for each vault, and hands over what carries the plan out.
    func each(
        _ body: (String, LockPlan, VaultLocks) async throws -> Void
    ) async throws {
        guard !vaults.isEmpty else {
            throw CommandFailure(.usage, code: "usage", "name a vault with --vault")
        }
        // Without rules everything is kept that there is.
        var rules = keep.rules
        if rules.isEmpty { rules.last = .max }
        try await options.withArchive(.readOnly) { archive in
            try await EachVault(vaults, answers.output).run("looked at") { vault in
                let locks = try await VaultLocks(
                    try VaultPlace.existing(vault, access),
                    of: archive
                )
                let plan = try await locks.plan(
                    rules,
                    least: least?.duration ?? .seconds(7 * 86_400)
                )
                try await body(vault, plan, locks)
            }
        }
    }
}

/// Makes locks as long as the rules say.
struct LockSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Lock each object as long as the longest-lived snapshot that needs it.",
        usage: "strongroom lock set [-r DIR] --vault VAULT [--keep-... N] [--confirm] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom lock set -r A --vault s3://backups/x --keep-daily 14 --keep-monthly 12

            Give the rules that `prune` is given. What a rule keeps is locked for --least from now on, \
            and what stands for a day, week, month or year that is over as long as the rule keeps it. \
            What somebody holds gets a legal hold until it is released. Run it after `ship` and at \
            least twice in the span of --least: locks that end soon are made longer. A lock of the \
            mode compliance cannot be taken back by anybody, so without --confirm it only says what \
            would be done.
            """,
            exits: [.partial] + Help.reading
        )
    )

    @Option(
        help: ArgumentHelp(
            "compliance, which nobody can lift, or governance, which a permission can; the usual.",
            valueName: "mode"
        )
    )
    var mode = LockChoice.governance
    @Flag(help: "Do it. Without this it is a plan.")
    var confirm = false
    @OptionGroup var place: LockPlaceOptions

    func run() async throws {
        try await place.each { vault, plan, locks in
            let count = confirm ? try await locks.carryOut(plan, mode.mode) : nil
            place.answers.output.answer(LockMessage(plan: plan, changed: count, vault: vault))
        }
    }
}

/// Tells what is locked.
struct LockReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Tell what is locked, until when, and how many bytes nothing protects.",
        usage: "strongroom lock report [-r DIR] --vault VAULT [--keep-... N] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom lock report -r A --vault s3://backups/x --json

            Unprotected is what a snapshot needs and anybody with the vault's key could remove now. \
            Exits with 1 if there is any.
            """,
            exits: [.partial] + Help.reading
        )
    )

    @OptionGroup var place: LockPlaceOptions

    func run() async throws {
        try await place.each { vault, plan, _ in
            place.answers.output.answer(LockMessage(plan: plan, changed: nil, vault: vault))
            guard plan.unprotectedCount == 0 else {
                throw CommandFailure(
                    .failed,
                    code: "unprotected",
                    "\(ByteText.text(plan.unprotectedByteCount)) in \(vault) are not protected; "
                        + "`strongroom lock set --confirm` locks them"
                )
            }
        }
    }
}

/// What is locked in a vault, and what was changed.
struct LockMessage: Message {
    let plan: LockPlan
    /// Nil if nothing was to be changed.
    let changed: Int?
    let vault: String

    var type: String { "locks" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "archive_id": .text(plan.archive),
            "objects": .count(plan.entries.count),
            "bytes": .count(plan.byteCount),
            "unprotected_objects": .count(plan.unprotectedCount),
            "unprotected_bytes": .count(plan.unprotectedByteCount),
            "short_bytes": .count(plan.shortByteCount),
            "first_end": MomentText.json(plan.firstEnd),
            "planned_changes": .count(plan.changes.count),
            "changed": .count(changed ?? 0),
            "confirmed": .bool(changed != nil),
        ]
    }

    var lines: [String] {
        var lines = [
            "\(vault): \(CountText.text(plan.entries.count, "object")) of "
                + "\(ByteText.text(plan.byteCount)) are needed; unprotected were "
                + "\(plan.unprotectedCount) of \(ByteText.text(plan.unprotectedByteCount))"
        ]
        if let end = plan.firstEnd { lines.append("The first lock ends \(MomentText.local(end)).") }
        if let changed {
            lines.append("Changed the locks of \(CountText.text(changed, "object")).")
        } else if !plan.changes.isEmpty {
            let count = CountText.text(plan.changes.count, "object")
            lines.append("The locks of \(count) are to be changed: `lock set --confirm` does it.")
        }
        return lines
    }
}
