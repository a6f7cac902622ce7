import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery

/// What may not go, whatever the rules say.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Hold snapshots, so that no prune takes them, and release them.",
        subcommands: [
            HoldPlaceCommand.self, HoldReleaseCommand.self, HoldListCommand.self,
        ]
    )
}

/// Holds a snapshot.
struct HoldPlaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "place",
        abstract: "Hold a snapshot until it is released.",
        usage: "strongroom hold place [-r DIR] SNAPSHOT --reason TEXT [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom hold place -r A 0a1b2c3d4e5f6071 --reason 'case 2026-17'

            The hold is a record of the archive: it stays on record when it is released, is shipped \
            with the next snapshot, and comes back with the archive. Prunes from this archive mind it \
            at once.
            """,
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(
        help: ArgumentHelp("The snapshot's id, or the beginning of it.", valueName: "snapshot")
    )
    var snapshot: String
    @Option(help: ArgumentHelp("Why: a case's number, a sentence.", valueName: "text"))
    var reason: String
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readWrite) { archive in
            let id = try SnapshotChoice.id(
                snapshot,
                among: try await archive.snapshots().map(\.id)
            )
            try await SnapshotHold.place(
                on: id,
                reason: reason,
                in: archive,
                now: SystemClock.now().microseconds
            )
            answers.output.confirm(
                Note(
                    "held",
                    ["snapshot": .text(id), "reason": .text(reason)],
                    ["Snapshot \(id) is held."]
                )
            )
        }
    }
}

/// Releases a snapshot.
struct HoldReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Release a snapshot that is held: the rules decide again.",
        usage: "strongroom hold release [-r DIR] SNAPSHOT [OPTIONS]",
        discussion: Help.text(
            "Example: strongroom hold release -r A 0a1b2c3d4e5f6071",
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(
        help: ArgumentHelp("The snapshot's id, or the beginning of it.", valueName: "snapshot")
    )
    var snapshot: String
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readWrite) { archive in
            let held = try await SnapshotHold.read(archive).map(\.snapshot)
            // One that nobody holds is refused by its own words.
            let found = held.filter { $0.hasPrefix(snapshot) }
            let id = found.count == 1 ? found[0] : snapshot
            try await SnapshotHold.release(id, in: archive)
            answers.output.confirm(
                Note("released", ["snapshot": .text(id)], ["Snapshot \(id) is free."])
            )
        }
    }
}

/// Lists holds.
struct HoldListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the snapshots that are held, with why and since when.",
        usage: "strongroom hold list [-r DIR] [OPTIONS]",
        discussion: Help.text("Example: strongroom hold list -r A --json", exits: Help.reading)
    )

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            for hold in try await SnapshotHold.read(archive) {
                answers.output.answer(
                    Note(
                        "hold",
                        [
                            "snapshot": .text(hold.snapshot), "reason": .text(hold.reason),
                            "placed": MomentText.json(hold.placed),
                        ],
                        [
                            "\(hold.snapshot)  \(MomentText.local(hold.placed).prefix(16))  "
                                + VisibleText.text(hold.reason)
                        ]
                    )
                )
            }
        }
    }
}
