import Glibc
package import SystemPackage

/// The file system of the operating system.
package struct PosixFileSystem: FileSystem {
    package init() {}

    package func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        let operation: SystemError.Operation
        let flags: CInt
        switch access {
        case .read: (operation, flags) = (.open, O_RDONLY)
        case .readWrite: (operation, flags) = (.open, O_RDWR)
        case .createNew: (operation, flags) = (.create, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        case .openOrCreate: (operation, flags) = (.create, O_RDWR | O_CREAT | O_NOFOLLOW)
        }
        return try reporting(operation, path) { () throws(Errno) in
            // Without O_NONBLOCK a pipe that lies among the files would wait for its other end.
            let descriptor = try SystemCall.open(path, flags | O_NOCTTY | O_NONBLOCK)
            let file = PosixFile(owning: descriptor, path: path)
            switch FileStatus.Kind(try SystemCall.status(descriptor)) {
            case .file: return file
            case .directory: throw .isDirectory
            // A pipe, terminal or socket has no offsets to read at.
            case .symbolicLink, .other: throw .illegalSeek
            }
        }
    }

    package func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        try reporting(.rename, source) { () throws(Errno) in
            try SystemCall.rename(source, to: target)
        }
    }

    package func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        try reporting(.rename, target) { () throws(Errno) in
            do throws(Errno) {
                try SystemCall.link(source, to: target)
            } catch {
                guard [.notPermitted, .notSupported, .noFunction].contains(error) else {
                    throw error
                }
                // exFAT and some network mounts know no second name. There the check and the rename
                // are two steps, safe against every mistake but a writer in the same moment.
                if try SystemCall.exists(target) { throw .fileExists }
                return try SystemCall.rename(source, to: target)
            }
            try SystemCall.remove(source)
        }
    }

    package func remove(_ path: FilePath) throws(SystemError) {
        try reporting(.remove, path) { () throws(Errno) in try SystemCall.remove(path) }
    }

    package func makeDirectory(_ path: FilePath) throws(SystemError) {
        try reporting(.makeDirectory, path) { () throws(Errno) in
            do throws(Errno) {
                try SystemCall.makeDirectory(path)
            } catch .fileExists {
                // A link to a directory serves as well as one, so the kernel is asked to open it.
                do throws(Errno) {
                    try SystemCall.close(SystemCall.open(path, O_RDONLY | O_DIRECTORY))
                } catch .notDirectory {
                    throw .fileExists
                }
            }
        }
    }

    package func removeDirectory(_ path: FilePath) throws(SystemError) {
        try reporting(.removeDirectory, path) { () throws(Errno) in
            try SystemCall.removeDirectory(path)
        }
    }

    package func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        try reporting(.synchronizeDirectory, path) { () throws(Errno) in
            let descriptor = try SystemCall.open(path, O_RDONLY | O_DIRECTORY)
            do throws(Errno) {
                try SystemCall.synchronize(descriptor)
            } catch {
                try? SystemCall.close(descriptor)
                throw error
            }
            try SystemCall.close(descriptor)
        }
    }

    package func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        try reporting(.list, path) { () throws(Errno) in
            try SystemCall.names(in: path)
                .sorted { $0.lexicographicallyPrecedes($1) }
                .compactMap(FilePath.Component.init(bytes:))
                .filter { $0.kind == .regular }
        }
    }

    package func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        try reporting(.status, path) { () throws(Errno) in
            do throws(Errno) {
                return FileStatus(try SystemCall.status(of: path))
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    package func identity(of path: FilePath) throws(SystemError) -> FileIdentity? {
        try reporting(.status, path) { () throws(Errno) in
            do throws(Errno) {
                return try SystemCall.identity(of: path)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    package func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 {
        try reporting(.status, path) { () throws(Errno) in
            let status = try SystemCall.fileSystemStatus(of: path)
            let (byteCount, overflow) = UInt64(status.f_bavail)
                .multipliedReportingOverflow(by: UInt64(status.f_frsize))
            return overflow ? .max : byteCount
        }
    }

    private func reporting<Result>(
        _ operation: SystemError.Operation,
        _ path: FilePath,
        _ body: () throws(Errno) -> Result
    ) throws(SystemError) -> Result {
        do {
            return try body()
        } catch {
            throw SystemError(operation, path, error)
        }
    }
}

extension FileStatus {
    init(_ status: stat) {
        self.init(
            kind: Kind(status),
            byteCount: UInt64(max(0, status.st_size)),
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            modified: Int64(status.st_mtim.tv_sec) &* 1_000_000_000
                &+ Int64(status.st_mtim.tv_nsec),
            permissions: UInt32(status.st_mode) & 0o777
        )
    }
}

extension FileStatus.Kind {
    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symbolicLink
        default: self = .other
        }
    }
}
