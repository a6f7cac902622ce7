import ArchiveFileIO
import ArchiveSealing
import Synchronization
import SystemPackage

/// A segment being written under a temporary name, on threads that may wait for the disk.
final class SegmentSink: Sendable {
    private struct State {
        let hasher = SHA256()
        var offset: UInt64 = 0
        var behind = WriteBehind()
    }

    private let files: any FileSystem
    private let path: FilePath
    private let temporary: FilePath
    private let file: any File
    private let state = Mutex(State())

    private init(_ file: any File, for path: FilePath, on files: any FileSystem) {
        self.files = files
        self.path = path
        temporary = file.path
        self.file = file
    }

    static func open(
        _ path: FilePath,
        on files: any FileSystem
    ) async throws(SystemError) -> SegmentSink {
        let name = (path.lastComponent?.string ?? "") + ".part"
        let temporary = path.directory.appending(name)
        return try await LocalFiles.pool.run { () throws(SystemError) in
            if try files.status(of: temporary) != nil { try files.remove(temporary) }
            return SegmentSink(try files.open(temporary, .createNew), for: path, on: files)
        }
    }

    /// Bytes that are hashed and then written while they are in the processor's cache.
    private static let sliceByteCount = 512 << 10

    func append(_ bytes: [UInt8]) async throws(SystemError) {
        try await LocalFiles.pool.run { [self] () throws(SystemError) in
            for start in stride(from: 0, to: bytes.count, by: Self.sliceByteCount) {
                let end = min(start + Self.sliceByteCount, bytes.count)
                try write(bytes.span.extracting(start..<end))
            }
        }
    }

    /// Takes the next bytes on the caller's thread.
    func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            state.hasher.update(bytes)
            try file.write(bytes, at: state.offset)
            state.offset += UInt64(bytes.count)
            state.behind.wrote(file, upTo: state.offset)
        }
    }

    /// Gives the segment its name, durably, if it is the right one; else removes it.
    ///
    /// With nil the caller has proved the bytes, or will.
    func publish(ifHashed expected: Digest?) async throws(SystemError) -> Bool {
        try await LocalFiles.pool.run { [self] () throws(SystemError) in
            let found = state.withLock { $0.hasher.finish() }
            guard found == expected ?? found else {
                try? files.remove(temporary)
                return false
            }
            try file.synchronize()
            try files.rename(temporary, to: path)
            try files.synchronizeDirectory(path.directory)
            try file.close()
            return true
        }
    }

    /// Removes what was written; what stays is taken away by the next run.
    func discard() async {
        await LocalFiles.pool.run { [self] in try? files.remove(temporary) }
    }
}
