import ArchiveBytes
import ArgumentParser
import Strongroom

/// Deletes names.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete records: show what would go, and with --confirm do it.",
        usage: "strongroom delete [-r DIR] NAME ... [--confirm] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom delete -r A labs/4711.pdf --confirm

            Nothing is destroyed: the names get a version that says they are gone, and what was there \
            stays readable as of before, with --at or --snapshot.
            """,
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "The records' names.")
    var names: [String]
    @Flag(help: "Do it.")
    var confirm = false
    @Option(help: ArgumentHelp("The group of names they belong to.", valueName: "name"))
    var collection = "records"
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(confirm ? .readWrite : .readOnly) { archive in
            let plan = try await plan(archive)
            for record in plan { answers.output.answer(RecordMessage(record)) }
            guard confirm else {
                answers.output.confirm(summary(plan.count, isDone: false))
                return
            }
            _ = try await archive.write { batch in
                for record in plan { batch.delete(record.name, in: record.collection) }
            }
            answers.output.confirm(summary(plan.count, isDone: true))
        }
    }

    private func plan(_ archive: Archive) async throws -> [Record] {
        let (names, collection) = (names, collection)
        return try await archive.read { view throws(ArchiveError) in
            var plan: [Record] = []
            for name in names
            where !plan.contains(where: { $0.name.hasSameBytes(as: name) }) {
                guard let record = try view.record(named: name, in: collection) else {
                    throw ArchiveError(
                        .noRecord,
                        "there is no record \(VisibleText.text(name)) in \(collection); nothing was "
                            + "deleted"
                    )
                }
                plan.append(record)
            }
            return plan
        }
    }

    private func summary(_ count: Int, isDone: Bool) -> Note {
        Note(
            "summary",
            ["records": .count(count), "deleted": .bool(isDone)],
            [
                isDone
                    ? "Deleted \(count) of \(count); what was there stays readable as of before."
                    : "Nothing was changed: this was the plan; add --confirm to carry it out."
            ]
        )
    }
}
