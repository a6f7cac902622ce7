import StrongroomVaults
import Synchronization

/// A store with a clock of its own, which tells when each object was put.
final class ClockedStore: PassingStore {
    let base: any ObjectStore
    let time = Mutex<Int64>(2_000_000_000_000_000)
    private let arrivals = Mutex<[ObjectName: Int64]>([:])
    /// Called before an object is removed.
    let watch = Mutex<(@Sendable (ObjectName) async -> Void)?>(nil)

    init(_ base: any ObjectStore) { self.base = base }

    func advance(minutes: Int64) { time.withLock { $0 += minutes * 60_000_000 } }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        try await base.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
        let now = time.withLock { $0 }
        arrivals.withLock { $0[name] = now }
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        let known = arrivals.withLock { $0 }
        return try await base.list(prefix: prefix).map { status in
            ObjectStatus(
                name: status.name,
                byteCount: status.byteCount,
                modified: known[status.name]
            )
        }
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        if let watch = watch.withLock({ $0 }) { await watch(name) }
        try await base.remove(name)
    }
}
