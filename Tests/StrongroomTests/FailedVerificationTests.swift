import ArchiveFileIO
import Dispatch
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

/// A verification that fails has ended: nobody reads the archive any more for its sake.
@Suite struct `A verification that the disk fails` {
    /// The proof of the index once went on by itself, in a file that its owner could close meanwhile; the
    /// descriptor could then be another file's.
    @Test(.timeLimit(.minutes(1)))
    func `has ended its reading of the index when it throws`() throws {
        let disk = SimulatedFileSystem()
        let slow = SlowIndexDisk(disk)
        func address(_ files: any FileSystem) throws -> ArchiveAddress {
            ArchiveAddress(
                files,
                "/a",
                credential: try ArchiveKey.keyFile(GoldenMaker.keyFile).credential
            )
        }
        let made = try Engine.create(try address(disk))
        try made.put("a", "kept")
        try made.close()
        let engine = try Engine.openForReading(try address(slow))
        slow.beginFailing()
        #expect(throws: ArchiveError.self) { try engine.verify() }
        #expect(slow.openingCount == 0)
        slow.endWaiting()
        try engine.close()
    }
}

/// A disk that needs long to open the index, and whose segments cannot be opened meanwhile.
private final class SlowIndexDisk: FileSystem {
    private let disk: SimulatedFileSystem
    private let isFailing = Atomic(false)
    private let openings = Atomic(0)
    private let hasBegun = DispatchSemaphore(value: 0)
    private let mayGoOn = DispatchSemaphore(value: 0)

    init(_ disk: SimulatedFileSystem) { self.disk = disk }

    /// How many threads are opening the index.
    var openingCount: Int { openings.load(ordering: .acquiring) }

    func beginFailing() { isFailing.store(true, ordering: .releasing) }

    func endWaiting() { mayGoOn.signal() }

    func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        guard isFailing.load(ordering: .acquiring) else { return try disk.open(path, access) }
        if path.string.contains("/segments/") {
            hasBegun.wait()
            throw SystemError(.open, path, .ioError)
        }
        guard path.string.contains("/index/") else { return try disk.open(path, access) }
        openings.add(1, ordering: .acquiringAndReleasing)
        defer { openings.subtract(1, ordering: .acquiringAndReleasing) }
        hasBegun.signal()
        // Whoever waits for this thread, as is right, waits as long.
        _ = mayGoOn.wait(timeout: .now() + .milliseconds(500))
        return try disk.open(path, access)
    }

    func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        try disk.rename(source, to: target)
    }

    func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        try disk.rename(source, toNew: target)
    }

    func remove(_ path: FilePath) throws(SystemError) { try disk.remove(path) }

    func makeDirectory(_ path: FilePath) throws(SystemError) { try disk.makeDirectory(path) }

    func removeDirectory(_ path: FilePath) throws(SystemError) { try disk.removeDirectory(path) }

    func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        try disk.synchronizeDirectory(path)
    }

    func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        try disk.names(in: path)
    }

    func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        try disk.status(of: path)
    }

    func identity(of path: FilePath) throws(SystemError) -> FileIdentity? {
        try disk.identity(of: path)
    }

    func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 {
        try disk.availableByteCount(at: path)
    }
}
