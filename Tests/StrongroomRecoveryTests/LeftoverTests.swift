import ArchiveSealing
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import Testing

/// A vault in memory in which somebody has left parts behind.
private final class LitteredStore: PartsStore, PassingStore {
    let base: any ObjectStore
    let uploads: Mutex<[UnfinishedUpload]>
    let lists: Bool

    init(_ base: MemoryStore, _ uploads: [UnfinishedUpload], lists: Bool = true) {
        self.base = base
        self.uploads = Mutex(uploads)
        self.lists = lists
    }

    func unfinishedUploads() async throws(VaultError) -> [UnfinishedUpload] {
        guard lists else { throw VaultError(.refused, "not for you") }
        return uploads.withLock { $0 }
    }

    func giveUp(_ upload: UnfinishedUpload) async throws(VaultError) {
        uploads.withLock { $0.removeAll { $0 == upload } }
    }
}

@Suite struct `What an interrupted shipping left in a vault` {
    private func upload(_ name: String, daysOld: Int64) throws -> UnfinishedUpload {
        let now = RecoveryMoments.now
        return UnfinishedUpload(
            name: try ObjectName(name),
            begun: now - daysOld * 86_400_000_000,
            id: name
        )
    }

    private enum RecoveryMoments {
        static let now: Int64 = 1_795_000_000_000_000
        static let clock = RecoveryClock(measuring: ContinuousClock()) { now }
    }

    @Test func `goes when it is a week old and the vault's own`() async throws {
        let archive = try TestArchive.tiny()
        let store = LitteredStore(
            MemoryStore(),
            [
                try upload("segments/0000000000000001.seg", daysOld: 8),
                try upload("segments/0000000000000002.seg", daysOld: 6),
                try upload("photographs/1.jpg", daysOld: 80),
            ]
        )
        let ship = Ship(
            archiveAt: TestArchive.path,
            on: archive.files,
            to: store,
            parallelism: 1,
            clock: RecoveryMoments.clock
        )
        #expect(try await ship.carryOut(try await ship.plan()).givenUpUploadCount == 1)
        let left = store.uploads.withLock { $0.map(\.name.text) }
        #expect(left == ["segments/0000000000000002.seg", "photographs/1.jpg"])
    }

    @Test func `keeps nobody from shipping who may not see it`() async throws {
        let archive = try TestArchive.tiny()
        let store = LitteredStore(MemoryStore(), [], lists: false)
        #expect(try await archive.shipAll(to: store).givenUpUploadCount == 0)
        let standing = try await VaultStanding.read(store, publicKey: archive.publicKey)
        #expect(standing.abandonedUploadCount == nil && standing.findings.isEmpty)
    }
}

@Suite struct `Parts of the segment that is written to` {
    /// A vault with a part of the active segment, which holds `bytes`.
    private func vault(start: UInt64, _ bytes: [UInt8]) async throws -> (MemoryStore, String) {
        let archive = try TestArchive.tiny()
        let store = try await archive.vault()
        func hex(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let digest = SHA256.hash(bytes.span).hex.prefix(32)
        let end = start + UInt64(bytes.count)
        let name = "parts/\(hex(7))-\(hex(start))-\(hex(end))-\(digest).part"
        try await store.put(try ObjectName(name), bytes)
        return (store, name)
    }

    private func verify(_ store: MemoryStore) async throws -> VaultReport {
        try await VaultVerification(of: store, unlocking: VaultKeys(try TestArchive.key())).run()
    }

    @Test func `are held against their names`() async throws {
        let (store, name) = try await vault(start: 0, [1, 2, 3])
        let sound = try await verify(store)
        #expect(sound.isSound)
        #expect(sound.notes.contains { $0.contains("1 parts hold the first 3 bytes") })
        try await store.flip(name, at: 1)
        #expect(try await verify(store).findings.map(\.object) == [name])
    }

    @Test func `are looked at in runs that verify a part of the vault as well`() async throws {
        let (store, name) = try await vault(start: 0, [1, 2, 3])
        try await store.flip(name, at: 1)
        let verification = VaultVerification(
            of: store,
            unlocking: VaultKeys(try TestArchive.key())
        )
        var plan = VerificationPlan()
        plan.maximumDuration = .seconds(3_600)
        #expect(try await verification.run(plan).findings.map(\.object) == [name])
        // Segment 7 is of one shard and no other.
        for (number, expected) in [(1, [name]), (2, [])] {
            plan.shard = VerificationPlan.Shard(number, of: 2)
            #expect(try await verification.run(plan).findings.map(\.object) == expected)
        }
    }

    @Test func `must lead from the beginning without a gap`() async throws {
        let (store, name) = try await vault(start: 5, [1, 2, 3])
        let report = try await verify(store)
        #expect(report.findings.map(\.object) == [name])
        #expect(report.findings.first?.detail.contains("bytes 0 to 5") == true)
    }
}
