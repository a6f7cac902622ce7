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
    private let store: any ObjectStore
    private let keys: VaultKeys
    private let files: any FileSystem
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
        let root = cache.appending(CacheName.text(vault.document.archiveID, location))
        let (store, files) = (store, files)
        let mount = try await LocalFiles.pool.run { () throws(RecoveryError) in
            do {
                try files.makeDirectories(root)
                let layout = ArchiveLayout(root)
                for directory in [
                    layout.segments, layout.snapshots, layout.indexDirectory, layout.quarantine,
                    root.appending("blocks"),
                ] { try files.makeDirectory(directory) }
                if acceptsRollback, Self.wasFurther(than: chosen.manifest, root, on: files) {
                    try Self.forget(layout, on: files)
                }
            } catch {
                throw RecoveryError.wrapping(error, in: root.string)
            }
            return VaultMount(
                vault,
                chosen,
                in: store,
                at: root,
                cacheByteLimit: cacheByteLimit,
                on: files
            )
        }
        var address = ArchiveAddress(
            mount,
            root,
            credential: keys.credential,
            configuration: configuration
        )
        address.keyring = vault.keyring
        let note = root.appending("snapshot")
        do {
            try await prepare(address, chosen.manifest, note, progress)
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
        _ note: FilePath,
        _ progress: ProgressHandler?
    ) async throws(RecoveryError) {
        let files = files
        let text = "\(manifest.id) \(manifest.treeSize)"
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            // A damaged note costs building the index; its mark is in the head as well.
            let known = Self.known(note, on: files)
            if known == text { return }
            if let size = Self.treeSize(known), size > manifest.treeSize {
                throw RecoveryError(
                    .rollback,
                    "the vault ends with commit \(manifest.treeSize), and commit \(size) was seen in "
                        + "it: it was put back to an older state; look at it, ship again, or accept it "
                        + "(`--accept-rollback`)"
                )
            }
            _ = ProgressMeter(.indexing, progress)
            do {
                let engine = try Engine.open(address)
                try engine.close()
                try files.replace(note, with: Array(text.utf8))
            } catch {
                throw RecoveryError.wrapping(error, in: note.string)
            }
        }
    }
}

extension OpenVault {
    /// What was known last of the vault: a snapshot and how many commits it covers.
    private static func known(_ note: FilePath, on files: any FileSystem) -> String? {
        (try? files.readAll(note, limit: 64)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func treeSize(_ known: String?) -> UInt64? {
        known?.split(separator: " ").last.flatMap { UInt64($0) }
    }

    private static func wasFurther(
        than manifest: SnapshotManifest,
        _ root: FilePath,
        on files: any FileSystem
    ) -> Bool {
        treeSize(known(root.appending("snapshot"), on: files)).map { $0 > manifest.treeSize }
            ?? false
    }

    /// Removes what was kept of another state: the mark last, so that an interruption is not taken for
    /// having accepted it.
    private static func forget(
        _ layout: ArchiveLayout,
        on files: any FileSystem
    ) throws(SystemError) {
        for directory in [layout.indexDirectory, layout.root.appending("blocks")] {
            for name in try files.names(in: directory) {
                try files.remove(directory.appending(name))
            }
        }
        for path in [layout.head, layout.root.appending("snapshot")]
        where try files.status(of: path) != nil { try files.remove(path) }
        try files.synchronizeDirectory(layout.root)
    }
}

/// The name of a vault's directory in the cache.
private enum CacheName {
    static func text(_ archive: ArchiveID, _ location: String) -> String {
        let place = SHA256.hash(Array(location.utf8).span)
        return "\(archive.hex.prefix(16))-\(place.hex.prefix(16))"
    }
}
