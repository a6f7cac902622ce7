package import SystemPackage

/// The only door to the operating system's files.
///
/// Everything above this protocol sees files, never descriptors, and every failure as a
/// ``SystemError``. The contract is POSIX's weakest: a write, a creation, a rename or a removal is
/// durable only once the file, or for names its directory, is synchronized; a crash may keep any part
/// of what is not. The tests' simulated file system takes that contract at its word.
package protocol FileSystem: Sendable {
    /// Opens a file. `createNew` fails with `EEXIST` if the name exists; links are never followed on
    /// creation. A directory is refused with `EISDIR`, what has no offsets with `ESPIPE`.
    func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File

    /// Replaces or creates `target` with `source` in one step. Durable after `synchronizeDirectory`.
    func rename(_ source: FilePath, to target: FilePath) throws(SystemError)

    /// Gives `source` the name `target` in one step if nothing has it yet; else `EEXIST`. Durable
    /// after `synchronizeDirectory`; a crash before that may leave either name or both.
    func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError)

    /// Removes a file's name. Durable after `synchronizeDirectory`.
    func remove(_ path: FilePath) throws(SystemError)

    /// Creates a directory with permissions 0700; an existing directory is no error, anything else
    /// in its place is `EEXIST`.
    func makeDirectory(_ path: FilePath) throws(SystemError)

    /// Removes an empty directory.
    func removeDirectory(_ path: FilePath) throws(SystemError)

    /// Makes the names in a directory durable: fsync of the directory.
    func synchronizeDirectory(_ path: FilePath) throws(SystemError)

    /// The names in a directory in byte order, without `.` and `..`.
    func names(in path: FilePath) throws(SystemError) -> [FilePath.Component]

    /// What stands at a path, links not followed; nil if nothing does.
    func status(of path: FilePath) throws(SystemError) -> FileStatus?

    /// Which file stands at a path, links not followed; nil if nothing does.
    ///
    /// To be asked for often where ``status(of:)`` is not: Linux keeps finer times for a file whose
    /// times are looked at, so that each write then costs a change of the inode, some 70 µs a sync.
    func identity(of path: FilePath) throws(SystemError) -> FileIdentity?

    /// Bytes that an unprivileged process may still write to the file system of `path`.
    func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64
}

/// How a file is opened.
package enum FileAccess: Sendable {
    case read
    case readWrite
    /// A new, empty file with permissions 0600; the name must not exist.
    case createNew
    /// Reads and writes; created empty with permissions 0600 if the name does not exist.
    case openOrCreate
}

/// One open file.
///
/// Offsets are absolute, so a file may be shared by threads.
/// The file closes with its last reference; ``close()`` reports the error that this would swallow.
package protocol File: AnyObject, Sendable {
    /// The path it was opened by, for messages.
    var path: FilePath { get }

    /// Reads until `target` is full or the file ends; returns the number of bytes read.
    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int

    /// Writes all of `bytes`; a short write goes on where it stopped.
    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError)

    /// Makes the file's data, and what is needed to read it back, durable: fdatasync.
    func synchronizeData() throws(SystemError)

    /// Makes data and all metadata durable: fsync.
    func synchronize() throws(SystemError)

    /// The file's length in bytes.
    func byteCount() throws(SystemError) -> UInt64

    /// Cuts or extends the file to a length; an extension reads as zeros.
    func resize(to byteCount: UInt64) throws(SystemError)

    /// Reserves space for the range and extends the file to its end with zeros; `ENOSPC` if it does
    /// not fit. A file system that cannot reserve answers by extending.
    func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError)

    /// Tries to lock one byte (an OFD lock: held by this open file, not by the process). False if
    /// another holder conflicts.
    func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool

    /// Gives up the lock on one byte.
    func unlock(byte: UInt64) throws(SystemError)

    /// The lowest byte of `range` that another open file holds locked, or nil.
    func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64?

    /// Tells the kernel that the range is read once, from front to back; never fails.
    func adviseSequential()

    /// Lets the disk begin with what was written in the range; never fails.
    ///
    /// Nothing is durable by it: ``synchronize()`` alone makes it so, tells of errors, and then has
    /// less to wait for.
    func beginWriting(_ range: Range<UInt64>)

    /// Closes the file now. Using it afterwards is a programmer error.
    func close() throws(SystemError)
}

/// What stands at a path.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: Equatable, Sendable { case file, directory, symbolicLink, other }

    package let kind: Kind
    package let byteCount: UInt64
    /// Identifies the file on its device, to notice a path that now names another file.
    package let device: UInt64
    package let inode: UInt64
    /// Modification time in nanoseconds since 1970.
    package let modified: Int64
    /// The nine bits that say who may read, write and run; 0600 where nobody else is to be feared.
    package let permissions: UInt32

    package init(
        kind: Kind,
        byteCount: UInt64,
        device: UInt64,
        inode: UInt64,
        modified: Int64,
        permissions: UInt32 = 0o600
    ) {
        self.kind = kind
        self.byteCount = byteCount
        self.device = device
        self.inode = inode
        self.modified = modified
        self.permissions = permissions
    }
}

/// Which file something is, whatever becomes of its name and length.
package struct FileIdentity: Equatable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

extension FileSystem {
    package func identity(of path: FilePath) throws(SystemError) -> FileIdentity? {
        try status(of: path).map { FileIdentity(device: $0.device, inode: $0.inode) }
    }
}

/// A failed system call: which, on what, and the kernel's reason.
package struct SystemError: Error, Equatable {
    package let operation: Operation
    package let path: FilePath
    package let errno: Errno
    /// What whoever stands behind the file says, where that is not the kernel.
    package let detail: String?

    package enum Operation: String, CaseIterable, Sendable {
        case open, create, read, write, synchronize, close, rename, remove, list, resize
        case allocate, lock
        case status = "look at"
        case makeDirectory = "create directory"
        case synchronizeDirectory = "synchronize directory"
        case removeDirectory = "remove directory"
    }

    /// Something had to be stored and there is no room for it; what only reads cannot lack room.
    package var isFull: Bool {
        switch operation {
        case .open, .read, .status, .list, .lock: false
        default: errno == .noSpace || errno == .diskQuotaExceeded
        }
    }

    package init(
        _ operation: Operation,
        _ path: FilePath,
        _ errno: Errno,
        detail: String? = nil
    ) {
        self.operation = operation
        self.path = path
        self.errno = errno
        self.detail = detail
    }
}

extension SystemError: CustomStringConvertible {
    package var description: String {
        "cannot \(operation.rawValue) \(path.string): \(detail ?? errno.description)"
    }
}
