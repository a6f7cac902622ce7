import StrongroomRecovery
import StrongroomVaults
import Synchronization
import Testing

/// A store with which somebody else does something before one of the calls.
private final class BusyStore: ObjectStore {
    private let store: any ObjectStore
    private let turn: Int
    private let event: @Sendable () async throws -> Void
    private let count = Mutex(0)

    init(
        _ store: any ObjectStore,
        before turn: Int,
        _ event: @escaping @Sendable () async throws -> Void
    ) {
        self.store = store
        self.turn = turn
        self.event = event
    }

    /// Calls so far.
    var callCount: Int { count.withLock { $0 } }

    private func next() async throws(VaultError) {
        let number = count.withLock { count in
            count += 1
            return count
        }
        guard number == turn else { return }
        do { try await event() } catch { throw VaultError(.failed, "\(error)") }
    }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        try await next()
        try await store.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        try await next()
        return try await store.read(name, range: range)
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        try await next()
        return try await store.status(name)
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        try await next()
        return try await store.list(prefix: prefix)
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        try await next()
        try await store.remove(name)
    }
}

@Suite struct `A vault that is verified` {
    /// Verifies once for each call that verifying makes, with something happening before it.
    private func verify(
        _ archive: TestArchive,
        whileGoingFrom begin: (MemoryStore) async throws -> Void,
        _ event: @escaping @Sendable (MemoryStore) async throws -> Void
    ) async throws {
        var turn = 0
        var isOver = false
        while !isOver {
            turn += 1
            let vault = try await archive.vault()
            try await begin(vault)
            let busy = BusyStore(vault, before: turn) { try await event(vault) }
            let verification = try VaultVerification(of: busy, publicKey: archive.publicKey)
            let report = try await verification.run()
            #expect(report.findings.isEmpty, "before call \(turn)")
            isOver = busy.callCount < turn
        }
        // Else nothing has met.
        #expect(turn > 20)
    }

    @Test func `is not damaged by a snapshot that comes meanwhile`() async throws {
        let archive = try TestArchive.standard()
        try await verify(
            archive,
            whileGoingFrom: { vault in
                for id in archive.snapshots.dropFirst() {
                    try await vault.remove("snapshots/\(id).json")
                }
                // One segment is there before its snapshot, as a ship that follows leaves it.
                try await vault.remove(archive.segmentNames[2])
            },
            { vault in try await archive.shipAll(to: vault) }
        )
    }

    @Test func `is not damaged by a prune that goes on meanwhile`() async throws {
        let archive = try TestArchive.standard()
        try await verify(
            archive,
            whileGoingFrom: { _ in },
            { vault in
                for id in archive.snapshots.dropLast() {
                    try await vault.remove("snapshots/\(id).json")
                }
            }
        )
    }
}
