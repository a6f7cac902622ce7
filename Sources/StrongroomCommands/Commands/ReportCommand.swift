import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// What drills have shown.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "List the drills that an archive keeps, make a page of them, verify a report.",
        usage: """
            strongroom report [-r DIR] [--html FILE] [OPTIONS]
            strongroom report verify FILE --public-key HEX
            """,
        discussion: Help.text(
            """
            Example: strongroom report -r A --html drills.html

            Drills are kept with drill --keep-in. The page is one file: how the archive and its vaults \
            stand, how it grew, how the vaults named by --vault were shipped to and verified over time, the \
            last drill, plots of recovery time, loss window and coverage, and lines to sign.
            """,
            exits: Help.reading
        ),
        subcommands: [ReportVerifyCommand.self]
    )

    @Option(help: ArgumentHelp("Write a page for people here.", valueName: "file"))
    var html: String?
    @Option(
        name: .customLong("vault"),
        help: ArgumentHelp("Show this vault on the page; can be repeated.", valueName: "vault")
    )
    var vaults: [String] = []
    @OptionGroup var options: ArchiveOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            let drills = try await DrillHistory.read(archive)
            if let html {
                let snapshots = try await archive.snapshots()
                var page = ReportPage(
                    try await archive.status(),
                    snapshots,
                    drills,
                    now: SystemClock.now().microseconds
                )
                for vault in vaults {
                    page.vaults.append(
                        try await VaultLook.at(
                            vault,
                            of: archive,
                            access,
                            lookingBackOn: snapshots
                        )
                    )
                }
                try PosixFileSystem().replace(FilePath(html), with: Array(page.html.utf8))
            }
            for drill in drills { answers.output.answer(PastDrillMessage(report: drill)) }
            if drills.isEmpty {
                answers.output.confirm(Note("drills", ["drills": 0], ["No drill is kept here."]))
            }
        }
    }
}

/// Checks a report with nothing but the public key.
struct ReportVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a drill's report is signed by an archive, with its public key alone.",
        usage: "strongroom report verify FILE --public-key HEX [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom report verify drill.json --public-key 0a1b...

            Anybody can: it needs no archive and no passphrase. Take the public key from a source of \
            your own, not from the report. What is signed is what the drill found, good or bad.
            """,
            exits: [.integrity]
        )
    )

    @Argument(help: ArgumentHelp("The report.", valueName: "file"))
    var file: String
    @Option(
        help: ArgumentHelp("The archive's public key, 64 hexadecimal digits.", valueName: "hex")
    )
    var publicKey: String
    @OptionGroup var answers: OutputOptions

    /// A larger file is no report.
    private static let byteLimit = 64 << 20

    func validate() throws {
        if Hex.decode(publicKey)?.count != 32 {
            throw ValidationError(
                "--public-key is 64 hexadecimal digits; `strongroom status` tells it"
            )
        }
    }

    func run() async throws {
        let bytes = try PosixFileSystem().readAll(FilePath(file), limit: Self.byteLimit)
        let report: DrillReport
        do {
            report = try DrillReport.verify(bytes, publicKey: publicKey)
        } catch {
            throw CommandFailure(
                .integrity,
                code: "integrity",
                "\(file) is not what the archive with this public key has signed: \(error.message)"
            )
        }
        answers.output.answer(ReportProofMessage(report: report, path: file))
    }
}

/// A report that is proved.
struct ReportProofMessage: Message {
    let report: DrillReport
    let path: String

    var type: String { "report" }

    var fields: JSONObject {
        var fields = DrillMessage(report: report, path: path).fields
        fields["sha256"] = .text(report.digest)
        return fields
    }

    var lines: [String] {
        ["Signature     right: the archive's own key signed every byte"]
            + DrillMessage(report: report, path: path).lines
    }
}

/// A drill of the past, in a line.
struct PastDrillMessage: Message {
    let report: DrillReport

    var type: String { "drill" }
    var fields: JSONObject { DrillMessage(report: report, path: nil).fields }

    var lines: [String] {
        let rto = report.timeToVerified.map(SpanText.text) ?? "-"
        let rpo = report.lossWindow.map(SpanText.text) ?? "-"
        return [
            MomentText.local(report.started).prefix(16) + "  "
                + report.scenario.rawValue.filled(toAtLeast: 17)
                + report.outcome.rawValue.filled(toAtLeast: 13)
                + "RTO \(rto)".filled(toAtLeast: 17) + "RPO \(rpo)"
        ]
    }
}
