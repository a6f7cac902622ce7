/// A place that keeps named objects: the one thing that a vault needs of a disk, a bucket or a server.
///
/// The contract is that of the weakest store worth trusting, and one set of tests holds every store
/// to it. An object is there whole or not at all; it becomes visible in one step; once `put` has
/// returned, it survives a power loss of the store. Stores do not encrypt and do not interpret.
/// All calls may be made at the same time from any task.
///
/// A name is either an object or the beginning of other names (`a` or `a/b`), never both.
public protocol ObjectStore: Sendable {
    /// Stores all bytes of `source` under a name, durably.
    ///
    /// With `expectedDigest`, the SHA-256 of the bytes, nothing else is ever stored: a source that
    /// yields other bytes is `damaged`. A source that ends early or cannot be read is `sourceFailed`.
    /// With `.writeOnce` a name that is taken stays as it is: `alreadyExists`; of two puts at the same
    /// time one wins. With `.replace` readers see the old object or the new. After any error the name
    /// holds what it held before, except that an error after the last step may leave the new object.
    /// If the task is cancelled, nothing is stored: `cancelled`.
    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError)

    /// Reads a range of an object; exactly that many bytes come back.
    ///
    /// A missing object is `notFound`; a range that ends behind the object is `outOfRange`. The caller
    /// limits the range to what it can hold in memory.
    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8]

    /// Describes an object; nil if there is none.
    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus?

    /// All objects whose names begin with `prefix`, in the order of their names.
    ///
    /// What was put before the call is listed. The prefix is text: `segments/00` is one.
    func list(prefix: String) async throws(VaultError) -> [ObjectStatus]

    /// Removes an object, durably; `notFound` if there is none.
    func remove(_ name: ObjectName) async throws(VaultError)
}

/// What a put does to an object that is there.
public enum PutMode: Sendable {
    /// The name must be free.
    case writeOnce
    /// An object of that name is replaced in one step.
    case replace
}

/// An object in a store.
public struct ObjectStatus: Hashable, Sendable {
    /// Its name.
    public let name: ObjectName
    /// Its length in bytes.
    public let byteCount: UInt64
    /// When it was put, by the store's own clock, in microseconds since 1970; nil if it does not tell.
    ///
    /// Listing tells it wherever the store knows it. It says nothing of what the object is, so it
    /// counts for nothing when two are compared.
    public let modified: Int64?

    /// Describes an object.
    public init(name: ObjectName, byteCount: UInt64, modified: Int64? = nil) {
        self.name = name
        self.byteCount = byteCount
        self.modified = modified
    }

    /// Compares names and lengths.
    public static func == (left: ObjectStatus, right: ObjectStatus) -> Bool {
        left.name == right.name && left.byteCount == right.byteCount
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(byteCount)
    }
}

extension ObjectStore {
    /// Stores bytes from memory under a name, durably; see ``put(_:from:mode:expectedDigest:)``.
    public func put(
        _ name: ObjectName,
        _ bytes: [UInt8],
        mode: PutMode = .writeOnce
    ) async throws(VaultError) {
        try await put(name, from: MemorySource(bytes), mode: mode, expectedDigest: nil)
    }

    /// Reads a whole object of at most `limit` bytes; a longer one is `outOfRange`.
    public func readAll(_ name: ObjectName, limit: UInt64) async throws(VaultError) -> [UInt8] {
        guard let status = try await status(name) else {
            throw VaultError(.notFound, "cannot read \(name): the vault has no such object")
        }
        guard status.byteCount <= limit else {
            throw VaultError(
                .outOfRange,
                "cannot read \(name): it has \(status.byteCount) bytes, expected at most \(limit); "
                    + "verify the vault"
            )
        }
        return try await read(name, range: 0..<status.byteCount)
    }
}
