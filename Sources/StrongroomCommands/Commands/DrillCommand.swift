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
        usage: "strongroom drill --from VAULT [--scenario NAME] [--html FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom drill --from /mnt/vault --rto 4h --report drill.json --html drill.html

            From nothing but the vault and the key the archive is recovered into a scratch directory, \
            every record is opened and compared with what was signed, and the time is taken. The \
            report is JSON, signed by the archive's own key. The scratch directory is removed. \
            Nothing is ever written to the vault: damage is staged on a view of it.

            Scenarios: lost-host, the machine is gone; lost-index, the index is made anew; \
            damaged-vault, a segment is damaged and comes from --other-vault; deleted-snapshot, the \
            newest one is gone; ransomware, nothing from --lost-at on is trusted.

            With --quiet the answer is one line.
            """,
            exits: [.partial, .drillFailed, .drillInconclusive, .interrupted]
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
    @OptionGroup var rehearsal: RehearsalOptions
    @Flag(help: "Stage every damage that a drill must notice, and drill each.")
    var selfTest = false
    @OptionGroup var reports: DrillReportOptions
    @OptionGroup var notifications: NotificationOptions
    @OptionGroup var keys: VaultKeyOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if selfTest, rehearsal.scenario != .lostHost || reports.isWanted {
            throw ValidationError(
                "a self-test has no report and no scenario: it drills the loss of the host"
            )
        }
    }

    func run() async throws {
        do {
            if selfTest { try await test() } else { try await rehearse() }
        } catch {
            if (error as? CommandFailure)?.isOfDrill != true {
                await notifications.tell(error, of: "drill", answers.output)
            }
            throw error
        }
    }

    private func rehearse() async throws {
        // A vault that is not there proves nothing either way, and the report says so.
        let drill = Drill(
            from: try VaultPlace(vault, access).store,
            unlocking: try keys.keys(for: vault)
        )
        let result = try await drill.run(
            try rehearsal.options(access),
            progress: answers.output.recoveryProgress()
        )
        try reports.write(result)
        let message = DrillMessage(report: result, path: reports.report)
        say(message, message.line)
        var failure = Self.failure(result)
        var history = result.history
        do {
            history = try await reports.keep(result, keys.key) ?? history
        } catch {
            let text = CommandFailure.text(of: error)
            answers.output.warn("the report was not kept: \(text)")
            // How the drill went matters more than where its report is.
            failure =
                failure
                ?? CommandFailure(
                    .partial,
                    code: "not_kept",
                    "the drill passed, and its report was not kept: \(text)"
                )
        }
        try reports.writePage(result, after: history)
        await notifications.tell(message, isSuccess: failure == nil, answers.output)
        if let failure { throw failure }
    }

    private func test() async throws {
        let drill = Drill(
            from: try VaultPlace(vault, access).store,
            unlocking: try keys.keys(for: vault)
        )
        let test = try await drill.selfTest(
            try rehearsal.options(access),
            progress: answers.output.recoveryProgress()
        )
        let message = SelfTestMessage(test: test)
        say(message, message.line)
        await notifications.tell(message, isSuccess: test.outcome == .passed, answers.output)
        switch test.outcome {
        case .passed: return
        case .failed:
            throw CommandFailure(
                .drillFailed,
                code: "self_test_failed",
                "drills of this vault pass over damage; do not rely on them, and report this"
            )
        case .inconclusive:
            let reason = test.control.reasons.first.map(\.detail) ?? "no reason was found"
            throw CommandFailure(
                .drillInconclusive,
                code: "self_test_inconclusive",
                "the vault does not pass as it is, so damage to it would prove nothing: \(reason)"
            )
        }
    }

    /// Answers, the quiet in one line.
    private func say(_ message: some Message, _ line: String) {
        if answers.quiet, !answers.json {
            answers.output.answer(Note(message.type, message.fields, [line]))
        } else {
            answers.output.answer(message)
        }
    }

    private static func failure(_ report: DrillReport) -> CommandFailure? {
        let reason = report.reasons.first.map(\.detail) ?? "no reason was found"
        return switch report.outcome {
        case .passed: nil
        case .failed:
            CommandFailure(
                .drillFailed,
                code: "drill_failed",
                "the drill failed: \(reason); mend that, then drill again"
            )
        case .inconclusive:
            CommandFailure(
                .drillInconclusive,
                code: "drill_inconclusive",
                "the drill proved nothing: \(reason)"
            )
        }
    }
}

extension CommandFailure {
    /// Whether it says how a drill went, so that an answer was given before.
    fileprivate var isOfDrill: Bool {
        [.drillFailed, .drillInconclusive, .partial].contains(status)
    }

    /// What any error says.
    static func text(of error: any Error) -> String { CommandFailure(error)?.message ?? "\(error)" }
}
