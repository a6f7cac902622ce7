import ArchiveBytes
import ArgumentParser
import Strongroom

/// Finds records by what they say.
struct FindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Find records by subject, type, code and date.",
        usage: "strongroom find [-r DIR] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom find -r A --type Observation --code "http://loinc.org|8480-6" \
            --from 2025 --to 2025-06

            All conditions must hold. Dates are compared with when the thing happened, or, where a \
            record does not say, with when it was recorded; both ends are included.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(
        help: ArgumentHelp("Whose records; an id, Patient/id, or authority|id.", valueName: "text")
    )
    var subject: String?
    @Option(name: .long, help: "A kind of record such as Observation or ADT^A01; can be repeated.")
    var type: [String] = []
    @Option(
        help: ArgumentHelp(
            "A code such as \"http://loinc.org|8480-6\"; can be repeated.",
            valueName: "system|code"
        )
    )
    var code: [String] = []
    @Option(help: ArgumentHelp("A status such as final; can be repeated.", valueName: "status"))
    var status: [String] = []
    @Option(help: ArgumentHelp("An encounter; can be repeated.", valueName: "id"))
    var encounter: [String] = []
    @Option(
        help: ArgumentHelp(
            "From the beginning of this date on. UTC unless a zone is given.",
            valueName: "date"
        )
    )
    var from: String?
    @Option(help: ArgumentHelp("Up to the end of this date.", valueName: "date"))
    var to: String?
    @Option(help: ArgumentHelp("Names that begin so.", valueName: "text"))
    var prefix: String?
    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int?
    @Option(help: ArgumentHelp("The group of names to look in.", valueName: "name"))
    var collection = "records"
    @OptionGroup var moment: MomentOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        for text in code where !text.contains("|") {
            throw ValidationError(
                "--code \(text) has no system; write SYSTEM|CODE, or |CODE for a code without one"
            )
        }
        for (option, text) in [("--from", from), ("--to", to)] {
            if let text, Timestamp.range(covering: text) == nil {
                throw ValidationError(DateArgument.advice(option, text))
            }
        }
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await options.list(query, moment, answers, limit: limit ?? .max)
    }

    private var query: RecordQuery {
        var query = RecordQuery()
        query.collection = collection
        query.namePrefix = prefix
        query.subject = subject
        // The rarest first: it is the one whose index is walked.
        query.terms =
            code.map { "code:" + $0 } + encounter.map { "encounter:" + $0 }
            + status.map { "status:" + $0 } + type.map { "type:" + $0 }
        let start = from.flatMap { Timestamp.range(covering: $0)?.lowerBound.microseconds }
        let end = to.flatMap { Timestamp.range(covering: $0)?.upperBound.microseconds }
        if start != nil || end != nil {
            let lower = start ?? .min
            query.eventRange = lower..<max(lower, end ?? .max)
        }
        return query
    }
}
