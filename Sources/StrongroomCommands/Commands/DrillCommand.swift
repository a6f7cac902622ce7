import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Rehearses a recovery.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Rehearse the disaster: recover from a vault, verify all, measure, report.",
        usage: "strongroom drill --from VAULT [--report FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom drill --from /mnt/vault --report drill.json

            From nothing but the vault and the key the archive is recovered into a scratch directory, \
            every record is opened and compared with what was signed, and the time is taken. The \
            report is JSON, signed by the archive's own key. The scratch directory is removed.
            """,
            exits: [.drillFailed, .drillInconclusive, .interrupted]
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
    @Option(help: ArgumentHelp("Write the signed report here.", valueName: "file"))
    var report: String?
    @Option(help: ArgumentHelp("The snapshot; the newest if none is named.", valueName: "id"))
    var snapshot: String?
    @Option(
        help: ArgumentHelp(
            "Where to recover: an empty or new directory; beside the vault if none is named.",
            valueName: "dir"
        )
    )
    var scratch: String?
    @Flag(help: "Keep the recovered archive.")
    var keepScratch = false
    @Option(
        help: ArgumentHelp(
            "When the machine was lost: what was recorded up to then and is not in the vault counts "
                + "as the loss window.",
            valueName: "time"
        )
    )
    var lostAt: String?
    @OptionGroup var keys: VaultKeyOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if let lostAt, Timestamp.range(covering: lostAt) == nil {
            throw ValidationError(DateArgument.advice("--lost-at", lostAt))
        }
    }

    func run() async throws {
        // A vault that is not there proves nothing either way, and the report says so.
        let drill = Drill(
            from: try VaultPlace(vault, access).store,
            unlocking: try keys.keys(for: vault)
        )
        var drilling = Drill.Options()
        drilling.snapshot = snapshot == "latest" ? nil : snapshot
        drilling.scratch = scratch.map { FilePath($0) }
        drilling.keepsScratch = keepScratch
        drilling.referenceTime = lostAt.flatMap { text in
            Timestamp.range(covering: text)?.lowerBound.microseconds
        }
        let result = try await drill.run(
            drilling,
            progress: answers.output.recoveryProgress()
        )
        if let report { try PosixFileSystem().replace(FilePath(report), with: result.bytes) }
        answers.output.answer(DrillMessage(report: result, path: report))
        switch result.outcome {
        case .passed: return
        case .failed:
            throw CommandFailure(
                .drillFailed,
                code: "drill_failed",
                "the drill failed: \(reason(result)); ship again or mend the vault, then drill again"
            )
        case .inconclusive:
            throw CommandFailure(
                .drillInconclusive,
                code: "drill_inconclusive",
                "the drill proved nothing: \(reason(result))"
            )
        }
    }

    private func reason(_ report: DrillReport) -> String {
        report.reasons.first.map(\.detail) ?? "no reason was found"
    }
}

/// How a drill went.
struct DrillMessage: Message {
    let report: DrillReport
    let path: String?

    var type: String { "drill" }

    var fields: JSONObject {
        [
            "result": .text(report.outcome.rawValue),
            "scenario": .text(report.scenario.rawValue),
            "report": .optional(path),
            "signed": .bool(report.isSigned),
            "archive_id": .optional(report.archive),
            "public_key": .optional(report.publicKey),
            "snapshot": .optional(report.source?.snapshot),
            "records": report.counts.map { .count($0.recordCount) } ?? .null,
            "bytes": report.counts.map { .count($0.recordByteCount) } ?? .null,
            "time_to_first_record_us": Self.microseconds(report.timeToFirstRecord),
            "time_to_verified_us": Self.microseconds(report.timeToVerified),
            "loss_window_us": Self.microseconds(report.lossWindow),
            "reasons": .array(
                report.reasons.map { ["code": .text($0.code), "detail": .text($0.detail)] }
            ),
            "findings": .array(report.findings.map(JSONValue.text)),
        ]
    }

    var lines: [String] {
        var rows: [(String, String)] = [("Drill", verdict)]
        if let source = report.source {
            rows.append(
                ("Snapshot", "\(source.snapshot) of \(MomentText.local(source.time))")
            )
        }
        if let counts = report.counts {
            rows.append(
                (
                    "Proved",
                    "\(counts.recordCount) record versions, \(ByteText.text(counts.recordByteCount)); "
                        + "\(CountText.text(counts.commitCount, "commit")) in "
                        + CountText.text(counts.segmentCount, "segment")
                )
            )
        }
        rows += [
            ("First record", report.timeToFirstRecord), ("All verified", report.timeToVerified),
            ("Loss window", report.lossWindow),
        ].compactMap { name, duration in
            duration.map { (name, DurationText.text(seconds: $0.seconds)) }
        }
        rows += report.findings.map { ("Finding", VisibleText.text($0)) }
        rows += report.notes.map { ("Note", VisibleText.text($0)) }
        if let path {
            rows.append(("Report", path + (report.isSigned ? ", signed" : ", not signed")))
        }
        return rows.map { "\($0.0.filled(toAtLeast: 13)) \($0.1)" }
    }

    private var verdict: String {
        switch report.outcome {
        case .passed: "passed: everything came back and is what was signed"
        case .failed: "FAILED"
        case .inconclusive: "inconclusive: it could not be tried to the end"
        }
    }

    private static func microseconds(_ duration: Duration?) -> JSONValue {
        duration.map { .integer($0.microseconds) } ?? .null
    }
}
