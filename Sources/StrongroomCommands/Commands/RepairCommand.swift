import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// Mends an archive or a vault from other copies.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Mend an archive or a vault from other copies of it.",
        usage: """
            strongroom repair [-r DIR] --from VAULT [--from VAULT ...] [OPTIONS]
            strongroom repair --vault VAULT --from VAULT|DIR [--from ...] [OPTIONS]
            """,
        discussion: Help.text(
            """
            Example: strongroom repair --vault /mnt/vault --from sftp://host/vault --from A

            Needs no passphrase: signed snapshots say what each byte must be. Every segment that a \
            snapshot lists is read; of what is damaged only the damaged parts are fetched, from \
            whichever source has them whole. The damaged bytes are kept in quarantine/. Sources are \
            vaults, or the archive's own directory.
            """,
            exits: [.partial, .noArchive, .integrity, .interrupted]
        )
    )

    @OptionGroup var place: ArchivePlaceOptions
    @Option(help: ArgumentHelp("Mend a vault instead of an archive.", valueName: "vault"))
    var vault: String?
    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "Another copy: a vault, or an archive's directory; can be repeated.",
            valueName: "copy"
        )
    )
    var sources: [String]
    @Option(
        help: ArgumentHelp(
            "The archive's public key, where its archive.json cannot be trusted.",
            valueName: "hex"
        )
    )
    var publicKey: String?
    @Flag(name: .shortAndLong, help: "Only say what would be done.")
    var dryRun = false
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if sources.isEmpty { throw ValidationError("name another copy with --from") }
        guard vault == nil || place.archivePath == nil else {
            throw ValidationError("name an archive or a vault, not both")
        }
        if let publicKey, Hex.decode(publicKey)?.count != 32 {
            throw ValidationError(
                "--public-key is 64 hexadecimal digits; `strongroom status` tells it"
            )
        }
    }

    func run() async throws {
        let name = try vault ?? place.path()
        let repair = try Repair(
            of: try VaultPlace.existing(name, access),
            from: try sources.map { try VaultPlace.existing($0, access) },
            publicKey: publicKey
        )
        let output = answers.output
        let plan = try await repair.plan(progress: output.recoveryProgress())
        guard !dryRun else {
            output.answer(RepairPlanMessage(plan: plan, place: name))
            return
        }
        let result = try await repair.carryOut(plan, progress: output.recoveryProgress())
        for mend in result.mended { output.answer(MendMessage(mend: mend)) }
        for finding in result.findings { output.answer(VaultFindingMessage(finding: finding)) }
        output.answer(RepairMessage(plan: plan, result: result, place: name))
        guard result.findings.isEmpty else {
            throw CommandFailure(
                result.mended.isEmpty ? .integrity : .partial,
                code: "integrity",
                "\(name) is still damaged in \(CountText.text(result.findings.count, "place")): no "
                    + "copy that was named has what is needed; name others"
            )
        }
    }
}

/// What would be mended.
struct RepairPlanMessage: Message {
    let plan: RepairPlan
    let place: String

    var type: String { "plan" }

    var fields: JSONObject {
        [
            "place": .text(place),
            "archive_id": .text(plan.archive),
            "objects": .array(
                plan.steps.map { step in
                    [
                        "name": .text(step.name), "kind": .text(step.kind.rawValue),
                        "bytes": .count(step.byteCount),
                        "whole": .bool(step.ranges == nil),
                    ]
                }
            ),
            "hopeless": .array(plan.hopeless.map { .text($0.description) }),
            "checked_segments": .count(plan.checkedSegmentCount),
            "checked_bytes": .count(plan.checkedByteCount),
        ]
    }

    var lines: [String] {
        plan.description.split(separator: "\n").map { VisibleText.text(String($0)) }
            + ["Nothing was changed."]
    }
}

/// An object that was mended.
struct MendMessage: Message {
    let mend: RepairResult.Mend

    var type: String { "mended" }

    var fields: JSONObject {
        [
            "object": .text(mend.name),
            "parts": mend.ranges.map { .count($0.count) } ?? .null,
            "fetched_bytes": .count(mend.fetchedByteCount),
            "quarantine": .optional(mend.quarantine),
        ]
    }

    var lines: [String] {
        let what = mend.ranges.map { "\(CountText.text($0.count, "part")) of " } ?? ""
        let kept = mend.quarantine.map { "; the damaged bytes are in \($0)" } ?? ""
        return ["mended: \(what)\(mend.name), \(ByteText.text(mend.fetchedByteCount))\(kept)"]
    }
}

/// What repairing has come to.
struct RepairMessage: Message {
    let plan: RepairPlan
    let result: RepairResult
    let place: String

    var type: String { "repaired" }

    var fields: JSONObject {
        [
            "place": .text(place),
            "archive_id": .text(plan.archive),
            "checked_segments": .count(plan.checkedSegmentCount),
            "checked_bytes": .count(plan.checkedByteCount),
            "remote_segments": .count(plan.remoteSegmentCount),
            "mended": .count(result.mended.count),
            "fetched_bytes": .count(result.mended.reduce(0) { $0 + $1.fetchedByteCount }),
            "findings": .count(result.findings.count),
            "elapsed_us": .integer(result.duration.microseconds),
        ]
    }

    var lines: [String] {
        let checked =
            "Checked \(CountText.text(plan.checkedSegmentCount, "segment")) of \(place), "
            + "\(ByteText.text(plan.checkedByteCount)): "
        let isSound = result.mended.isEmpty && result.findings.isEmpty
        let outcome =
            isSound
            ? "nothing is damaged." : "\(CountText.text(result.mended.count, "object")) mended."
        guard plan.remoteSegmentCount > 0 else { return [checked + outcome] }
        return [
            checked + outcome,
            "\(CountText.text(plan.remoteSegmentCount, "segment")) of this thin archive live in a "
                + "vault: mend them there with `strongroom repair --vault`.",
        ]
    }
}
