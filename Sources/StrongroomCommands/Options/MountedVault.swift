import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// A vault that is named where an archive is meant: it is opened in place, to read.
struct MountedVault {
    private let text: String
    private let store: any ObjectStore

    /// Nil if the text names no vault.
    init?(_ text: String) throws {
        guard case .directory(let path) = try VaultLocation(text) else {
            self.text = text
            store = try VaultPlace(text, try VaultAccessOptions.parse([])).store
            return
        }
        let files = PosixFileSystem()
        guard try files.status(of: path)?.kind == .directory,
            try files.status(of: path.appending("vault.json")) != nil
        else { return nil }
        self.text = text
        store = DirectoryStore(at: path)
    }

    /// Opens the newest snapshot for reading.
    func open(_ key: KeyOptions, acceptingRollback: Bool = false) async throws -> Archive {
        let keyring = Environment.text(of: "STRONGROOM_KEYRING")
        let keys = try VaultKeyOptions.keys(key, keyring, for: text)
        let output = Output(format: CommandLineTool.wantsJSON ? .json : .text, isQuiet: false)
        return try await OpenVault(store, unlocking: keys).open(
            location: text,
            cache: try Self.cache(),
            cacheByteLimit: try Self.cacheByteLimit(),
            acceptsRollback: acceptingRollback,
            progress: output.recoveryProgress()
        )
    }

    static func readOnly(_ text: String) -> CommandFailure {
        CommandFailure(
            .failed,
            code: "readOnly",
            "\(text) is a vault: it can be read in place, and only `ship` adds to it"
        )
    }

    private static func cache() throws -> FilePath {
        if let path = Environment.text(of: "STRONGROOM_CACHE") { return FilePath(path) }
        if let path = Environment.text(of: "XDG_CACHE_HOME") {
            return FilePath(path).appending("strongroom")
        }
        guard let home = Environment.text(of: "HOME") else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "say in STRONGROOM_CACHE where pieces of the vault may be kept"
            )
        }
        return FilePath(home).appending(".cache").appending("strongroom")
    }

    static func cacheByteLimit() throws -> UInt64 {
        guard let text = Environment.text(of: "STRONGROOM_CACHE_SIZE") else {
            return OpenVault.usualCacheByteLimit
        }
        guard let count = UInt64(text), (1...(1 << 30)).contains(count) else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "STRONGROOM_CACHE_SIZE is a number of MiB, 1 or more"
            )
        }
        return count << 20
    }
}
