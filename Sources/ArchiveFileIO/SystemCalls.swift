import CMalloc
import Glibc
import SystemPackage

// The two inner rings: one function per system call, and one place that turns -1 into an errno.
// Nothing outside the files of system calls sees a -1, an EINTR or a pointer to a path.

/// Calls until it is not interrupted, and throws the kernel's reason for a failure.
///
/// Interruptions are unlimited on purpose: each is one signal that was delivered, and giving up
/// would turn a harmless timer into a failed commit.
func retrying<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let reason = Errno(rawValue: errno)
        if reason != .interrupted { throw reason }
    }
}

/// Bytes that the kernel moves in as many pieces as it likes.
struct Transfer: Equatable {
    /// How many bytes went over before the end, or before the failure.
    private(set) var byteCount = 0
    private(set) var failure: Errno?

    /// Calls `once` with the number of bytes that have gone over, until all `total` have, one call moves
    /// none, or one fails.
    @inline(__always)
    static func run(_ total: Int, _ once: (Int) throws(Errno) -> Int) -> Transfer {
        var transfer = Transfer()
        while transfer.byteCount < total {
            do throws(Errno) {
                let count = try once(transfer.byteCount)
                if count == 0 { break }
                transfer.byteCount += count
            } catch {
                transfer.failure = error
                break
            }
        }
        return transfer
    }
}

/// The system calls that files need, with their arguments in Swift's types.
enum SystemCall {
    /// Opens a path with a descriptor of at least 3, so that a print to a closed standard stream
    /// never lands in a file: open(2).
    static func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        let descriptor = try retrying {
            unsafe path.withPlatformString { unsafe Glibc.open($0, flags | O_CLOEXEC, 0o600) }
        }
        guard descriptor < 3 else { return descriptor }
        defer { _ = Glibc.close(descriptor) }
        return try retrying { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
    }

    /// Closes a descriptor; never tried again, because Linux frees it even when interrupted: close(2).
    static func close(_ descriptor: CInt) throws(Errno) {
        guard Glibc.close(descriptor) != 0 else { return }
        let reason = Errno(rawValue: errno)
        if reason != .interrupted { throw reason }
    }

