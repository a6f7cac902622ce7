import StrongroomVaults
import Synchronization

/// A store with a clock of its own, which tells when each object was put.
final class ClockedStore: ObjectStore {
    let store: any ObjectStore
    let time = Mutex<Int64>(2_000_000_000_000_000)
    private let arrivals = Mutex<[ObjectName: Int64]>([:])
    /// Called before an object is removed.
    let watch = Mutex<(@Sendable (ObjectName) async -> Void)?>(nil)

    init(_ store: any ObjectStore) { self.store = store }

    func advance(minutes: Int64) { time.withLock { $0 += minutes * 60_000_000 } }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        try await store.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
        let now = time.withLock { $0 }
        arrivals.withLock { $0[name] = now }
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        try await store.read(name, range: range)
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        try await store.status(name)
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        let known = arrivals.withLock { $0 }
        return try await store.list(prefix: prefix).map { status in
            ObjectStatus(
                name: status.name,
                byteCount: status.byteCount,
                modified: known[status.name]
            )
        }
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        if let watch = watch.withLock({ $0 }) { await watch(name) }
        try await store.remove(name)
    }
}
