import StrongroomRecovery
import StrongroomVaults
import Synchronization
import Testing

@Suite struct `The mark of a prune` {
    private var one: KeepRules {
        var rules = KeepRules()
        rules.last = 1
        return rules
    }

    /// A vault in which a copy of the archive has condemned what the archive is about to ship again.
    private static func vault(
        of archive: TestArchive,
        _ clock: DrivenClock
    ) async throws -> (ClockedStore, Prune) {
        let vault = ClockedStore(MemoryStore())
        try await archive.shipAll(to: vault)
        for id in archive.snapshots.dropFirst() { try await vault.remove("snapshots/\(id).json") }
        let prune = Prune(vault, by: try archive.authority(knowing: 1), clock: clock.clock)
        var rules = KeepRules()
        rules.last = 1
        _ = try await prune.carryOut(try await prune.plan(rules, grace: .zero))
        clock.advance(days: 1)
        vault.advance(minutes: 24 * 60)
        return (vault, prune)
    }

    /// Keeps what the vault had while a prune was removing, as a kill there leaves it.
    private static func kill(
        _ prune: Prune,
        in vault: ClockedStore,
        _ rules: KeepRules
    ) async throws {
        let mark = Mutex<(ObjectName, [UInt8])?>(nil)
        vault.watch.withLock { watch in
            watch = { [store = vault.base] _ in
                guard let name = try? await store.list(prefix: "sweeping/").first?.name,
                    let bytes = try? await store.readAll(name, limit: 1 << 20)
                else { return }
                mark.withLock { $0 = $0 ?? (name, bytes) }
            }
        }
        _ = try await prune.carryOut(try await prune.plan(rules, grace: .zero))
        vault.watch.withLock { $0 = nil }
        let (name, bytes) = try #require(mark.withLock { $0 })
        try await vault.put(name, bytes)
    }

    @Test func `of a killed run lets ships pass after a quarter of an hour of the vault's clock`()
        async throws
    {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let (vault, prune) = try await Self.vault(of: archive, clock)
        try await Self.kill(prune, in: vault, one)
        var ship = archive.ship(to: vault)
        ship.pause = { _ in }
        vault.advance(minutes: 14)
        // However late it is elsewhere.
        clock.advance(days: 9)
        #expect(await code { _ = try await ship.carryOut(try await ship.plan()) } == .locked)
        vault.advance(minutes: 2)
        _ = try await ship.carryOut(try await ship.plan())
        let names = Set(try await vault.names)
        let needs = try archive.needs()
        for id in archive.snapshots {
            #expect(names.contains("snapshots/\(id).json"))
            #expect(names.isSuperset(of: needs[id] ?? []))
        }
        #expect(!names.contains { $0.hasPrefix("sweeping/") || $0.hasPrefix("arriving/") })
    }

    @Test func `of a killed run lets what it removed be restored after as long`() async throws {
        let archive = try TestArchive.standard()
        let clock = DrivenClock()
        let vault = ClockedStore(MemoryStore())
        try await archive.shipAll(to: vault)
        let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
        _ = try await prune.carryOut(try await prune.plan(one, grace: .zero))
        clock.advance(days: 1)
        vault.advance(minutes: 24 * 60)
        try await Self.kill(prune, in: vault, one)
        let lost = [archive.snapshots[0]]
        #expect(await code { _ = try await prune.restore(lost) } == .locked)
        vault.advance(minutes: 16)
        #expect(await code { _ = try await prune.restore(lost) } == .noSnapshot)
        #expect(try await prune.restore([archive.snapshots[1]]).isEmpty)
        #expect(try await !vault.names.contains { $0.hasPrefix("sweeping/") })
    }

    @Test func `ends the run if somebody took it away`() async throws {
        let archive = try TestArchive.standard()
        let (vault, prune) = try await Self.vault(of: archive, DrivenClock())
        let before = Set(try await vault.names.filter { $0.hasPrefix("segments/") })
        let removed = Mutex(0)
        vault.watch.withLock { watch in
            watch = { [store = vault.base] name in
                guard name.text.hasPrefix("segments/") else { return }
                removed.withLock { $0 += 1 }
                for status in (try? await store.list(prefix: "sweeping/")) ?? [] {
                    try? await store.remove(status.name)
                }
            }
        }
        let plan = try await prune.plan(one, grace: .zero)
        #expect(plan.dueSegmentCount == before.count - 1 && plan.dueSegmentCount > 1)
        #expect(await code { _ = try await prune.carryOut(plan) } == .locked)
        // The one whose removal had begun, and no other.
        #expect(removed.withLock { $0 } == 1)
        #expect(
            try await vault.names.filter { $0.hasPrefix("segments/") }.count == before.count - 1
        )
    }

    @Test func `ends the run that slept, and is renewed by one that did not`() async throws {
        let archive = try TestArchive.standard()
        let (vault, prune) = try await Self.vault(of: archive, DrivenClock())
        let minutes = Mutex<Int64>(0)
        let clock = RecoveryClock(
            measuring: TickingClock { minutes.withLock { 60 * $0 } },
            now: { 2_100_000_000_000_000 }
        )
        let authority = try archive.authority(knowing: 1)
        var sleeper = Prune(vault, by: authority, clock: clock)
        sleeper.pause = { _ in try? await Task.sleep(for: .seconds(3600)) }
        vault.watch.withLock { watch in
            watch = { name in
                if name.text.hasPrefix("segments/") { minutes.withLock { $0 += 6 } }
            }
        }
        let plan = try await prune.plan(one, grace: .zero)
        #expect(await code { _ = try await sleeper.carryOut(plan) } == .locked)

        // The same, and every minute it could do something.
        let awake = Prune(vault, by: authority, clock: clock)
        var renewing = awake
        let turns = Mutex(0)
        renewing.pause = { _ in
            turns.withLock { $0 += 1 }
            await Task.yield()
        }
        vault.watch.withLock { watch in
            watch = { name in
                guard name.text.hasPrefix("segments/") else { return }
                for _ in 0..<6 {
                    minutes.withLock { $0 += 1 }
                    let seen = turns.withLock { $0 }
                    while turns.withLock({ $0 }) < seen + 3 { await Task.yield() }
                }
            }
        }
        let rest = try await renewing.plan(one, grace: .zero)
        #expect(rest.dueSegmentCount > 0)
        #expect(try await renewing.carryOut(rest).removedSegmentCount == rest.dueSegmentCount)
        #expect(try await !vault.names.contains { $0.hasPrefix("sweeping/") })
    }
}
