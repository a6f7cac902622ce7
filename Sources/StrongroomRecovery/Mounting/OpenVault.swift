package import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
public import Strongroom
public import StrongroomVaults
public import SystemPackage

/// Opens an archive in place in a vault, to read.
///
/// Nothing is recovered: the first opening builds the index in a directory of this machine from what
/// the segments' directories list, later ones bring it up to what was shipped since, and reads fetch
/// the pieces that they need, which stay there up to a limit. All of it is encrypted. The directory
/// also remembers how far the archive had come: a vault that was put back to an older state is refused.
public struct OpenVault: Sendable {
    let store: any ObjectStore
    let keys: VaultKeys
    let files: any FileSystem
    private let configuration: ArchiveConfiguration

    /// Bytes of pieces that are kept unless something else is said.
    public static let usualCacheByteLimit: UInt64 = 1 << 30

    /// Prepares to open the archive in a vault.
    public init(_ store: any ObjectStore, unlocking keys: VaultKeys) {
        self.init(store, unlocking: keys, on: PosixFileSystem())
    }

    package init(
        _ store: any ObjectStore,
        unlocking keys: VaultKeys,
        on files: any FileSystem,
        configuration: ArchiveConfiguration = ArchiveConfiguration()
    ) {
        self.store = store
        self.keys = keys
        self.files = files
        self.configuration = configuration
    }

    /// Opens the newest snapshot for reading.
    ///
    /// In `cache`, a directory for all vaults, each gets one of its own; `location` tells vaults of
    /// the same archive apart. A vault that was put back to an older state is refused unless
    /// `acceptsRollback`; then what the directory remembers of it is forgotten, and built anew.
    ///
    /// - Throws: `wrongKey`, `keyringMissing`, `noSnapshot`, `notFound`, `unreachable`; `integrity` if
    ///   the ends of a segment are damaged; `rollback` if the vault had been further.
    public func open(
        location: String,
        cache: FilePath,
        cacheByteLimit: UInt64 = usualCacheByteLimit,
        acceptsRollback: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> Archive {
        let vault = try await UnlockedVault.open(store, keys)
        let chosen = try vault.snapshot(nil)
        let place = CachedVault(of: vault, at: location, in: cache, on: files)
        let mount = try await place.mount(chosen, store, cacheByteLimit, acceptsRollback)
        return try await open(mount, chosen, place, location, progress)
    }

    /// Opens a vault that is mounted.
    func open(
        _ mount: VaultMount,
        _ chosen: StoredManifest,
        _ place: CachedVault,
        _ location: String,
        _ progress: ProgressHandler?
    ) async throws(RecoveryError) -> Archive {
        var address = ArchiveAddress(
            mount,
            place.root,
            credential: keys.credential,
            configuration: configuration
        )
        address.keyring = place.keyring
        do {
            try await prepare(address, chosen.manifest, place, progress)
            return try await Archive.open(address, mode: .readOnly)
        } catch {
            if let failure = mount.failure { throw RecoveryError(failure) }
            throw RecoveryError.wrapping(error, in: location)
        }
    }

    /// Brings the index up to the snapshot, unless it was there before.
    private func prepare(
        _ address: ArchiveAddress,
        _ manifest: SnapshotManifest,
        _ place: CachedVault,
        _ progress: ProgressHandler?
    ) async throws(RecoveryError) {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            if place.isIndexed(manifest) { return }
            _ = ProgressMeter(.indexing, progress)
            do {
                let engine = try Engine.open(address)
                try engine.close()
                try place.setIndexed(manifest)
            } catch {
                throw RecoveryError.wrapping(error, in: place.root.string)
            }
        }
    }
}
