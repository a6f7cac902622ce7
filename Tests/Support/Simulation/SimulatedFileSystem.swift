package import ArchiveFileIO
import Synchronization
package import SystemPackage

/// A file system in memory that takes POSIX's weakest contract at its word.
///
/// What the process sees and what the disk holds are kept apart. A write, a length or a name reaches
/// the disk for certain only by its synchronization; until then ``afterCrash(_:)`` may keep it, drop
/// it, or keep parts of it. Everything is decided by seeds and numbers, so every run repeats.
///
/// A crash test runs its workload once to learn ``changeCount``, then once for each number with
/// ``crash(atChange:)``, and opens what ``afterCrash(_:)`` returns.
package final class SimulatedFileSystem: FileSystem {
    private let world: Mutex<SimulatedWorld>

    /// An empty disk with a root directory.
    package convenience init() { self.init(SimulatedWorld()) }

    init(_ world: SimulatedWorld) { self.world = Mutex(world) }

    // MARK: FileSystem

    package func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        let isCreation = access == .createNew || access == .openOrCreate
        // Opening what exists changes nothing, so it is no crash point.
        let exists = withWorld { ((try? $0.disk.find(path)) ?? nil) != nil }
        let handle = try perform(
            isCreation ? .create : .open,
            path,
            isChange: isCreation && !exists
        ) {
            world throws(Errno) in
            var inode = try world.disk.find(path)
            if inode != nil && access == .createNew { throw .fileExists }
            if inode == nil && isCreation {
                let created = world.disk.makeInode()
                world.disk.files[created] = SimulatedContent()
                world.disk.change(.link(try world.disk.requirePlace(path), created))
                inode = created
            }
            guard let inode else { throw .noSuchFileOrDirectory }
            guard world.disk.files[inode] != nil else { throw .isDirectory }
            return world.open(.init(inode: inode, isWritable: access != .read))
        }
        return SimulatedFile(self, handle: handle, path: path)
    }

    package func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        try perform(.rename, source, isChange: true) { world throws(Errno) in
            let inode = try world.disk.require(source)
            let from = try world.disk.requirePlace(source)
            let to = try world.disk.requirePlace(target)
            if world.disk.isInside(to.directory, inode) { throw .invalidArgument }
            if let replaced = try world.disk.find(target) {
                if replaced == inode { return }
                try world.requireReplaceable(replaced, by: inode)
            }
            world.disk.change(.move(from, to, inode))
        }
    }

    package func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        try perform(.rename, target, isChange: true) { world throws(Errno) in
            let inode = try world.disk.require(source)
            guard world.disk.files[inode] != nil else { throw .notPermitted }
            let from = try world.disk.requirePlace(source)
            let to = try world.disk.requirePlace(target)
            guard try world.disk.find(target) == nil else { throw .fileExists }
            // Two changes, because the system's file systems need a link and a removal for it.
            world.disk.change(.link(to, inode))
            world.disk.change(.unlink(from, inode))
        }
    }

    package func remove(_ path: FilePath) throws(SystemError) {
        try perform(.remove, path, isChange: true) { world throws(Errno) in
            let inode = try world.disk.require(path)
            guard world.disk.files[inode] != nil else { throw .isDirectory }
            world.disk.change(.unlink(try world.disk.requirePlace(path), inode))
        }
    }

    package func makeDirectory(_ path: FilePath) throws(SystemError) {
        try perform(.makeDirectory, path, isChange: true) { world throws(Errno) in
            if let inode = try world.disk.find(path) {
                guard world.disk.directories[inode] != nil else { throw .fileExists }
                return
            }
            let inode = world.disk.makeInode()
            world.disk.directories[inode] = SimulatedDisk.Directory()
            world.disk.change(.link(try world.disk.requirePlace(path), inode))
        }
    }

    package func removeDirectory(_ path: FilePath) throws(SystemError) {
        try perform(.removeDirectory, path, isChange: true) { world throws(Errno) in
            let inode = try world.disk.requireDirectory(path)
            guard world.disk.directories[inode]?.cached.isEmpty == true else {
                throw .directoryNotEmpty
            }
            world.disk.change(.unlink(try world.disk.requirePlace(path), inode))
        }
    }

    package func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        try perform(.synchronizeDirectory, path, isChange: true) { world throws(Errno) in
            world.disk.synchronizeNames(of: try world.disk.requireDirectory(path))
        }
    }

    package func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        try perform(.list, path) { world throws(Errno) in
            let inode = try world.disk.requireDirectory(path)
            return (world.disk.directories[inode]?.cached.keys).map { names in
                names.sorted { $0.lexicographicallyPrecedes($1) }
                    .compactMap(FilePath.Component.init(bytes:))
            } ?? []
        }
    }

    package func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        try perform(.status, path) { world throws(Errno) in
            let found: SimulatedDisk.Inode?
            do throws(Errno) {
                found = try world.disk.find(path)
            } catch .noSuchFileOrDirectory {
                return nil
            }
            guard let inode = found else { return nil }
            let content = world.disk.files[inode]
            return FileStatus(
                kind: content == nil ? .directory : .file,
                byteCount: UInt64(content?.cached.count ?? 0),
                device: 1,
                inode: inode,
                modified: world.disk.modified[inode] ?? 0
            )
        }
    }

    package func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 {
        try perform(.status, path) { world throws(Errno) in
            _ = try world.disk.require(path)
            return world.availableByteCount
        }
    }

    // MARK: Within the simulation

    func withWorld<Result: Sendable>(_ body: (inout SimulatedWorld) -> Result) -> Result {
        world.withLock { body(&$0) }
    }

    func perform<Result: Sendable>(
        _ operation: SystemError.Operation,
        _ path: FilePath,
        isChange: Bool = false,
        _ body: (inout SimulatedWorld) throws(Errno) -> Result
    ) throws(SystemError) -> Result {
        try world.withLock { world throws(SystemError) in
            try world.perform(operation, path, isChange: isChange, body)
        }
    }

    func release(_ handle: SimulatedWorld.Handle) {
        withWorld { world in
            world.openFiles[handle] = nil
            world.locks.removeAll { $0.handle == handle }
        }
    }

    func synchronizationFailed(_ handle: SimulatedWorld.Handle) {
        withWorld { world in
            guard let inode = world.openFiles[handle]?.inode, !world.hasCrashed else { return }
            switch world.synchronizationFailure {
            case .keepsDirty: break
            case .marksClean: world.disk.files[inode]?.forgetPending()
            case .reverts: world.disk.files[inode]?.revert()
            case .shutsDown: world.hasCrashed = true
            }
        }
    }
}

extension SimulatedWorld {
    /// Whether one may be renamed over the other.
    func requireReplaceable(
        _ old: SimulatedDisk.Inode,
        by new: SimulatedDisk.Inode
    ) throws(Errno) {
        guard let directory = disk.directories[old] else {
            if disk.directories[new] != nil { throw .notDirectory }
            return
        }
        guard disk.directories[new] != nil else { throw .isDirectory }
        guard directory.cached.isEmpty else { throw .directoryNotEmpty }
    }
}
