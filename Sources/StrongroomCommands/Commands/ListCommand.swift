import ArgumentParser
import Strongroom
import StrongroomHealth

/// Lists records.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List records in the order of their names.",
        usage: "strongroom ls [-r DIR] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom ls -r A --prefix labs/2026/ --json

            One line a record: size, when it was recorded, name, and what kinds of things it holds.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(help: ArgumentHelp("Names that begin so.", valueName: "text"))
    var prefix: String?
    @Option(help: ArgumentHelp("Records of one subject.", valueName: "text"))
    var subject: String?
    @Option(help: ArgumentHelp("The group of names to list.", valueName: "name"))
    var collection = "records"
    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int?
    @OptionGroup var moment: MomentOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        var query = RecordQuery()
        query.collection = collection
        query.namePrefix = prefix
        query.subject = subject
        try await options.list(query, moment, answers, limit: limit ?? .max)
    }
}

extension ArchiveOptions {
    /// Answers the records that match, one message each, in bounded memory.
    func list(
        _ query: RecordQuery,
        _ moment: MomentOptions,
        _ answers: OutputOptions,
        limit: Int = .max
    ) async throws {
        try await withArchive(
            .readOnly,
            acceptingRollback: moment.acceptRollback
        ) { archive in
            let view = try await moment.view(of: archive)
            let output = answers.output
            try await archive.reading(view) { view throws(ArchiveError) in
                var count = 0
                try RecordFinder(view).forEach(query) { found in
                    output.answer(RecordMessage(found))
                    count += 1
                    return output.goesOn && count < limit
                }
            }
            try Interrupted.check()
        }
    }
}
