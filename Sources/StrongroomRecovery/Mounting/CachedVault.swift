import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Strongroom
import StrongroomVaults
import SystemPackage

/// What this machine keeps of a vault that it reads in place: an index, pieces of segments, and how far
/// the vault had come when it was seen last.
struct CachedVault: Sendable {
    let root: FilePath
    private let vault: UnlockedVault
    private let files: any FileSystem

    /// `location` tells vaults of the same archive apart.
    init(
        of vault: UnlockedVault,
        at location: String,
        in cache: FilePath,
        on files: any FileSystem
    ) {
        let place = SHA256.hash(Array(location.utf8).span)
        let archive = vault.document.archiveID.hex
        root = cache.appending("\(archive.prefix(16))-\(place.hex.prefix(16))")
        self.vault = vault
        self.files = files
    }

    /// The vault's keyring, which was opened with it.
    var keyring: Keyring { vault.keyring }
    private var layout: ArchiveLayout { ArchiveLayout(root) }
    private var blocks: FilePath { root.appending("blocks") }
    /// The snapshot that the index covers.
    private var indexedNote: FilePath { root.appending("snapshot") }
    /// The newest snapshot that was read without an index.
    private var seenNote: FilePath { root.appending("seen") }

    /// Sets up the view of a snapshot.
    ///
    /// - Throws: `rollback` if the vault had been further, unless that is accepted.
    func mount(
        _ chosen: StoredManifest,
        _ store: any ObjectStore,
        _ cacheByteLimit: UInt64,
        _ acceptsRollback: Bool
    ) async throws(RecoveryError) -> VaultMount {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            do {
                try files.makeDirectories(root)
                for directory in [
                    layout.segments, layout.snapshots, layout.indexDirectory, layout.quarantine,
                    blocks,
                ] { try files.makeDirectory(directory) }
                try requireNoRollback(chosen.manifest, acceptsRollback)
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
    }

    private func requireNoRollback(
        _ manifest: SnapshotManifest,
        _ isAccepted: Bool
    ) throws {
        // A damaged note costs building the index; its mark is in the head as well.
        let size = max(treeSize(indexedNote), treeSize(seenNote))
        guard size > manifest.treeSize else { return }
        guard isAccepted else {
            throw RecoveryError(
                .rollback,
                "the vault ends with commit \(manifest.treeSize), and commit \(size) was seen in it: "
                    + "it was put back to an older state; look at it, ship again, or accept it "
                    + "(`--accept-rollback`)"
            )
        }
        try forget()
    }

    /// Whether the index here covers just this snapshot.
    func isIndexed(_ manifest: SnapshotManifest) -> Bool {
        text(indexedNote) == Self.text(manifest)
    }

    /// Keeps that the index covers a snapshot.
    func setIndexed(_ manifest: SnapshotManifest) throws(SystemError) {
        try files.replace(indexedNote, with: Array(Self.text(manifest).utf8))
    }

    /// Keeps that a snapshot was read, so that an older vault in its place is noticed.
    func setSeen(_ manifest: SnapshotManifest) throws(SystemError) {
        guard text(seenNote) != Self.text(manifest) else { return }
        try files.replace(seenNote, with: Array(Self.text(manifest).utf8))
    }

    private static func text(_ manifest: SnapshotManifest) -> String {
        "\(manifest.id) \(manifest.treeSize)"
    }

    /// What a note says: a snapshot and how many commits it covers.
    private func text(_ note: FilePath) -> String? {
        (try? files.readAll(note, limit: 64)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func treeSize(_ note: FilePath) -> UInt64 {
        text(note)?.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
    }

    /// Removes what was kept of another state: the mark last, so that an interruption is not taken for
    /// having accepted it.
    private func forget() throws(SystemError) {
        for directory in [layout.indexDirectory, blocks] {
            for name in try files.names(in: directory) {
                try files.remove(directory.appending(name))
            }
        }
        for path in [layout.head, seenNote, indexedNote]
        where try files.status(of: path) != nil { try files.remove(path) }
        try files.synchronizeDirectory(root)
    }
}
