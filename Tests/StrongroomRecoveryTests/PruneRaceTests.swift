import ArchiveFileIO
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import Testing

/// A store whose calls take turns by chance, so that what runs at the same time meets in every way.
private final class RestlessStore: ObjectStore {
    private let store: any ObjectStore
    private let generator: Mutex<SeededGenerator>

    init(_ store: any ObjectStore, seed: UInt64) {
        self.store = store
        generator = Mutex(SeededGenerator(seed: seed))
    }

    /// Waits as long as so many calls would take.
    func wait(_ count: Int) async { for _ in 0..<count { await turn() } }

    private func turn() async {
        let count = generator.withLock { Int($0.next() % 24) }
        for _ in 0..<count { await Task.yield() }
    }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        await turn()
        try await store.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        await turn()
        return try await store.read(name, range: range)
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        await turn()
        return try await store.status(name)
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        await turn()
        return try await store.list(prefix: prefix)
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        await turn()
        try await store.remove(name)
    }
}

@Suite struct `A prune beside ships and other prunes` {
    /// As often as a person asks for; a few times otherwise.
    private static let count = Environment.text(of: "STRONGROOM_RACES").flatMap(Int.init) ?? 12

    private static func run(
        _ prune: Prune,
        _ rules: KeepRules,
        after wait: Int,
        of vault: RestlessStore
    ) async throws -> Int {
        await vault.wait(wait)
        let plan = try await prune.plan(rules, grace: .zero)
        return try await prune.carryOut(plan).removedSegmentCount
    }

    private static func ship(_ archive: TestArchive, to vault: any ObjectStore) async throws {
        while true {
            do {
                try await archive.shipAll(to: vault)
                return
            } catch let error as RecoveryError where error.code == .locked {
                await Task.yield()
            }
        }
    }

    /// Ships what was shipped half, while two copies of the archive prune that do not know it.
    ///
    /// A killed ship has left segments that no snapshot needs, and such a copy has condemned them.
    @Test func `never damages a snapshot`() async throws {
        let archive = try TestArchive.standard()
        let needs = try archive.needs()
        var rules = KeepRules()
        rules.last = 2
        var sweptCount = 0
        for round in 0..<Self.count {
            let memory = try await archive.vault()
            for id in archive.snapshots.dropFirst() {
                try await memory.remove("snapshots/\(id).json")
            }
            let clock = DrivenClock()
            let authority = try archive.authority(knowing: 1)
            let first = Prune(memory, by: authority, clock: clock.clock)
            _ = try await first.carryOut(try await first.plan(rules, grace: .zero))
            clock.advance(days: 1)

            let vault = RestlessStore(memory, seed: UInt64(round))
            let prune = Prune(vault, by: authority, clock: clock.clock)
            async let left = Self.run(prune, rules, after: round % 31, of: vault)
            async let right = Self.run(prune, rules, after: round % 37, of: vault)
            async let shipped: Void = Self.ship(archive, to: vault)
            sweptCount += try await left + right
            try await shipped
            let names = Set(try await memory.names)
            for id in archive.snapshots {
                #expect(names.contains("snapshots/\(id).json"), "round \(round)")
                #expect(names.isSuperset(of: needs[id] ?? []), "round \(round)")
            }
        }
        // Else nothing was raced.
        #expect(sweptCount > 0)
    }
}
