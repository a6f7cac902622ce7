import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomHealth

/// Gives back every imported file.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write every imported file again, byte for byte, under its relative path.",
        usage: "strongroom export [-r DIR] --to DIR [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom export -r A --to /tmp/out --snapshot latest

            Each file is compared with the digest of the one imported. Files that exist are not \
            touched.
            """,
            exits: [.partial] + Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("The directory to write to.", valueName: "dir")
    )
    var target: String
    @OptionGroup var moment: MomentOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let output = answers.output
        let summary = try await options.withArchive(
            .readOnly,
            acceptingRollback: moment.acceptRollback
        ) { archive in
            let progress = output.progress("export")
            let view = try await moment.view(of: archive)
            return try await Exporter(from: archive)
                .run(to: target, at: .sequence(view.lastSequence)) { done in
                    progress.update(done: done.bytes, detail: "\(done.files) files")
                }
        }
        for notice in summary.failures {
            output.warn("\(VisibleText.text(notice.path)): \(VisibleText.text(notice.reason))")
        }
        output.answer(
            Note(
                "summary",
                [
                    "files": .count(summary.files), "bytes": .count(summary.bytes),
                    "failures": .count(summary.failures.count),
                    "interrupted": .bool(summary.isInterrupted),
                ],
                [
                    "Wrote \(CountText.text(summary.files, "file")), "
                        + "\(ByteText.text(summary.bytes)), each equal to the one imported."
                ]
            )
        )
        if summary.isInterrupted { throw CancellationError() }
        guard summary.failures.isEmpty else {
            throw CommandFailure(
                summary.files > 0 ? .partial : .failed,
                code: "incomplete",
                "\(CountText.text(summary.failures.count, "file")) could not be written; see above"
            )
        }
    }
}
