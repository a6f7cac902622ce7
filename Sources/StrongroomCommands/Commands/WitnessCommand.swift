import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// What was seen of an archive, kept apart from it.
struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Keep what was seen of an archive apart, and find out if it was put back.",
        subcommands: [WitnessExportCommand.self, WitnessCheckCommand.self]
    )
}

/// The archive or vault that a witness is of.
struct WitnessedPlaceOptions: ParsableArguments {
    @OptionGroup var place: ArchivePlaceOptions
    @Option(help: ArgumentHelp("A vault instead of an archive.", valueName: "vault"))
    var vault: String?
    @Option(
        help: ArgumentHelp(
            "The archive's public key, 64 hexadecimal digits; else the one it names itself.",
            valueName: "hex"
        )
    )
    var publicKey: String?
    @OptionGroup var access: VaultAccessOptions

    func validate() throws {
        guard vault == nil || place.archivePath == nil else {
            throw ValidationError("name an archive or a vault, not both")
        }
        if let publicKey, Hex.decode(publicKey)?.count != 32 {
            throw ValidationError(
                "--public-key is 64 hexadecimal digits; `strongroom status` tells it"
            )
        }
    }

    func name() throws -> String { try vault ?? place.path() }

    func store() throws -> any ObjectStore { try VaultPlace.existing(try name(), access) }
}

/// Gives out the newest checkpoint.
struct WitnessExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Give out the newest snapshot's checkpoint, a C2SP signed note.",
        usage: "strongroom witness export [-r DIR | --vault VAULT] [--to FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom witness export -r A --to /media/usb/checkpoint

            Needs no passphrase. Keep it where neither the archive nor its vaults can be changed \
            from, on paper if need be; public witnesses can cosign it.
            """,
            exits: [.noArchive, .integrity]
        )
    )

    @OptionGroup var place: WitnessedPlaceOptions
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("Write it to this file.", valueName: "file")
    )
    var target: String?
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let witness = try await Witness.newest(
            in: try place.store(),
            publicKey: place.publicKey
        )
        if let target {
            try PosixFileSystem().replace(FilePath(target), with: Array(witness.note.utf8))
        }
        let lines = witness.note.split(separator: "\n", omittingEmptySubsequences: false)
        answers.output.answer(
            Note(
                "witness",
                ["note": .text(witness.note), "path": .optional(target)],
                target.map { ["The checkpoint is in \($0)."] } ?? lines.dropLast().map(String.init)
            )
        )
    }
}

/// Holds an archive or vault against a checkpoint.
struct WitnessCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Prove that an archive or vault goes on from a checkpoint that was kept.",
        usage: "strongroom witness check FILE [-r DIR | --vault VAULT] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom witness check /media/usb/checkpoint --vault /mnt/vault

            Needs no passphrase. What was put back to an older state, or has another history, ends \
            with 24.
            """,
            exits: [.noArchive, .integrity, .rollback]
        )
    )

    @Argument(help: ArgumentHelp("The checkpoint.", valueName: "file"))
    var file: String
    @OptionGroup var place: WitnessedPlaceOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let report = try await WitnessFile.read(file).check(
            try place.store(),
            publicKey: place.publicKey
        )
        answers.output.answer(
            Note(
                "witnessed",
                [
                    "archive_id": .text(report.archive),
                    "seen_commits": .count(report.seenCommitCount),
                    "commits": .count(report.commitCount),
                ],
                [
                    "\(try place.name()) has all \(report.seenCommitCount) commits that were seen, "
                        + "and \(report.commitCount - report.seenCommitCount) more."
                ]
            )
        )
    }
}

/// A checkpoint in a file.
enum WitnessFile {
    /// A note has a few hundred bytes, and some more for each who cosigned it.
    private static let byteLimit = 1 << 20

    static func read(_ path: String) throws -> Witness {
        let bytes = try PosixFileSystem().readAll(FilePath(path), limit: byteLimit)
        return Witness(note: String(decoding: bytes, as: UTF8.self))
    }
}

/// Whether a vault must go on from a checkpoint before it is used.
struct WitnessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Refuse the vault (24) unless it goes on from this checkpoint of `witness export`.",
            valueName: "file"
        )
    )
    var witness: String?
    @Flag(help: "Use the vault although it was put back to an older state.")
    var acceptRollback = false

    func validate() throws {
        guard !acceptRollback || witness != nil else {
            throw ValidationError("--accept-rollback belongs to --witness")
        }
    }

    func check(_ store: any ObjectStore, publicKey: String? = nil, _ output: Output) async throws {
        guard let witness else { return }
        let seen = try WitnessFile.read(witness)
        var failure: RecoveryError?
        do throws(RecoveryError) {
            _ = try await seen.check(store, publicKey: publicKey)
        } catch {
            failure = error
        }
        guard let failure else { return }
        guard failure.code == .rollback, acceptRollback else { throw failure }
        output.warn("\(failure.message); it is used all the same, as asked")
    }
}
