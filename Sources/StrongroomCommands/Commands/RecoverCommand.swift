import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Brings an archive back from a vault.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Bring an archive back from a vault.",
        usage: """
            strongroom recover --from VAULT --to DIR [--snapshot ID | --at TIME | --sequence N]
            strongroom recover --from VAULT --to DIR [--collection NAME] [--prefix TEXT] [--subject ID]
            strongroom recover --from VAULT --to DIR --surviving [OPTIONS]
            """,
        discussion: Help.text(
            """
            Example: strongroom recover --from /mnt/vault --to /srv/records

            The newest snapshot, or the one that is named, into an empty or new directory; with --at \
            or --sequence the archive as it was then, by commits. What is written to an archive of \
            then is a history of its own, which ships to a new vault. Every byte is checked against \
            what was signed. Run it again after an interruption: what was fetched is not fetched \
            again. Then, to prove every record: strongroom verify -r DIR

            A part, or with --surviving whatever a damaged vault still has, comes back as an archive \
            of its own: all versions with the times of their recording, a new identity, the same \
            passphrase. Every record version that did not survive is listed, and the exit status is 3.
            """,
            exits: [.partial, .noArchive, .locked, .wrongKey, .integrity, .rollback, .interrupted]
        )
    )

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "The vault: a directory, s3://bucket/prefix or sftp://host/path.",
            valueName: "vault"
        )
    )
    var vault: String
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "Where the archive is made: an empty or new directory.",
            valueName: "dir"
        )
    )
    var target: String
    @OptionGroup var moment: RecoveryMomentOptions
    @Option(help: ArgumentHelp("Only records of this collection.", valueName: "name"))
    var collection: String?
    @Option(help: ArgumentHelp("Only records whose names begin so.", valueName: "text"))
    var prefix: String?
    @Option(help: ArgumentHelp("Only records of this subject.", valueName: "id"))
    var subject: String?
    @Flag(help: "Whatever a damaged vault still has; what it has not is listed.")
    var surviving = false
    @Flag(help: "The directory may hold other files, which are left alone; never an archive.")
    var besideOthers = false
    @OptionGroup var keys: VaultKeyOptions
    @OptionGroup var witnesses: WitnessOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    private var selection: RecoverySelection {
        var selection = RecoverySelection()
        selection.collection = collection
        selection.namePrefix = prefix
        selection.subject = subject
        return selection
    }

    func validate() throws {
        guard !besideOthers || (selection.isEverything && !surviving) else {
            throw ValidationError("--beside-others belongs to the recovery of the whole archive")
        }
    }

    func run() async throws {
        let store = try VaultPlace.existing(vault, access)
        let output = answers.output
        try await witnesses.check(store, output)
        let recovery = Recovery(from: store, unlocking: try keys.keys(for: vault))
        if surviving || !selection.isEverything {
            return try await extract(recovery, output)
        }
        let result = try await recovery.run(
            to: FilePath(target),
            at: moment.moment,
            besideOthers: besideOthers,
            progress: output.recoveryProgress()
        )
        for finding in result.findings { output.answer(VaultFindingMessage(finding: finding)) }
        output.answer(RecoveryMessage(result: result, target: target))
        guard result.isComplete else {
            throw CommandFailure(
                .integrity,
                code: "incomplete",
                "the archive is not whole: \(CountText.text(result.findings.count, "finding")) in \(vault); mend the "
                    + "vault and run the same command again, or recover another snapshot"
            )
        }
    }
}

extension RecoverCommand {
    private func extract(_ recovery: Recovery, _ output: Output) async throws {
        let result = try await recovery.extract(
            selection,
            to: FilePath(target),
            at: moment.moment,
            surviving: surviving,
            progress: output.recoveryProgress()
        )
        for finding in result.findings { output.answer(VaultFindingMessage(finding: finding)) }
        for lost in result.lost { output.answer(LostMessage(lost: lost)) }
        output.answer(ExtractionMessage(result: result, target: target))
        guard result.lost.isEmpty else {
            throw CommandFailure(
                .partial,
                code: "lost",
                "\(target) has all that survives; the vault has lost "
                    + "\(CountText.text(ExtractionMessage.lostCount(result), "record version")), which are listed"
            )
        }
    }
}

/// Something in a vault that is not as it was shipped.
struct VaultFindingMessage: Message {
    let finding: VaultFinding

    var type: String { "finding" }

    var fields: JSONObject {
        [
            "kind": .text(finding.kind.rawValue), "object": .text(finding.object),
            "text": .text(finding.description),
        ]
    }

    var lines: [String] { ["\(finding.kind.rawValue): \(VisibleText.text(finding.description))"] }
}

/// What came back.
struct RecoveryMessage: Message {
    let result: RecoveryResult
    let target: String

    var type: String { "recovered" }

    var fields: JSONObject {
        [
            "path": .text(target),
            "complete": .bool(result.isComplete),
            "archive_id": .text(result.archive),
            "public_key": .text(result.publicKey),
            "snapshot": .text(result.snapshot),
            "snapshot_time": MomentText.json(result.snapshotTime),
            "cut": .bool(result.isCut),
            "followed_commits": .count(result.followedCommitCount),
            "newest_record_time": MomentText.json(result.newestRecordTime),
            "last_sequence": .count(result.lastSequence),
            "records": .count(result.recordCount),
            "bytes": .count(result.recordByteCount),
            "fetched_segments": .count(result.fetchedSegmentCount),
            "fetched_bytes": .count(result.fetchedByteCount),
            "present_segments": .count(result.presentSegmentCount),
            "findings": .count(result.findings.count),
            "time_to_first_record_us":
                result.timeToFirstRecord.map { .integer($0.microseconds) } ?? .null,
            "time_to_verified_us":
                result.timeToVerified.map { .integer($0.microseconds) } ?? .null,
            "elapsed_us": .integer(result.duration.microseconds),
        ]
    }

    var lines: [String] {
        guard result.isComplete else {
            return [
                "Fetched \(CountText.text(result.fetchedSegmentCount, "segment")); the archive is not there yet."
            ]
        }
        let isOther = result.isCut || result.followedCommitCount > 0
        let time = isOther ? result.newestRecordTime : result.snapshotTime
        let followed = "\(CountText.text(result.followedCommitCount, "commit")) behind snapshot "
        return [
            "Recovered \(target) as of \(time.map(MomentText.local) ?? "its beginning"), "
                + (result.isCut
                    ? "before snapshot " : result.followedCommitCount > 0 ? followed : "snapshot ")
                + "\(result.snapshot): \(CountText.text(result.recordCount, "record version")), "
                + "\(ByteText.text(result.recordByteCount)) in "
                + "\(DurationText.text(seconds: result.duration.seconds))"
                + (result.timeToVerified.map {
                    ", all bytes verified after \(DurationText.text(seconds: $0.seconds))."
                } ?? ".")
        ]
    }
}
