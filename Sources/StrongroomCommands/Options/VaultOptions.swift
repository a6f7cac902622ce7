import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// What opens a vault: the key, and the keyring where it is kept apart.
struct VaultKeyOptions: ParsableArguments {
    @OptionGroup var key: KeyOptions

    @Option(
        help: ArgumentHelp(
            "The keyring, where it is kept apart from the vault: a copy of keyring.json.",
            valueName: "file"
        )
    )
    var keyring: String?

    /// A larger file is no keyring.
    private static let keyringByteLimit = 64 << 20

    /// The keys to the vault at `path`.
    func keys(for path: String) throws -> VaultKeys {
        try Self.keys(key, keyring, for: path)
    }

    /// The keys to the vault at `path`, with a keyring from a file if one is named.
    static func keys(
        _ key: KeyOptions,
        _ keyring: String?,
        for path: String
    ) throws -> VaultKeys {
        var bytes: [UInt8]?
        if let keyring {
            bytes = try PosixFileSystem().readAll(
                FilePath(keyring),
                limit: keyringByteLimit
            )
        }
        return VaultKeys(try key.key(for: path), keyring: bytes)
    }
}

extension Output {
    /// Progress of what goes to or comes from a vault.
    func recoveryProgress() -> ProgressHandler {
        let progress = progress("")
        return { done in
            progress.update(
                verb: done.phase.rawValue,
                done: done.doneByteCount,
                total: done.byteCount
            )
        }
    }
}
