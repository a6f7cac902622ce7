import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Testing

@Suite struct `The history of a vault` {
    private static let start: Int64 = 2_000_000_000_000_000
    private static let hour: Int64 = 3_600_000_000

    private static func read(
        _ vault: any ObjectStore,
        _ archive: TestArchive,
        _ clock: DrivenClock = DrivenClock()
    ) async throws -> (VaultHistory, [Snapshot]) {
        let engine = try Engine.openForReading(try TestArchive.address(archive.files))
        let snapshots = try engine.snapshots().map { Snapshot(manifest: $0, label: "nightly") }
        let history = try await VaultHistory.read(
            vault,
            publicKey: archive.publicKey,
            snapshots: snapshots,
            clock: clock.clock
        )
        return (history, snapshots)
    }

    @Test func `tells what would have been lost before each ship`() async throws {
        let archive = try TestArchive.standard()
        let vault = ClockedStore(MemoryStore())
        let ship = archive.ship(to: vault)
        for id in archive.snapshots {
            _ = try await ship.carryOut(try await ship.plan(snapshot: id))
            vault.advance(minutes: 60)
        }
        let (whole, snapshots) = try await Self.read(vault, archive)
        let times = [Self.start + Self.hour, Self.start + 2 * Self.hour]
        #expect(whole.arrivals.map(\.time) == times)
        let windows = zip(times, snapshots).map { Duration.microseconds($0 - $1.time) }
        #expect(whole.arrivals.map(\.lossWindow) == windows)
        #expect(whole.coverage.isEmpty)
        // A prune has taken the one between, which had come in its turn.
        try await vault.remove("snapshots/\(archive.snapshots[1]).json")
        let (thinned, _) = try await Self.read(vault, archive)
        #expect(thinned.arrivals.map(\.lossWindow) == [windows[1]])
    }

    @Test func `tells nothing of ships where the vault is ahead of its snapshots`() async throws {
        let archive = try TestArchive.standard()
        let vault = ClockedStore(MemoryStore())
        let ship = archive.ship(to: vault)
        for id in archive.snapshots {
            _ = try await ship.carryOut(try await ship.plan(snapshot: id))
            vault.advance(minutes: 60)
        }
        let zeros = String(repeating: "0", count: 15)
        let digest = String(repeating: "a", count: 32)
        try await vault.replace("parts/\(zeros)4-\(zeros)0-\(zeros)1-\(digest).part", [1])
        #expect(try await Self.read(vault, archive).0.arrivals.isEmpty)
    }

    @Test func `tells how much had been verified at each verification`() async throws {
        let archive = try TestArchive.standard()
        let vault = ClockedStore(MemoryStore())
        try await archive.shipAll(to: vault)
        let clock = DrivenClock()
        let keys = VaultKeys(try TestArchive.key())
        let verification = VaultVerification(of: vault, unlocking: keys, clock: clock.clock)
        #expect(try await verification.run(VerificationPlan()).isSound)
        clock.advance(days: 20)
        var part = VerificationPlan()
        part.shard = .init(1, of: 3)
        #expect(try await verification.run(part).isSound)
        // What was looked at first counts no more.
        clock.advance(days: 20)
        part.shard = .init(2, of: 3)
        #expect(try await verification.run(part).isSound)
        try await vault.flip(try #require(archive.segmentNames.first), at: 3_000)
        clock.advance(days: 1)
        #expect(try await !verification.run(VerificationPlan()).isSound)
        clock.advance(days: 1)

        let (history, _) = try await Self.read(vault, archive, clock)
        #expect(history.coverage.map(\.foundDamage) == [false, false, false, true])
        let shares = history.coverage.map(\.fraction)
        #expect(shares[0] == 1 && shares[1] == 1)
        #expect(shares[2] > 0 && shares[2] < 1)
        #expect(shares[3] > 0 && shares[3] < 1)
        #expect(history.coverage.map(\.time).last == Self.start + 41 * 24 * Self.hour)
    }
}