    /// Reads once; 0 at the end of the file: pread(2).
    static func read(
        _ descriptor: CInt,
        into target: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(Errno) -> Int {
        let position = try signed(offset)
        return try retrying {
            unsafe pread(descriptor, target.baseAddress, target.count, position)
        }
    }

    /// Writes once, perhaps not all: pwrite(2).
    static func write(
        _ descriptor: CInt,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(Errno) -> Int {
        let position = try signed(offset)
        return try retrying { unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, position) }
    }

    /// Waits until data is on the disk: fdatasync(2).
    static func synchronizeData(_ descriptor: CInt) throws(Errno) {
        _ = try retrying { fdatasync(descriptor) }
    }

    /// Waits until data and metadata are on the disk: fsync(2).
    static func synchronize(_ descriptor: CInt) throws(Errno) {
        _ = try retrying { fsync(descriptor) }
    }

    /// Sets a file's length: ftruncate(2).
    static func resize(_ descriptor: CInt, to byteCount: UInt64) throws(Errno) {
        let length = try signed(byteCount)
        _ = try retrying { ftruncate(descriptor, length) }
    }

    /// Reserves space and extends the file: posix_fallocate(3).
    ///
    /// Where the file system cannot reserve, the C library writes a byte to each block instead.
    static func allocate(
        _ descriptor: CInt,
        from offset: UInt64,
        byteCount: UInt64
    ) throws(Errno) {
        let position = try signed(offset)
        let length = try signed(byteCount)
        while true {
            let reason = Errno(rawValue: posix_fallocate(descriptor, position, length))
            if reason.rawValue == 0 { return }
            if reason != .interrupted { throw reason }
        }
    }

    /// Sets or tests a lock of the open file description: fcntl(2) with a struct flock.
    static func lock(
        _ descriptor: CInt,
        _ command: LockCommand,
        _ region: inout flock
    ) throws(Errno) {
        _ = try retrying { unsafe fcntl(descriptor, command.rawValue, &region) }
    }

    /// The commands of open file description locks, which Glibc does not import as macros.
    enum LockCommand: CInt {
        case test = 36
        case set = 37
    }

    /// Describes an open file: fstat(2).
    static func status(_ descriptor: CInt) throws(Errno) -> stat {
        var answer = stat()
        _ = try retrying { unsafe fstat(descriptor, &answer) }
        return answer
    }

    /// Describes what stands at a path, links not followed: lstat(2).
    static func status(of path: FilePath) throws(Errno) -> stat {
        var answer = stat()
        _ = try retrying {
            unsafe path.withPlatformString { unsafe lstat($0, &answer) }
        }
        return answer
    }

    /// Which file stands at a path, links not followed: statx(2).
    static func identity(of path: FilePath) throws(Errno) -> FileIdentity {
        var (device, inode): (UInt64, UInt64) = (0, 0)
        _ = try retrying {
            unsafe path.withPlatformString {
                unsafe strongroom_identify($0, &device, &inode)
            }
        }
        return FileIdentity(device: device, inode: inode)
    }

    /// Whether any name stands at a path: lstat(2).
    static func exists(_ path: FilePath) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try status(of: path)
            return true
        } catch .noSuchFileOrDirectory {
            return false
        }
    }

    /// Describes the file system of a path: statvfs(3).
    static func fileSystemStatus(of path: FilePath) throws(Errno) -> statvfs {
        var answer = statvfs()
        _ = try retrying {
            unsafe path.withPlatformString { unsafe statvfs($0, &answer) }
        }
        return answer
    }

    /// Describes the file system of a path by its kind: statfs(2).
    static func fileSystemKind(of path: FilePath) throws(Errno) -> statfs {
        var answer = statfs()
        _ = try retrying {
            unsafe path.withPlatformString { unsafe statfs($0, &answer) }
        }
        return answer
    }

    /// Renames over whatever has the new name: rename(2).
    static func rename(_ source: FilePath, to target: FilePath) throws(Errno) {
        _ = try retrying {
            unsafe source.withPlatformString { from in
                unsafe target.withPlatformString { to in unsafe Glibc.rename(from, to) }
            }
        }
    }

    /// Gives a file a second name: link(2).
    static func link(_ source: FilePath, to target: FilePath) throws(Errno) {
        _ = try retrying {
            unsafe source.withPlatformString { from in
                unsafe target.withPlatformString { to in unsafe Glibc.link(from, to) }
            }
        }
    }

    /// Removes a name: unlink(2).
    static func remove(_ path: FilePath) throws(Errno) {
        _ = try retrying { unsafe path.withPlatformString { unsafe unlink($0) } }
    }

    /// Creates a directory: mkdir(2).
    static func makeDirectory(_ path: FilePath) throws(Errno) {
        _ = try retrying { unsafe path.withPlatformString { unsafe mkdir($0, 0o700) } }
    }

    /// Removes an empty directory: rmdir(2).
    static func removeDirectory(_ path: FilePath) throws(Errno) {
        _ = try retrying { unsafe path.withPlatformString { unsafe rmdir($0) } }
    }

    /// Says how a file will be read; advice only, so its answer is dropped: posix_fadvise(2).
    static func adviseSequential(_ descriptor: CInt) {
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// Begins to write a range to the disk; its errors come again with the next fsync, so that its
    /// answer is dropped: sync_file_range(2).
    static func beginWriting(_ descriptor: CInt, _ range: Range<UInt64>) {
        guard let start = Int64(exactly: range.lowerBound),
            let count = Int64(exactly: range.upperBound - range.lowerBound)
        else { return }
        strongroom_begin_writing(descriptor, start, count)
    }

    /// The raw names in a directory, in the kernel's order: readdir(3).
    static func names(in path: FilePath) throws(Errno) -> [[UInt8]] {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        guard let stream = unsafe fdopendir(descriptor) else {
            let reason = Errno(rawValue: errno)
            _ = Glibc.close(descriptor)
            throw reason
        }
        defer { unsafe _ = closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw Errno(rawValue: errno) }
                return names
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe Array($0.prefix { $0 != 0 })
            }
            names.append(name)
        }
    }

    /// An offset or length as the kernel takes it, which cannot pass 2^63.
    private static func signed(_ value: UInt64) throws(Errno) -> off_t {
        guard let value = off_t(exactly: value) else { throw .fileTooLarge }
        return value
    }
}
