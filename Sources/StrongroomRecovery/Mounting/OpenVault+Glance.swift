import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
public import Strongroom
import StrongroomVaults
public import SystemPackage

extension OpenVault {
    /// As of when a vault is read.
    public enum Moment: Sendable {
        /// The newest snapshot.
        case now
        /// Up to a time, in microseconds since 1970.
        case time(Int64)
        /// A snapshot: its id, the beginning of it, or "latest".
        case snapshot(String)
    }

    /// What was opened to read one record.
    public enum Glimpse: Sendable {
        /// This record's newest version and nothing else; no index was made.
        case record(ArchiveView)
        /// All of the archive, since an index was here already, or nothing less will do.
        case archive(Archive)
    }

    /// Opens the vault for one record, which takes no index.
    ///
    /// The directories of the segments are searched for the name, the newest first, on all processors.
    /// Where an index of this snapshot is here already it serves instead.
    ///
    /// - Throws: as ``open(location:cache:cacheByteLimit:acceptsRollback:progress:)``; `integrity` only
    ///   if a segment is damaged that had to be looked at.
    public func glance(
        at name: String,
        in collection: String,
        asOf moment: Moment = .now,
        location: String,
        cache: FilePath,
        cacheByteLimit: UInt64 = usualCacheByteLimit,
        acceptsRollback: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> Glimpse {
        let vault = try await UnlockedVault.open(store, keys)
        let newest = try vault.snapshot(nil)
        let place = CachedVault(of: vault, at: location, in: cache, on: files)
        let mount = try await place.mount(newest, store, cacheByteLimit, acceptsRollback)
        guard !place.isIndexed(newest.manifest),
            let manifest = Self.manifest(moment, vault.history(of: newest))
        else { return .archive(try await open(mount, newest, place, location, progress)) }
        var latest = Timestamp(microseconds: .max)
        if case .time(let time) = moment { latest = Timestamp(microseconds: time) }
        let end = latest
        return .record(
            try await LocalFiles.pool.run { () throws(RecoveryError) in
                do {
                    let glance = Glance(mount, place.root, place.keyring)
                    let view = try glance.view(
                        of: name,
                        in: collection,
                        manifest,
                        recordedBy: end
                    )
                    try place.setSeen(newest.manifest)
                    return view
                } catch {
                    if let failure = mount.failure { throw RecoveryError(failure) }
                    throw RecoveryError.wrapping(error, in: location)
                }
            }
        )
    }

    private static func manifest(
        _ moment: Moment,
        _ history: [StoredManifest]
    ) -> SnapshotManifest? {
        guard case .snapshot(let wanted) = moment, wanted != "latest" else {
            return history.last?.manifest
        }
        let found = history.map(\.manifest).filter { $0.id.hasPrefix(wanted) }
        return found.first { $0.id == wanted } ?? (found.count == 1 ? found.first : nil)
    }
}
