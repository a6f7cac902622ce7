import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomVaults
import SystemPackage

/// A vault seen as an archive's directory: sealed segments come from the vault, piece by piece, the
/// small documents from memory, and what an archive keeps for itself — index, head, lock — is in a
/// directory of this machine.
final class VaultMount: FileSystem {
    let layout: ArchiveLayout
    private let local: any FileSystem
    private let vault: VaultFileSystem
    /// Nil for a vault on a disk of this machine: what is read again is in memory as it is.
    private let cache: BlockCache?
    private let documents: [FilePath: [UInt8]]
    private let segments: [FilePath: SnapshotManifest.Segment]
    /// What the vault listed when it was opened: asking again would cost a round trip a segment.
    private let listed: [VaultObject: UInt64]

    /// Sets up the view of a snapshot of an opened vault.
    init(
        _ vault: UnlockedVault,
        _ chosen: StoredManifest,
        in store: any ObjectStore,
        at root: FilePath,
        cacheByteLimit: UInt64,
        on local: any FileSystem
    ) {
        let layout = ArchiveLayout(root)
        self.layout = layout
        self.local = local
        self.vault = VaultFileSystem(store, Cancellation())
        cache =
            store is any BlockingStore
            ? nil : BlockCache(root.appending("blocks"), byteLimit: cacheByteLimit, on: local)
        var documents = [
            layout.document: vault.documentBytes, layout.keyring: vault.keyringBytes,
        ]
        for stored in vault.history(of: chosen) {
            documents[layout.snapshot(stored.manifest.id)] = stored.bytes
        }
        self.documents = documents
        listed = vault.contents.objects
        segments = Dictionary(
            uniqueKeysWithValues: chosen.manifest.segments.map {
                (layout.segments.appending($0.number.stem + ".seg"), $0)
            }
        )
    }

    /// What the vault said when a call failed for it.
    var failure: VaultError? { vault.failure }

    func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        if let bytes = documents[path] {
            guard case .read = access else { throw SystemError(.open, path, .readOnlyFileSystem) }
            return RangeFile(bytes, at: 0, of: path)
        }
        guard let segment = segments[path] else { return try local.open(path, access) }
        guard case .read = access else { throw SystemError(.open, path, .readOnlyFileSystem) }
        let object = VaultObject.segment(segment.number)
        guard let byteCount = listed[object], let name = try? object.name else {
            throw SystemError(.open, path, .noSuchFileOrDirectory)
        }
        guard byteCount == segment.byteCount else { throw SystemError(.open, path, .ioError) }
        let source = VaultFile(vault, name, path: path, byteCount: byteCount)
        guard let cache else { return source }
        return MountedSegment(source, byteCount: segment.byteCount, path: path, cache)
    }

    func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        let own = Array(documents.keys) + Array(segments.keys)
        let mounted = own.filter { $0.directory == path }.compactMap(\.lastComponent)
        return Set(mounted + (try local.names(in: path))).sorted { $0.string < $1.string }
    }

    func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        let byteCount = documents[path].map { UInt64($0.count) } ?? segments[path]?.byteCount
        guard let byteCount else { return try local.status(of: path) }
        return FileStatus(kind: .file, byteCount: byteCount, device: 0, inode: 0, modified: 0)
    }

    func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 {
        try local.availableByteCount(at: path)
    }

    // MARK: Changes, of what is this machine's alone

    private func requireLocal(
        _ path: FilePath,
        _ operation: SystemError.Operation
    ) throws(SystemError) {
        guard documents[path] == nil, segments[path] == nil else {
            throw SystemError(operation, path, .readOnlyFileSystem)
        }
    }

    func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        try requireLocal(source, .rename)
        try requireLocal(target, .rename)
        try local.rename(source, to: target)
    }

    func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        try requireLocal(source, .rename)
        try requireLocal(target, .rename)
        try local.rename(source, toNew: target)
    }

    func remove(_ path: FilePath) throws(SystemError) {
        try requireLocal(path, .remove)
        try local.remove(path)
    }

    func makeDirectory(_ path: FilePath) throws(SystemError) { try local.makeDirectory(path) }

    func removeDirectory(_ path: FilePath) throws(SystemError) { try local.removeDirectory(path) }

    func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        try local.synchronizeDirectory(path)
    }
}
