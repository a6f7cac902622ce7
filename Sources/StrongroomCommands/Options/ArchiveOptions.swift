import ArchiveFileIO
import ArgumentParser
import Strongroom
import SystemPackage

/// Which archive a command works on, and what unlocks it.
struct ArchiveOptions: ParsableArguments {
    @Option(
        name: [.customShort("r"), .customLong("archive")],
        help: ArgumentHelp("The archive's directory. STRONGROOM_ARCHIVE", valueName: "dir")
    )
    var archivePath: String?

    @OptionGroup var key: KeyOptions

    /// The archive's path.
    func path() throws -> String {
        guard let path = archivePath ?? Environment.text(of: "STRONGROOM_ARCHIVE") else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "name the archive with --archive, or set STRONGROOM_ARCHIVE"
            )
        }
        return path
    }

    /// Opens the archive, runs `body`, and closes it whatever happens.
    func withArchive<Result>(
        _ mode: Archive.Mode,
        _ body: (Archive) async throws -> Result
    ) async throws -> Result {
        let path = try path()
        // Before anybody is asked for a passphrase: there may be nothing that it could open.
        _ = try Engine.readDocument(PosixFileSystem(), ArchiveLayout(FilePath(path)))
        let archive = try await Archive.open(
            at: path,
            unlocking: try key.key(for: path),
            mode: mode
        )
        return try await Self.using(archive, body)
    }

    /// Runs `body` and closes the archive whatever happens.
    static func using<Result>(
        _ archive: Archive,
        _ body: (Archive) async throws -> Result
    ) async throws -> Result {
        let result: Result
        do {
            result = try await body(archive)
        } catch {
            // The first failure is what the user must hear of; the next opening recovers.
            try? await archive.close()
            throw error
        }
        try await archive.close()
        return result
    }
}
