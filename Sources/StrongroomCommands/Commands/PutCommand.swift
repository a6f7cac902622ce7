import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import SystemPackage

/// Puts one record from a file or a pipe.
struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Put one record; its bytes come from a file or standard input.",
        usage: "strongroom put [-r DIR] NAME [FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom put -r A labs/4711.pdf --subject MRN-000123 < 4711.pdf

            A name that exists gets a new version; the older ones stay readable. The record is \
            durable when the command ends with 0.
            """,
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "The record's name: 1 to 1,024 bytes.")
    var name: String
    @Argument(help: "The file to read; standard input if none is named.")
    var file: String?
    @Option(help: ArgumentHelp("Whose record it is.", valueName: "text"))
    var subject: String?
    @Option(
        help: ArgumentHelp("An Internet media type such as application/pdf.", valueName: "type")
    )
    var mediaType: String?
    @Option(
        help: ArgumentHelp(
            "When what it tells of happened, such as 2026-11-22T10:08:30Z.",
            valueName: "time"
        )
    )
    var event: String?
    @Option(help: ArgumentHelp("The group of names it belongs to.", valueName: "name"))
    var collection = "records"
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if let event, Timestamp.range(covering: event) == nil {
            throw ValidationError(DateArgument.advice("--event", event))
        }
    }

    func run() async throws {
        // Opened first: a file that cannot be read must leave the archive as it is.
        let file = try self.file.map { path throws(SystemError) in
            try SequentialFile(reading: FilePath(path))
        }
        try await options.withArchive(.readWrite) { archive in
            let progress = answers.output.progress("put")
            let body = RecordBody(file, progress)
            let receipt = try await archive.put(record) { try body.next() }
            answers.output.confirm(message(receipt, byteCount: body.byteCount))
        }
    }

    private var record: NewRecord {
        var record = NewRecord(
            name: name,
            body: [],
            collection: collection,
            subject: subject,
            mediaType: mediaType
        )
        if let event, let range = Timestamp.range(covering: event) {
            record.eventStart = range.lowerBound.microseconds
            // A day or a month lasts; a moment that was given to the second is one.
            let isSpan = range.upperBound.microseconds - range.lowerBound.microseconds > 1_000_000
            record.eventEnd = isSpan ? range.upperBound.microseconds - 1 : nil
        }
        return record
    }

    private func message(_ receipt: Receipt, byteCount: UInt64) -> Note {
        Note(
            "stored",
            [
                "name": .text(name), "collection": .text(collection),
                "sequence": .count(receipt.sequence), "size": .count(byteCount),
                "recorded": MomentText.json(receipt.recorded),
            ],
            [
                "Stored \(VisibleText.text(name)), \(ByteText.text(byteCount)), as #\(receipt.sequence)."
            ]
        )
    }
}
