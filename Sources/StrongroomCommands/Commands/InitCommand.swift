import ArchiveBytes
import ArgumentParser
import Strongroom

/// Makes an archive.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an archive in an empty or new directory.",
        usage: "strongroom init [-r DIR] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom init -r /srv/records

            Prints the archive's public key. Keep it apart from the archive: with it, and with no \
            secret, anyone can check later that nothing was changed.
            """,
            exits: [.interrupted]
        )
    )

    @Option(
        help: ArgumentHelp(
            """
            What the archive is made for, for ever: fast, balanced or dense (a seventh smaller than \
            balanced, and slower to write).
            """,
            valueName: "profile"
        )
    )
    var profile = ArchiveProfile.balanced.rawValue

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        guard let profile = ArchiveProfile(rawValue: profile) else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "--profile is fast, balanced or dense, not \(profile)"
            )
        }
        let path = try options.path()
        let key = try options.key.key(for: path, isNew: true)
        let archive = try await Archive.create(
            at: path,
            unlocking: key,
            configuration: ArchiveConfiguration(profile: profile)
        )
        let message = Note(
            "initialized",
            [
                "path": .text(path), "archive_id": .text(archive.identity),
                "public_key": .text(archive.publicKey),
            ],
            [
                "Made archive \(archive.identity) in \(path).",
                "Public key: \(archive.publicKey)",
                "Without the passphrase or key file nobody can read it, you included.",
            ]
        )
        try await ArchiveOptions.using(archive) { _ in answers.output.confirm(message) }
    }
}
