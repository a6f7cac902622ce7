import ArgumentParser
import Strongroom

/// Shows what became of a name.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show all versions of a record, newest first, or all changes in their order.",
        usage: "strongroom log [-r DIR] [NAME] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom log -r A labs/4711.pdf

            Each version has its number and time; deletions are versions too. Without a name every \
            change of the archive is listed, oldest first. An old version is read with \
            `strongroom get NAME --at TIME`.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "The record's name; all changes if none is named.")
    var name: String?
    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int?
    @Option(help: ArgumentHelp("The group of names it belongs to.", valueName: "name"))
    var collection = "records"
    @OptionGroup var moment: MomentOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await options.withArchive(
            .readOnly,
            acceptingRollback: moment.acceptRollback
        ) { archive in
            let view = try await moment.view(of: archive)
            let (name, collection, limit) = (name, collection, limit ?? .max)
            let output = answers.output
            try await archive.reading(view) { view throws(ArchiveError) in
                guard let name else {
                    try Self.all(view, limit: limit, output)
                    return
                }
                let versions = try view.versions(of: name, in: collection)
                guard !versions.isEmpty else {
                    throw ArchiveError(
                        .noRecord,
                        "there never was a record \(VisibleText.text(name)) in \(collection)"
                    )
                }
                for version in versions.prefix(limit) {
                    output.answer(RecordMessage(version, isHistory: true))
                }
            }
            try Interrupted.check()
        }
    }

    private static func all(
        _ view: ArchiveView,
        limit: Int,
        _ output: Output
    ) throws(ArchiveError) {
        var count = 0
        try view.forEachInOrder { record in
            // The engine's own records are no one's history.
            guard !record.isOfEngine else { return true }
            output.answer(RecordMessage(record, isHistory: true))
            count += 1
            return output.goesOn && count < limit
        }
    }
}

extension Record {
    /// Kept by the engine for itself.
    var isOfEngine: Bool { collection == SystemRecords.collection }
}
