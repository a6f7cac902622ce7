import ArchiveBytes
import ArgumentParser
import Strongroom
import SystemPackage

/// Makes the index anew.
struct RebuildIndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-index",
        abstract: "Make the index anew from the log.",
        usage: "strongroom rebuild-index [-r DIR] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom rebuild-index -r A

            The index only makes reading fast: everything in it stands in the log, which is not \
            changed. No other process may write to the archive meanwhile.
            """,
            exits: Help.writing
        )
    )

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let path = try options.path()
        let start = ContinuousClock.now
        let status = try await Archive.rebuildIndex(
            ArchiveAddress(
                try ThinPlace.files(path),
                FilePath(path),
                credential: try options.key.key(for: path).credential
            )
        )
        let elapsed = ContinuousClock.now - start
        answers.output.confirm(
            Note(
                "rebuilt",
                [
                    "path": .text(path), "last_commit": .count(status.lastCommit),
                    "last_sequence": .count(status.lastSequence),
                    "index_bytes": .count(status.indexByteCount),
                    "elapsed_us": .integer(elapsed.microseconds),
                ],
                [
                    "Made the index of \(path) anew: \(CountText.text(status.lastSequence, "record version")), "
                        + "\(ByteText.text(status.indexByteCount)) in "
                        + "\(DurationText.text(seconds: elapsed.seconds))."
                ]
            )
        )
    }
}
