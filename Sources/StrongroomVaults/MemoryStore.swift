import ArchiveBytes
import ArchiveFileIO
import Synchronization

/// Objects in memory: for tests and for trying things out.
public final class MemoryStore: ObjectStore {
    private let objects = Mutex<[ObjectName: [UInt8]]>([:])
    private let pool = BlockingPool(label: "strongroom.memory-vault", width: 4)

    /// Makes an empty store.
    public init() {}

    /// Stores all bytes of `source` under a name; see ``ObjectStore``.
    public func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        let transfer = try Transfer(name, from: source, expectedDigest: expectedDigest)
        let bytes = try await pool.run { cancellation throws(VaultError) in
            var bytes: [UInt8] = []
            try transfer.run(cancellation) { chunk, _ in bytes.append(copying: chunk) }
            return bytes
        }
        try objects.withLock { objects throws(VaultError) in
            if mode == .writeOnce && objects[name] != nil {
                throw VaultError(.alreadyExists, "cannot put \(name): it is there already")
            }
            guard !objects.keys.contains(where: { $0.excludes(name) }) else {
                throw VaultError(
                    .invalidName,
                    "cannot put \(name): it begins another name, or another begins it"
                )
            }
            objects[name] = bytes
        }
    }

    /// Reads a range of an object; see ``ObjectStore``.
    public func read(
        _ name: ObjectName,
        range: Range<UInt64>
    ) async throws(VaultError) -> [UInt8] {
        guard let bytes = objects.withLock({ $0[name] }) else {
            throw VaultError(.notFound, "cannot read \(name): the store does not have it")
        }
        guard range.upperBound <= UInt64(bytes.count) else {
            throw VaultError(
                .outOfRange,
                "cannot read \(name) to byte \(range.upperBound): it has \(bytes.count)"
            )
        }
        return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    /// Describes an object; see ``ObjectStore``.
    public func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        objects.withLock { objects in
            objects[name].map { ObjectStatus(name: name, byteCount: UInt64($0.count)) }
        }
    }

    /// All objects whose names begin with `prefix`; see ``ObjectStore``.
    public func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        objects.withLock { objects in
            objects.filter { $0.key.text.hasPrefix(prefix) }
                .map { ObjectStatus(name: $0.key, byteCount: UInt64($0.value.count)) }
                .sorted { $0.name < $1.name }
        }
    }

    /// Removes an object; see ``ObjectStore``.
    public func remove(_ name: ObjectName) async throws(VaultError) {
        guard objects.withLock({ $0.removeValue(forKey: name) }) != nil else {
            throw VaultError(.notFound, "cannot remove \(name): the store does not have it")
        }
    }
}
