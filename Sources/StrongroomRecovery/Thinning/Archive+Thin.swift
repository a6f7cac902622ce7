import ArchiveFileIO
import ArchiveSegments
public import Strongroom
import StrongroomVaults
import SystemPackage

extension Archive {
    /// Opens an archive some of whose segments may live in a vault; see ``Thinning``.
    ///
    /// Opening and writing need no vault. Reading a record whose segment is not here fetches the pieces
    /// that it needs, which stay in the archive's directory `cache`, sealed as they are in the vault, up
    /// to a limit. `vaults` finds the store for a location that `thin.json` names, with whatever
    /// credentials it takes; a vault that does not answer makes such a read fail, and no other.
    public static func open(
        at path: String,
        unlocking key: ArchiveKey,
        mode: Mode = .readWrite,
        configuration: ArchiveConfiguration = ArchiveConfiguration(),
        reaching vaults: @escaping VaultReach,
        cacheByteLimit: UInt64 = OpenVault.usualCacheByteLimit
    ) async throws(ArchiveError) -> Archive {
        let path = FilePath(path)
        let source = VaultSegments(
            ofArchiveAt: path,
            reaching: vaults,
            cacheByteLimit: cacheByteLimit
        )
        let address = ArchiveAddress(
            ArchiveLayout(path).fileSystem(source: source),
            path,
            credential: key.credential,
            configuration: configuration
        )
        return try await open(address, mode: mode)
    }
}
