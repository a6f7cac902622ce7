package import ArchiveFileIO
import ArchiveSealing
import Synchronization
public import SystemPackage

/// Objects as files in a directory: a disk, a network mount, the staging area of a tape.
///
/// An object is written under a temporary name, synchronized, given its name in one step, and the
/// directory synchronized. A run that was killed leaves at most temporary files, which the next put
/// into the same directory removes. Links are not followed: whatever is no plain file is no object.
///
/// The directory itself is never made by a put, so that a vault whose disk is not mounted is
/// `unreachable` and not silently started anew on another disk; ``create()`` makes it.
public final class DirectoryStore: ObjectStore {
    /// Where the objects are.
    public let path: FilePath

    let files: any FileSystem
    private let pool: BlockingPool
    /// Of their own, because a put may wait for bytes that are read from this very store: a repair
    /// keeps what is whole of a damaged object.
    private let puts: BlockingPool
    /// Directories whose stale temporary files this store has removed.
    private let tidied = Mutex<Set<FilePath>>([])

    /// Takes a directory as a vault; nothing is touched yet.
    public convenience init(at path: FilePath) {
        self.init(at: path, on: PosixFileSystem())
    }

    package init(at path: FilePath, on files: any FileSystem, parallelism: Int = 4) {
        self.path = path
        self.files = files
        pool = BlockingPool(label: "strongroom.vault", width: parallelism)
        puts = BlockingPool(label: "strongroom.vault-puts", width: parallelism)
    }

    /// Makes the vault's directory, and those above it, if they are missing.
    public func create() async throws(VaultError) {
        try await pool.run { [self] () throws(VaultError) in
            try reporting("create the vault", nil) { () throws(SystemError) in
                try files.makeDirectories(path)
            }
        }
    }

    /// Stores all bytes of `source` under a name; see ``ObjectStore``.
    public func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        let transfer = try Transfer(name, from: source, expectedDigest: expectedDigest)
        try await puts.run { [self] cancellation throws(VaultError) in
            try store(transfer, mode: mode, cancellation)
        }
    }

    /// Reads a range of an object; see ``ObjectStore``.
    public func read(
        _ name: ObjectName,
        range: Range<UInt64>
    ) async throws(VaultError) -> [UInt8] {
        try await pool.run { [self] () throws(VaultError) in try load(name, range) }
    }

    /// Describes an object; see ``ObjectStore``.
    public func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        try await pool.run { [self] () throws(VaultError) in try find(name) }
    }

    /// All objects whose names begin with `prefix`; see ``ObjectStore``.
    public func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        try await pool.run { [self] () throws(VaultError) in try collect(prefix) }
    }

    /// Removes an object; see ``ObjectStore``.
    public func remove(_ name: ObjectName) async throws(VaultError) {
        try await pool.run { [self] () throws(VaultError) in
            guard try find(name) != nil else { throw missing("remove", name) }
            let object = file(name)
            try reporting("remove", name) { () throws(SystemError) in
                try files.remove(object)
                try files.synchronizeDirectory(object.directory)
            }
        }
    }

    // MARK: Details

    func file(_ name: ObjectName) -> FilePath {
        name.components.reduce(path) { $0.appending(String($1)) }
    }

    func missing(_ action: String, _ name: ObjectName) -> VaultError {
        VaultError(.notFound, "cannot \(action) \(name): the vault \(path.string) does not have it")
    }

    /// What stands at an object's path, if it is a plain file.
    func find(_ name: ObjectName) throws(VaultError) -> ObjectStatus? {
        try requireVault("look for", name)
        let status: FileStatus?
        do {
            status = try files.status(of: file(name))
        } catch  where error.errno == .notDirectory {
            // An object stands where the name would need a directory.
            return nil
        } catch {
            throw failure("look for", name, error)
        }
        guard let status, status.kind == .file else { return nil }
        return Self.described(name, status)
    }

    static func described(_ name: ObjectName, _ status: FileStatus) -> ObjectStatus {
        // A disk that knows no times says 1970.
        let modified = status.modified > 0 ? status.modified / 1000 : nil
        return ObjectStatus(name: name, byteCount: status.byteCount, modified: modified)
    }

    private func load(_ name: ObjectName, _ range: Range<UInt64>) throws(VaultError) -> [UInt8] {
        // Before memory is taken for it.
        guard let status = try find(name) else { throw missing("read", name) }
        guard range.upperBound <= status.byteCount, let count = Int(exactly: range.count) else {
            throw tooShort(name, range, status.byteCount)
        }
        let bytes = try reporting("read", name) { () throws(SystemError) in
            let file = try files.open(file(name), .read)
            return try file.read(at: range.lowerBound, byteCount: count)
        }
        guard bytes.count == count else {
            throw tooShort(name, range, range.lowerBound + UInt64(bytes.count))
        }
        return bytes
    }

    func tooShort(
        _ name: ObjectName,
        _ range: Range<UInt64>,
        _ byteCount: UInt64
    ) -> VaultError {
        VaultError(
            .outOfRange,
            "cannot read bytes \(range.lowerBound) to \(range.upperBound) of \(name) in "
                + "\(path.string): it has \(byteCount); verify the vault"
        )
    }

    /// Whether a directory's stale files still have to be removed; true once for each directory.
    func takesTidying(_ directory: FilePath) -> Bool {
        tidied.withLock { $0.insert(directory).inserted }
    }
}
