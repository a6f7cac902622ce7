import ArchiveFileIO
import ArgumentParser
import StrongroomVaults
import SystemPackage

/// How vaults on other machines are reached.
struct VaultAccessOptions: ParsableArguments {
    @Flag(help: "Speak to an S3 server without encryption.")
    var allowPlainHttp = false
    @Option(
        help: ArgumentHelp(
            "Certificates to trust for S3, in PEM, instead of the system's.",
            valueName: "file"
        )
    )
    var caFile: String?
    @Option(
        help: ArgumentHelp("The S3 storage class of new objects.", valueName: "name")
    )
    var storageClass: String?
    @Option(
        help: ArgumentHelp("At most so many KiB a second to a vault elsewhere.", valueName: "n")
    )
    var limitUpload: UInt64?
    @Option(
        help: ArgumentHelp("At most so many KiB a second from a vault elsewhere.", valueName: "n")
    )
    var limitDownload: UInt64?
    @Option(
        help: ArgumentHelp(
            "What to call instead of ssh, with arguments; else STRONGROOM_SSH_COMMAND.",
            valueName: "command"
        )
    )
    var sshCommand: String?

    func validate() throws {
        // A thousand terabytes a second are no limit, and no product here overflows.
        for (name, limit) in [("upload", limitUpload), ("download", limitDownload)] {
            if let limit, !(1...(1 << 40)).contains(limit) {
                throw ValidationError("--limit-\(name) is a number of KiB a second, 1 or more")
            }
        }
    }

    /// What the stores understand.
    var access: VaultAccess {
        var access = VaultAccess()
        access.allowsPlainHTTP =
            allowPlainHttp || Environment.text(of: "STRONGROOM_ALLOW_PLAIN_HTTP") == "1"
        access.authorities = caFile
        access.storageClass = storageClass
        access.uploadBytesPerSecond = limitUpload.map { $0 * 1024 }
        access.downloadBytesPerSecond = limitDownload.map { $0 * 1024 }
        if let command = sshCommand ?? Environment.text(of: "STRONGROOM_SSH_COMMAND") {
            access.sshCommand = command.split(separator: " ").map(String.init)
        }
        return access
    }
}

/// The vault that a text names.
struct VaultPlace {
    let location: VaultLocation
    let store: any ObjectStore

    init(
        _ text: String,
        _ options: VaultAccessOptions,
        changing change: (inout VaultAccess) -> Void = { _ in }
    ) throws {
        location = try VaultLocation(text)
        var access = options.access
        change(&access)
        store = try location.store(access)
    }

    /// A vault that must be there; one elsewhere shows that when it is asked for something.
    static func existing(_ text: String, _ options: VaultAccessOptions) throws -> any ObjectStore {
        let place = try VaultPlace(text, options)
        guard case .directory(let path) = place.location else { return place.store }
        guard let status = try PosixFileSystem().status(of: path) else {
            throw CommandFailure(
                .noArchive,
                code: "notFound",
                "there is no vault at \(text): no such directory; mount it, or name the right one"
            )
        }
        guard status.kind != .file else {
            throw CommandFailure(
                .noArchive,
                code: "notFound",
                "there is no vault at \(text): it is a file; name a directory"
            )
        }
        return place.store
    }

    /// Whether nothing is there yet; a bucket always is there.
    func isMissing() async throws -> Bool {
        switch location {
        case .directory(let path): return try PosixFileSystem().status(of: path) == nil
        case .sftp, .s3:
            guard let store = store as? SFTPStore else { return false }
            return try await !store.exists()
        }
    }

    /// Makes the vault's directory; a bucket is made only when that is asked for.
    func create() async throws {
        if let store = store as? DirectoryStore { try await store.create() }
        if let store = store as? SFTPStore { try await store.create() }
    }
}
