import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// Sends snapshots to vaults.
struct ShipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ship",
        abstract: "Send snapshots to a vault: what it lacks, and nothing twice.",
        usage: "strongroom ship [-r DIR] --to VAULT [--to VAULT ...] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom ship -r A --to /mnt/vault

            Needs no passphrase: what it sends is sealed. The vault gets a copy of the sealed \
            keyring, so that the vault and the passphrase are enough to recover; with --keyring apart \
            it does not, and losing keyring.json then is losing everything. Run it again after an \
            interruption: it goes on.

            With --follow it stays and sends every few seconds what was committed since, also before \
            there is a snapshot of it, so that the machine's loss costs those seconds. SIGTERM and \
            Ctrl-C end it in order.
            """,
            exits: [.partial, .noArchive, .integrity, .interrupted]
        )
    )

    @OptionGroup var place: ArchivePlaceOptions
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "A vault: a directory, s3://bucket/prefix or sftp://host/path; can be repeated.",
            valueName: "vault"
        )
    )
    var vaults: [String]
    @Option(help: ArgumentHelp("Only this snapshot; all if none is named.", valueName: "id"))
    var snapshot: String?
    @Option(help: ArgumentHelp("Where the keyring belongs: in or apart.", valueName: "place"))
    var keyring: KeyringChoice?
    @Option(
        help: ArgumentHelp(
            "Lock what is sent to S3 from the start: compliance or governance; see lock set.",
            valueName: "mode"
        )
    )
    var lock: LockChoice?
    @Option(help: ArgumentHelp("How long it is locked at first; else 7d.", valueName: "span"))
    var lockFor: TimeSpan?
    @Flag(name: .shortAndLong, help: "Only say what would be sent.")
    var dryRun = false
    @Flag(help: "Stay, and keep the vault as far as the archive is.")
    var follow = false
    @Option(
        help: ArgumentHelp("With --follow: how often to look, 5s unless said.", valueName: "span")
    )
    var every: TimeSpan?
    @OptionGroup var notifications: NotificationOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if vaults.isEmpty { throw ValidationError("name a vault with --to") }
        guard follow || every == nil else { throw ValidationError("--every belongs to --follow") }
        guard !follow || (!dryRun && snapshot == nil) else {
            throw ValidationError("--follow sends everything; leave --dry-run and --snapshot out")
        }
    }

    func run() async throws {
        try await notifications.watch("ship", answers.output, ship)
    }

    private func ship() async throws {
        let path = try place.path()
        guard !follow else {
            let following = ShipFollowing(
                path: path,
                vaults: vaults,
                interval: every?.duration ?? .seconds(5),
                keyring: keyring?.placement,
                access: access,
                output: answers.output
            )
            return try await following.run()
        }
        var failures: [CommandFailure] = []
        for vault in vaults {
            do {
                try await ship(path, to: vault)
            } catch {
                guard let failure = CommandFailure(error), failure.status != .interrupted else {
                    throw error
                }
                // One vault that is down does not keep the others from theirs.
                if vaults.count > 1 { answers.output.warn("\(vault): \(failure.message)") }
                failures.append(failure)
            }
        }
        guard let first = failures.first else { return }
        if vaults.count == 1 { throw first }
        throw CommandFailure(
            failures.count < vaults.count ? .partial : first.status,
            code: "vaults",
            "\(failures.count) of \(CountText.text(vaults.count, "vault")) were not shipped to; run it again for them"
        )
    }

    private func ship(_ path: String, to vault: String) async throws {
        let place = try VaultPlace(vault, access) { access in
            access.newObjectLock = lock.map { ($0.mode, lockFor?.duration ?? .seconds(7 * 86_400)) }
        }
        let isNew = try await place.isMissing()
        if isNew, !dryRun { try await place.create() }
        let ship = Ship(
            archiveAt: FilePath(path),
            on: try ThinPlace.files(path, self.access),
            to: place.store
        )
        if isNew, dryRun {
            throw CommandFailure(
                .noArchive,
                code: "notFound",
                "there is no vault at \(vault) yet, and nothing can be compared with it; run it without "
                    + "--dry-run to begin the vault, or name one that is there"
            )
        }
        let plan = try await ship.plan(snapshot: snapshot, keyring: keyring?.placement)
        guard !dryRun else {
            answers.output.answer(ShipPlanMessage(plan: plan, vault: vault))
            return
        }
        let result = try await ship.carryOut(plan, progress: answers.output.recoveryProgress())
        answers.output.confirm(ShipMessage(result: result, vault: vault, isNew: isNew))
    }
}

/// Where the keyring goes, as the command line says it.
enum KeyringChoice: String, ExpressibleByArgument, CaseIterable {
    case within = "in"
    case apart

    var placement: KeyringPlacement { self == .within ? .within : .apart }
}

/// What would be sent.
struct ShipPlanMessage: Message {
    let plan: ShipPlan
    let vault: String

    var type: String { "plan" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "snapshots": .array(plan.snapshots.map(JSONValue.text)),
            "objects": .array(
                plan.steps.map { step in
                    [
                        "name": .text(step.name), "bytes": .count(step.byteCount),
                        "replaces": .bool(step.isReplacement),
                    ]
                }
            ),
            "bytes": .count(plan.byteCount),
            "present_objects": .count(plan.presentObjectCount),
            "present_bytes": .count(plan.presentByteCount),
        ]
    }

    var lines: [String] {
        plan.description.split(separator: "\n").map(String.init) + ["Nothing was sent."]
    }
}

/// What was sent.
struct ShipMessage: Message {
    let result: ShipResult
    let vault: String
    let isNew: Bool

    var type: String { "shipped" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "new_vault": .bool(isNew),
            "archive_id": .text(result.archive),
            "snapshots": .array(result.snapshots.map(JSONValue.text)),
            "sent_objects": .count(result.sentObjectCount),
            "sent_bytes": .count(result.sentByteCount),
            "present_objects": .count(result.presentObjectCount),
            "present_bytes": .count(result.presentByteCount),
            "given_up_uploads": .count(result.givenUpUploadCount),
            "elapsed_us": .integer(result.duration.microseconds),
        ]
    }

    var lines: [String] {
        let begun = isNew ? ["Began a new vault in \(vault)."] : []
        guard result.sentObjectCount > 0 else {
            return begun + ["\(vault) lacks nothing: all snapshots are there."]
        }
        let snapshots = CountText.text(result.snapshots.count, "snapshot")
        return begun + [
            "Sent \(snapshots) to \(vault): \(CountText.text(result.sentObjectCount, "object")), "
                + "\(ByteText.text(result.sentByteCount)) in "
                + "\(DurationText.text(seconds: result.duration.seconds)); "
                + "\(result.presentObjectCount) objects were there."
        ]
    }
}
