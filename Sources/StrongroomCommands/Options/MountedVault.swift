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
            try files.status(of: path.appending("vault.json")) != nil,
            // A vault has none: this is an archive, whatever was put beside it.
            try files.status(of: path.appending("head")) == nil
        else { return nil }
        self.text = text
        store = DirectoryStore(at: path)
    }

    /// Opens the newest snapshot for reading.
    func open(_ key: KeyOptions, acceptingRollback: Bool = false) async throws -> Archive {
        try await Self.withRoom {
            try await vault(key).open(
                location: text,
                cache: try Self.cache(),
                cacheByteLimit: try Self.cacheByteLimit(),
                acceptsRollback: acceptingRollback,
                progress: Self.progress()
            )
        }
    }

    /// Says where else pieces may be kept, if their place is full.
    static func withRoom<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as RecoveryError where error.code == .full {
            throw CommandFailure(
                .failed,
                code: error.code.rawValue,
                "\(error.message); make room, or name a directory with more of it in STRONGROOM_CACHE"
            )
        }
    }

    /// Opens it for one record.
    func glance(
        at name: String,
        in collection: String,
        _ moment: MomentOptions,
        _ key: KeyOptions
    ) async throws -> OpenVault.Glimpse {
        try await Self.withRoom {
            try await vault(key).glance(
                at: name,
                in: collection,
                asOf: moment.ofVault,
                location: text,
                cache: try Self.cache(),
                cacheByteLimit: try Self.cacheByteLimit(),
                acceptsRollback: moment.acceptRollback,
                progress: Self.progress()
            )
        }
    }

    private func vault(_ key: KeyOptions) throws -> OpenVault {
        let keyring = Environment.text(of: "STRONGROOM_KEYRING")
        return OpenVault(store, unlocking: try VaultKeyOptions.keys(key, keyring, for: text))
    }

    private static func progress() -> ProgressHandler? {
        Output(format: CommandLineTool.wantsJSON ? .json : .text, isQuiet: false)
            .recoveryProgress()
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
