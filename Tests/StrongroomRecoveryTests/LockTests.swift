import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import Testing

/// A store in memory that keeps locks as S3 does.
private final class LockableStore: LockingStore, PassingStore {
    let base: any ObjectStore = MemoryStore()
    let locks = Mutex<[ObjectName: ObjectLock]>([:])
    private let clock: DrivenClock

    init(_ clock: DrivenClock) { self.clock = clock }

    func remove(_ name: ObjectName) async throws(VaultError) { try await purge(name) }

    func canLock() async throws(VaultError) -> Bool { true }

    func lock(of name: ObjectName) async throws(VaultError) -> ObjectLock {
        guard try await base.status(name) != nil else { throw VaultError(.notFound, "") }
        return locks.withLock { $0[name] } ?? ObjectLock()
    }

    func lock(
        _ name: ObjectName,
        _ mode: ObjectLock.Mode,
        until time: Int64
    ) async throws(VaultError) {
        try locks.withLock { locks throws(VaultError) in
            guard locks[name]?.until ?? .min <= time else { throw VaultError(.refused, "shorter") }
            locks[name, default: ObjectLock()].mode = mode
            locks[name, default: ObjectLock()].until = time
        }
    }

    func setHold(_ isHeld: Bool, on name: ObjectName) async throws(VaultError) {
        locks.withLock { $0[name, default: ObjectLock()].isHeld = isHeld }
    }

    func purge(_ name: ObjectName) async throws(VaultError) {
        let lock = locks.withLock { $0[name] } ?? ObjectLock()
        guard !lock.isClosed(at: clock.time.withLock { $0 }) else {
            throw VaultError(.refused, "locked")
        }
        try await base.remove(name)
    }
}

@Suite struct `Locking a vault` {
    private static let day: Int64 = 86_400_000_000

    private var newest: KeepRules {
        var rules = KeepRules()
        rules.last = 1
        return rules
    }

    @Test func `locks what the kept snapshots need, and makes locks longer in time`() async throws {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let vault = LockableStore(clock)
        try await archive.shipAll(to: vault)
        let locks = try await VaultLocks(vault, by: try archive.authority(), clock: clock.clock)
        let plan = try await locks.plan(newest)
        // Its manifest and all segments; not the older manifests, nor the keyring.
        #expect(plan.entries.count == 1 + archive.segmentNames.count)
        #expect(plan.unprotectedByteCount == plan.byteCount && plan.byteCount > 0)
        #expect(try await locks.carryOut(plan, .compliance) == plan.entries.count)

        let after = try await locks.plan(newest)
        #expect(after.unprotectedByteCount == 0 && after.changes.isEmpty)
        #expect(after.firstEnd == after.now + 7 * Self.day)
        clock.advance(days: 3)
        let early = try await locks.plan(newest)
        #expect(early.changes.isEmpty && early.shortByteCount == 0)
        clock.advance(days: 1)
        let late = try await locks.plan(newest)
        #expect(late.changes.count == late.entries.count)
        #expect(late.shortByteCount == late.byteCount)
        try await locks.carryOut(late, .governance)
        // Never of a weaker kind than before.
        #expect(vault.locks.withLock { $0.values.allSatisfy { $0.mode == .compliance } })
        clock.advance(days: 30)
        #expect(try await locks.plan(newest).unprotectedCount == late.entries.count)
    }

    @Test func `locks as long as the longest-lived snapshot`() async throws {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let vault = LockableStore(clock)
        try await archive.shipAll(to: vault)
        clock.time.withLock { $0 = 2_000_000_000_000_000 }
        var rules = newest
        rules.within = .seconds(400 * 86_400)
        let locks = try await VaultLocks(vault, by: try archive.authority(), clock: clock.clock)
        let plan = try await locks.plan(rules, least: .seconds(86_400))
        let first = try #require(plan.entries.first { $0.name == archive.segmentNames[0] })
        let manifest = try #require(
            plan.entries.first { $0.name == "snapshots/\(archive.snapshots[2]).json" }
        )
        // The newest needs the first segment too.
        #expect(first.wanted == manifest.wanted)
    }

    @Test func `holds what is held, and lets go when it is released`() async throws {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let vault = LockableStore(clock)
        try await archive.shipAll(to: vault)
        let held = try archive.authority(holds: [archive.snapshots[0]: "case 7"])
        let locks = try await VaultLocks(vault, by: held, clock: clock.clock)
        try await locks.carryOut(try await locks.plan(newest), .governance)
        let manifest = try ObjectName("snapshots/\(archive.snapshots[0]).json")
        let segment = try ObjectName(archive.segmentNames[0])
        let last = try ObjectName(archive.segmentNames[2])
        #expect(try await vault.lock(of: manifest).isHeld)
        #expect(try await vault.lock(of: segment).isHeld)
        #expect(try await !vault.lock(of: last).isHeld)

        // Released: the segment is needed on, the manifest is not, both without the hold.
        let free = try await VaultLocks(vault, by: try archive.authority(), clock: clock.clock)
        let plan = try await free.plan(newest)
        #expect(plan.changes.map(\.name) == [segment.text, manifest.text])
        try await free.carryOut(plan, .governance)
        #expect(try await !vault.lock(of: manifest).isHeld)
        #expect(try await !vault.lock(of: segment).isHeld)
    }

    @Test func `keeps a prune from what is locked, until the lock ends`() async throws {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let vault = LockableStore(clock)
        try await archive.shipAll(to: vault)
        let authority = try archive.authority()
        var all = KeepRules()
        all.last = 3
        let locks = try await VaultLocks(vault, by: authority, clock: clock.clock)
        try await locks.carryOut(
            try await locks.plan(all, least: .seconds(30 * 86_400)),
            .governance
        )
        let prune = Prune(vault, by: authority, clock: clock.clock)
        _ = try await prune.carryOut(try await prune.plan(newest))
        clock.advance(days: 10)
        let plan = try await prune.plan(newest)
        let end = 2_000_000_000_000_000 + 30 * Self.day
        #expect(plan.entries.map(\.fate) == [.isLocked(until: end), .isLocked(until: end), .stays])
        #expect(try await prune.carryOut(plan).removed.isEmpty)
        clock.advance(days: 21)
        let later = try await prune.plan(newest)
        #expect(try await prune.carryOut(later).removed == Array(archive.snapshots.prefix(2)))
    }

    @Test func `is refused where there are no locks`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let authority = try archive.authority()
        let failure = await code {
            _ = try await VaultLocks(vault, by: authority, clock: DrivenClock().clock)
        }
        #expect(failure == .unsupported)
    }
}
