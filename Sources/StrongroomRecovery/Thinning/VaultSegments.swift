package import ArchiveFileIO
package import ArchiveFormat
import ArchiveSegments
import Strongroom
public import StrongroomVaults
import Synchronization
package import SystemPackage

/// Finds the store at a vault's location, as ``VaultLocation`` reads it; may throw any error.
public typealias VaultReach = @Sendable (_ location: String) throws -> any ObjectStore

/// The segments of a thin archive, in the vaults that its `thin.json` names, read piece by piece
/// through a cache in the archive's directory.
///
/// Nothing is looked at before a segment is wanted. Its calls wait for the vault.
package final class VaultSegments: SegmentSource {
    private let layout: ArchiveLayout
    private let files: any FileSystem
    private let reach: VaultReach
    private let cacheByteLimit: UInt64
    private let known = Mutex(Known())

    private struct Known {
        var cache: BlockCache?
        var vaults: [String: VaultFileSystem] = [:]
    }

    package init(
        ofArchiveAt path: FilePath,
        on files: any FileSystem = PosixFileSystem(),
        reaching reach: @escaping VaultReach,
        cacheByteLimit: UInt64 = OpenVault.usualCacheByteLimit
    ) {
        layout = ArchiveLayout(path)
        self.files = files
        self.reach = reach
        self.cacheByteLimit = cacheByteLimit
    }

    package func open(
        _ segment: SegmentNumber,
        byteCount: UInt64,
        path: FilePath
    ) throws(SystemError) -> any File {
        var findings: [String] = []
        var isLost = true
        for name in try vaults(path) {
            do {
                let vault = try vault(name)
                let object = VaultObject.segment(segment).text
                let file = try vault.open(vault.root.pushing(FilePath(object)), .read)
                let found = try file.byteCount()
                guard found == byteCount else {
                    findings.append("in \(name) it has \(found) bytes instead of \(byteCount)")
                    continue
                }
                return MountedSegment(file, byteCount: byteCount, path: path, cache())
            } catch let error as SystemError {
                let isMissing = error.errno == .noSuchFileOrDirectory
                isLost = isLost && isMissing
                findings.append(
                    isMissing ? "\(name) does not have it" : "\(name): \(error.reason)"
                )
            } catch {
                isLost = false
                findings.append("\(name): \(error)")
            }
        }
        // A vault that answers and does not have it is damaged, one that does not answer may be well.
        throw SystemError(
            .read,
            path,
            isLost ? .noSuchFileOrDirectory : .ioError,
            detail: "the segment lives in a vault; " + findings.joined(separator: "; ")
                + (isLost ? "; mend the vault from another with `strongroom repair --vault`" : "")
        )
    }

    private func vaults(_ path: FilePath) throws(SystemError) -> [String] {
        do throws(RecoveryError) {
            if let note = try ThinNote.read(layout, on: files), !note.vaults.isEmpty {
                return note.vaults
            }
        } catch {
            throw SystemError(.open, path, .ioError, detail: error.message)
        }
        throw SystemError(
            .open,
            path,
            .ioError,
            detail:
                "the segment lives in a vault, and \(layout.thinNote.string), which names it, is "
                + "missing; name it again with `strongroom thin --to VAULT --confirm`"
        )
    }

    private func vault(_ name: String) throws -> VaultFileSystem {
        if let vault = known.withLock({ $0.vaults[name] }) { return vault }
        let vault = VaultFileSystem(try reach(name), Cancellation())
        return known.withLock { known in
            if let first = known.vaults[name] { return first }
            known.vaults[name] = vault
            return vault
        }
    }

    private func cache() -> BlockCache {
        known.withLock { known in
            if let cache = known.cache { return cache }
            // Who may only read the archive does without what is kept.
            try? files.makeDirectory(layout.cache)
            let cache = BlockCache(layout.cache, byteLimit: cacheByteLimit, on: files)
            known.cache = cache
            return cache
        }
    }
}

extension SystemError {
    /// Why, without what was attempted.
    fileprivate var reason: String { detail ?? errno.description }
}
