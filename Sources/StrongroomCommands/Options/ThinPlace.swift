import ArchiveFileIO
import ArchiveSegments
import ArgumentParser
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// An archive's directory, whose segments may live in vaults.
enum ThinPlace {
    /// The archive's files; what is in a vault is fetched when it is read.
    static func files(
        _ path: String,
        _ access: VaultAccessOptions? = nil
    ) throws -> ThinFileSystem {
        let path = FilePath(path)
        let source = VaultSegments(
            ofArchiveAt: path,
            reaching: try reach(access),
            cacheByteLimit: try MountedVault.cacheByteLimit()
        )
        return ArchiveLayout(path).fileSystem(source: source)
    }

    /// Finds the vaults that an archive names, as the environment says unless options do.
    static func reach(_ access: VaultAccessOptions? = nil) throws -> VaultReach {
        let options = try access ?? VaultAccessOptions.parse([])
        return { try VaultPlace($0, options).store }
    }

    /// A vault's location as it means the same from any directory.
    static func location(_ text: String) throws -> String {
        guard case .directory(let path) = try VaultLocation(text) else { return text }
        return try WorkingDirectory.absolute(path).string
    }
}
