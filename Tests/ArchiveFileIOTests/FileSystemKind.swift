import ArchiveFileIO
import Support
import SystemPackage

/// The file systems that must keep the same contract.
enum FileSystemKind: String, CaseIterable, Sendable {
    case posix
    case simulated

    /// Calls `body` with the file system and an empty directory on it.
    func with(_ body: (any FileSystem, FilePath) throws -> Void) throws {
        switch self {
        case .posix:
            try TemporaryDirectory.with { try body(PosixFileSystem(), $0) }
        case .simulated:
            let files = SimulatedFileSystem()
            try files.makeDirectory("/place")
            try body(files, "/place")
        }
    }
}

/// The errno that `body` fails with; nil if it succeeds.
func reason(_ body: () throws -> Void) -> Errno? {
    do {
        try body()
        return nil
    } catch {
        return (error as? SystemError)?.errno
    }
}

extension FileSystem {
    /// Creates a file with some content.
    func make(_ path: FilePath, _ bytes: [UInt8] = []) throws {
        let file = try open(path, .createNew)
        try file.write(bytes, at: 0)
        try file.close()
    }
}
