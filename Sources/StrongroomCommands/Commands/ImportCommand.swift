import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomHealth

/// Takes files and folders of health records in.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in FHIR, HL7 v2 and any other files, each byte as it is.",
        usage: "strongroom import [-r DIR] PATH ... [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom import -r A exports/2026-11/

            FHIR bulk data is taken in line by line, Bundles and HL7 v2 messages whole, any other \
            file as one record. What does not parse is stored like the rest, and listed. Run it again \
            after an interruption: what is there already is not stored twice.
            """,
            exits: [.partial] + Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "Files, and folders with all that is in them.")
    var paths: [String]
    @Option(
        help: ArgumentHelp(
            "A name for where the records come from; keeps apart what two systems call the same.",
            valueName: "name"
        )
    )
    var source: String?
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        var importing = Importer.Options()
        importing.source = source
        let output = answers.output
        let start = ContinuousClock.now
        let summary = try await options.withArchive(.readWrite) { archive in
            let progress = output.progress("import")
            return try await Importer(into: archive, options: importing).run(paths) { done in
                progress.update(
                    done: done.bytes,
                    total: done.totalBytes,
                    detail: "\(done.records) records"
                )
            }
        }
        let message = ImportMessage(summary: summary, elapsed: ContinuousClock.now - start)
        for notice in summary.failures {
            output.warn("\(VisibleText.text(notice.path)): \(VisibleText.text(notice.reason))")
        }
        output.answer(message)
        if summary.isInterrupted { throw CancellationError() }
        guard summary.failures.isEmpty else {
            throw CommandFailure(
                summary.files > 0 ? .partial : .failed,
                code: "unreadable",
                "\(summary.failures.count) of "
                    + "\(CountText.text(summary.files + summary.failures.count, "file")) could not be "
                    + "taken in; mend what is said above and run the same command again"
            )
        }
    }
}

/// What an import did.
struct ImportMessage: Message {
    let summary: ImportSummary
    let elapsed: Duration

    var type: String { "summary" }

    var fields: JSONObject {
        [
            "records": .count(summary.records),
            "duplicates": .count(summary.duplicates),
            "unparsed": .count(summary.unparsed),
            "bytes": .count(summary.bytes),
            "files": .count(summary.files),
            "pieces": .count(summary.pieces),
            "types": .object(.counts(summary.types)),
            "unparsed_examples": .array(summary.unparsedExamples.map(Self.json)),
            "failures": .array(summary.failures.map(Self.json)),
            "interrupted": .bool(summary.isInterrupted),
            "elapsed_us": .integer(elapsed.microseconds),
        ]
    }

    var lines: [String] {
        let rate = Double(summary.bytes) / max(0.001, elapsed.seconds)
        var lines = [
            "Stored \(CountText.text(summary.records, "record")) from "
                + "\(CountText.text(summary.files, "file")), "
                + "\(ByteText.text(summary.bytes)) in \(DurationText.text(seconds: elapsed.seconds)) "
                + "(\(ByteText.text(UInt64(rate)))/s)."
        ]
        lines += CountText.lines(summary.types)
        lines.append(
            "\(summary.pieces) read = \(summary.records) stored + \(summary.duplicates) there already"
                + "; \(summary.unparsed) did not parse and are kept as they are."
        )
        for example in summary.unparsedExamples {
            let place = example.line > 0 ? "\(example.path), line \(example.line)" : example.path
            lines.append("  \(VisibleText.text(place)): \(VisibleText.text(example.reason))")
        }
        if summary.unparsed > summary.unparsedExamples.count, !summary.unparsedExamples.isEmpty {
            lines.append("  and \(summary.unparsed - summary.unparsedExamples.count) more")
        }
        return lines
    }

    private static func json(_ notice: ImportNotice) -> JSONValue {
        [
            "path": .text(notice.path), "line": .count(notice.line),
            "reason": .text(notice.reason),
        ]
    }
}
