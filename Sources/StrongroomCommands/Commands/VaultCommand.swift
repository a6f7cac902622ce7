import ArchiveBytes
import ArgumentParser
import StrongroomVaults

/// The places that archives are shipped to.
struct VaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "Prepare the places that archives are shipped to, and copy between them.",
        subcommands: [VaultInitCommand.self, VaultSyncCommand.self]
    )
}

/// Prepares a vault and tries out what its server can do.
struct VaultInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Prepare a vault, and try out whether its server keeps what vaults rely on.",
        usage: "strongroom vault init LOCATION [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom vault init s3://backups/hospital

            LOCATION is a directory, s3://BUCKET/PREFIX, sftp://USER@HOST/PATH, or \
            sftp://HOST/~/PATH below the login's own directory. Makes missing directories, and a \
            bucket with --create-bucket. What the server does not keep is said; `ship` works all the \
            same.

            S3: credentials, region and server are those of AWS's own tools: AWS_ACCESS_KEY_ID, \
            AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, \
            AWS_CA_BUNDLE, ~/.aws/credentials and ~/.aws/config. SFTP: the system's ssh with its \
            configuration, agents and known hosts; it is never asked for a password.
            """,
            exits: [.interrupted]
        )
    )

    @Argument(help: ArgumentHelp("Where the vault is.", valueName: "location"))
    var vault: String
    @Flag(help: "Make the S3 bucket if it is missing.")
    var createBucket = false
    @Flag(help: "Make it for locks, which only a new bucket can be.")
    var objectLock = false
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        if objectLock, !createBucket {
            throw ValidationError(
                "--object-lock is for --create-bucket: only a new bucket takes it"
            )
        }
    }

    func run() async throws {
        let place = try VaultPlace(vault, access)
        try await place.create()
        var probe: VaultProbe?
        if let store = place.store as? S3Store {
            if createBucket { try await store.createBucket(forLocks: objectLock) }
            probe = try await store.probe()
        } else if let store = place.store as? SFTPStore {
            probe = try await store.probe()
        }
        answers.output.answer(VaultReadyMessage(vault: vault, probe: probe))
    }
}

/// What a vault's place can do.
struct VaultReadyMessage: Message {
    let vault: String
    let probe: VaultProbe?

    var type: String { "vault" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "write_once": .text((probe?.condition ?? .honoured).rawValue),
            "write_once_in_parts": .text((probe?.partsCondition ?? .honoured).rawValue),
            "keeps_versions": .bool(probe?.keepsVersions ?? false),
            "warnings": .array((probe?.warnings ?? []).map(JSONValue.text)),
        ]
    }

    var lines: [String] {
        let warnings = probe?.warnings ?? []
        let ready =
            warnings.isEmpty ? "it keeps all that a vault relies on." : "but read these warnings:"
        return ["\(VisibleText.text(vault)) is ready; \(ready)"]
            + warnings.map { "WARNING: " + VisibleText.text($0) }
    }
}
