import ArchiveFormat
import ArchiveKeys
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import Testing

/// A clock that a test drives.
final class DrivenClock: Sendable {
    let time = Mutex<Int64>(2_000_000_000_000_000)

    func advance(days: Int64) { time.withLock { $0 += days * 86_400_000_000 } }

    var clock: RecoveryClock {
        RecoveryClock(measuring: ContinuousClock()) { self.time.withLock { $0 } }
    }
}

extension TestArchive {
    /// What a prune may know; `count` snapshots of the archive, as an older copy of it would.
    func authority(
        _ address: ArchiveAddress? = nil,
        knowing count: Int = .max,
        holds: [String: String] = [:]
    ) throws -> PruneAuthority {
        let engine = try Engine.openForReading(try address ?? Self.address(files))
        let manifests = try engine.snapshots()
        let keeper = Mutex(engine)
        return PruneAuthority(
            archive: engine.document.archiveID.hex,
            publicKey: engine.document.publicKey,
            local: Array(manifests.prefix(count)),
            holds: holds,
            labels: { list in Dictionary(uniqueKeysWithValues: list.map { ($0.id, "nightly") }) },
            sign: { document in
                try keeper.withLock { try $0.sign(document, purpose: "prune") }
            }
        )
    }

    /// The segments that a snapshot's manifest lists.
    func needs() throws -> [String: [String]] {
        let engine = try Engine.openForReading(try Self.address(files))
        var needs: [String: [String]] = [:]
        for manifest in try engine.snapshots() {
            needs[manifest.id] = manifest.segments.map { "segments/\($0.number.stem).seg" }
        }
        return needs
    }
}

@Suite struct `Pruning` {
    private var one: KeepRules {
        var rules = KeepRules()
        rules.last = 1
        return rules
    }

    @Test func `condemns first, removes after the grace, and never what is kept`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock()
        let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
        let before = try await vault.names
        let plan = try await prune.plan(one)
        #expect(plan.entries.map(\.fate) == [.isCondemned, .isCondemned, .stays])
        #expect(plan.entries[2].reasons == ["the newest", "last 1 of 1"])
        #expect(try await vault.names == before)

        let first = try await prune.carryOut(plan)
        #expect(first.condemned == Array(archive.snapshots.prefix(2)))
        #expect(Set(try await vault.names).isSuperset(of: before))
        clock.advance(days: 6)
        #expect(try await prune.carryOut(try await prune.plan(one)).removed.isEmpty)

        clock.advance(days: 2)
        let again = try await prune.plan(one)
        #expect(again.entries.map(\.fate) == [.goes, .goes, .stays])
        #expect(try await prune.carryOut(again).removed == Array(archive.snapshots.prefix(2)))
        let names = try await vault.names
        #expect(names.filter { $0.hasPrefix("snapshots/") }.count == 1)
        // The newest needs them all.
        #expect(names.filter { $0.hasPrefix("segments/") } == archive.segmentNames)
        #expect(!names.contains { $0.hasPrefix("sweeping/") || $0.hasPrefix("arriving/") })
    }

    @Test func `restores what was condemned, before it is gone and after`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock()
        let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
        _ = try await prune.carryOut(try await prune.plan(one))
        #expect(try await prune.restore([archive.snapshots[0]]) == [archive.snapshots[0]])
        #expect(await code { _ = try await prune.restore([archive.snapshots[0]]) } == .noSnapshot)
        clock.advance(days: 8)
        let result = try await prune.carryOut(try await prune.plan(one))
        #expect(result.removed == [archive.snapshots[1]])
        // Condemned anew, with a grace of its own.
        #expect(result.condemned == [archive.snapshots[0]])

        let ship = archive.ship(to: vault)
        #expect(try await ship.plan().isEmpty)
        let refusal = await code { _ = try await ship.plan(snapshot: archive.snapshots[1]) }
        #expect(refusal == .refused)
        #expect(try await prune.restore([archive.snapshots[1]]).isEmpty)
        #expect(try await archive.shipAll(to: vault).snapshots == [archive.snapshots[1]])
        #expect(try await vault.names.contains("snapshots/\(archive.snapshots[1]).json"))
    }

    @Test func `leaves what is held`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock()
        _ = try await {
            let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
            return try await prune.carryOut(try await prune.plan(one))
        }()
        clock.advance(days: 30)
        // Held only after it was condemned.
        let authority = try archive.authority(holds: [archive.snapshots[0]: "case 7"])
        let prune = Prune(vault, by: authority, clock: clock.clock)
        let plan = try await prune.plan(one)
        #expect(plan.entries[0].reasons == ["held: case 7"])
        #expect(try await prune.carryOut(plan).removed == [archive.snapshots[1]])
    }

    @Test func `refuses no rules, another archive's vault and an empty one`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock().clock
        let prune = Prune(vault, by: try archive.authority(), clock: clock)
        #expect(await code { _ = try await prune.plan(KeepRules()) } == .invalid)
        let other = try TestArchive.make(counts: [1], seed: 9)
        let foreign = Prune(try await other.vault(), by: try archive.authority(), clock: clock)
        #expect(await code { _ = try await foreign.plan(one) } == .integrity)
        let empty = Prune(MemoryStore(), by: try archive.authority(), clock: clock)
        #expect(await code { _ = try await empty.plan(one) } == .notFound)
    }

    @Test func `leaves alone what a vault that follows has before there is a snapshot of it`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        for id in archive.snapshots.dropFirst() { try await vault.remove("snapshots/\(id).json") }
        let part =
            "parts/\(String(repeating: "0", count: 15))4-\(String(repeating: "0", count: 16))-"
            + "\(String(repeating: "0", count: 15))1-\(String(repeating: "a", count: 32)).part"
        try await vault.replace(part, [1])
        let prune = Prune(vault, by: try archive.authority(knowing: 1), clock: DrivenClock().clock)
        #expect(try await prune.plan(one).condemnedSegmentCount == 0)
    }

    @Test func `removes segments that nothing needs, and none while a manifest is damaged`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        // A copy of the archive that knows the first snapshot only; the others' manifests are gone.
        for id in archive.snapshots.dropFirst() { try await vault.remove("snapshots/\(id).json") }
        let clock = DrivenClock()
        let prune = Prune(vault, by: try archive.authority(knowing: 1), clock: clock.clock)
        let plan = try await prune.plan(one)
        #expect(plan.condemnedSegmentCount == archive.segmentNames.count - 1)
        _ = try await prune.carryOut(plan)
        clock.advance(days: 8)
        // The archive itself knows better: all are needed.
        let owner = Prune(vault, by: try archive.authority(), clock: clock.clock)
        #expect(try await owner.plan(one).dueSegmentCount == 0)
        try await vault.flip("snapshots/\(archive.snapshots[0]).json", at: 40)
        #expect(try await prune.plan(one).dueSegmentCount == 0)
        try await vault.flip("snapshots/\(archive.snapshots[0]).json", at: 40)
        let due = try await prune.plan(one)
        #expect(due.dueSegmentCount == archive.segmentNames.count - 1)
        #expect(
            try await prune.carryOut(due).removedSegmentCount == archive.segmentNames.count - 1
        )
    }

    @Test func `takes no document for its own that the archive's key did not sign`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock()
        let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
        _ = try await prune.carryOut(try await prune.plan(one))
        let name = try #require(try await vault.names.first { $0.hasPrefix("prune/") })
        try await vault.flip(name, at: 60)
        clock.advance(days: 30)
        let plan = try await prune.plan(one)
        #expect(plan.entries.map(\.fate) == [.isCondemned, .isCondemned, .stays])
    }
}
