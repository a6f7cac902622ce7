import ArgumentParser
import Strongroom

/// Makes a snapshot.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Seal what the archive holds now, and sign it.",
        usage: "strongroom snapshot [-r DIR] [--label TEXT] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom snapshot -r A --label nightly

            A snapshot is what can be shipped to a vault, recovered from it, and proved without a \
            key. It costs next to nothing, whatever the archive's size.
            """,
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(help: ArgumentHelp("A name for people.", valueName: "text"))
    var label = ""
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readWrite) { archive in
            let snapshot = try await archive.snapshot(label: label)
            answers.output.confirm(SnapshotMessage(snapshot))
        }
    }
}

/// Lists snapshots.
struct SnapshotsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots",
        abstract: "List snapshots, oldest first, each with its signature checked.",
        usage: "strongroom snapshots [-r DIR] [OPTIONS]",
        discussion: Help.text("Example: strongroom snapshots -r A --json", exits: Help.reading)
    )

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            for snapshot in try await archive.snapshots() {
                answers.output.answer(SnapshotMessage(snapshot))
            }
        }
    }
}
