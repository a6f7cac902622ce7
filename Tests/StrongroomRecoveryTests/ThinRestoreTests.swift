import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `Restoring a thin archive` {
    @Test func `brings it back as it was`() async throws {
        let archive = try TestArchive.standard()
        let before = archive.files.filePaths.filter { $0.string.contains("/segments/") }
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        _ = try await archive.readThin(vault)
        let result = try await archive.restore(from: vault)
        #expect(result.segmentCount == 3 && result.findings.isEmpty)
        #expect(archive.files.filePaths.filter { $0.string.contains("/segments/") } == before)
        #expect(!archive.files.filePaths.contains("/archive/thin.json"))
        #expect(!archive.files.filePaths.contains { $0.string.contains("/cache/") })
        #expect(try records(of: archive.files, at: TestArchive.path) == archive.expected)
    }

    @Test func `keeps the stubs of what no vault gives whole`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let copy = try await vault.bytes("segments/0000000000000002.seg")
        try await vault.flip("segments/0000000000000002.seg", at: 4_500)
        let result = try await archive.restore(from: vault)
        #expect(result.segmentCount == 2)
        #expect(result.findings.map(\.object) == ["segments/0000000000000002.seg"])
        #expect(archive.segmentNames.count == 2)
        try await vault.replace("segments/0000000000000002.seg", copy)
        #expect(try await archive.restore(from: vault).segmentCount == 1)
        #expect(try records(of: archive.files, at: TestArchive.path) == archive.expected)
    }

    @Test func `ends with what is wrong when no vault answers`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let down = WatchedStore(vault)
        down.fail { _, _ in VaultError(.unreachable, "nobody is at home") }
        #expect(await code { _ = try await archive.restore(from: down) } == .unreachable)
        try archive.files.remove("/archive/thin.json")
        #expect(try await archive.restore(from: vault).findings.count == 3)
    }
}

/// Ends the power at each change of the disk in turn.
@Suite struct `A loss of power while an archive is thinned or restored` {
    @Test(arguments: [CrashMode.dropAllUnsynced, .seeded(5)], [false, true])
    func `costs no record`(mode: CrashMode, restoring: Bool) async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        if restoring { try await archive.thin(to: vault) }
        func work(_ files: SimulatedFileSystem) async throws {
            let archive = archive.on(files)
            if restoring {
                try await archive.restore(from: vault)
            } else {
                try await archive.thin(to: vault)
            }
        }
        let trial = archive.files.clone()
        let start = trial.changeCount
        try await work(trial)
        #expect(trial.changeCount - start > 15)
        for change in (start + 1)...trial.changeCount {
            let disk = archive.files.clone()
            disk.crash(atChange: change)
            #expect(await code { try await work(disk) } != nil, "change \(change)")
            let host = archive.on(disk.afterCrash(mode))
            #expect(try await host.readThin(vault) == archive.expected, "change \(change)")
            try await host.changeThin(nil) { engine in
                _ = try engine.commit([NewRecord(name: "later", body: [7])])
            }
            try await work(host.files)
            #expect(host.segmentNames.isEmpty != restoring, "change \(change)")
            #expect(try await host.readThin(vault).count == archive.expected.count + 1)
        }
    }
}

enum Waiting {
    static let pool = BlockingPool(label: "strongroom.tests", width: 4)
}

extension TestArchive {
    /// All records of the newest snapshot.
    var expected: [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: (records[snapshots.last ?? ""] ?? []).map { ($0, $1) })
    }

    func on(_ files: SimulatedFileSystem) -> TestArchive {
        TestArchive(files: files, snapshots: snapshots, publicKey: publicKey, records: records)
    }

    func thinning(to store: any ObjectStore, at location: String = "vault") -> Thinning {
        Thinning(archiveAt: Self.path, on: files, to: store, at: location, parallelism: 1)
    }

    @discardableResult
    func thin(
        to store: any ObjectStore,
        at location: String = "vault"
    ) async throws
        -> ThinningResult
    {
        let thinning = thinning(to: store, at: location)
        return try await thinning.carryOut(try await thinning.plan())
    }

    @discardableResult
    func restore(from store: any ObjectStore) async throws -> ThinRestore.Result {
        try await ThinRestore(
            archiveAt: Self.path,
            on: files,
            reaching: { _ in store },
            parallelism: 1
        ).run()
    }

    func thinAddress(_ reach: VaultReach?) throws -> ArchiveAddress {
        try Self.address(thinFiles(reach))
    }

    private func thinFiles(_ reach: VaultReach?) -> any FileSystem {
        let source = reach.map {
            VaultSegments(ofArchiveAt: Self.path, on: files, reaching: $0)
        }
        return ArchiveLayout(Self.path).fileSystem(over: files, source: source)
    }

    // What asks a vault waits for it, and must not do so on a thread that tasks run on.
    func changeThin(
        _ reach: VaultReach?,
        _ body: @escaping @Sendable (Engine) throws -> Void
    ) async throws {
        let address = try thinAddress(reach)
        try await Waiting.pool.run {
            let engine = try Engine.open(address)
            try body(engine)
            try engine.close()
        }
    }

    func rebuildThin(_ store: any ObjectStore) async throws {
        let address = try thinAddress { _ in store }
        try await Waiting.pool.run {
            try Engine.open(address, rebuildingIndex: true).close()
        }
    }

    func readThin(_ store: any ObjectStore) async throws -> [String: [UInt8]] {
        try await readThin(reaching: { _ in store })
    }

    func readThin(reaching reach: @escaping VaultReach) async throws -> [String: [UInt8]] {
        let files = thinFiles(reach)
        return try await Waiting.pool.run {
            try StrongroomRecoveryTests.records(of: files, at: Self.path)
        }
    }

    func verifyThin(_ store: any ObjectStore) async throws -> VerificationReport {
        let address = try thinAddress { _ in store }
        return try await Waiting.pool.run {
            let engine = try Engine.open(address)
            defer { try? engine.close() }
            return try engine.verify()
        }
    }

    func verifyThinWithoutKey(_ store: any ObjectStore) async throws -> VerificationReport {
        let files = thinFiles { _ in store }
        return try await Waiting.pool.run {
            try Engine.verifyKeyless(files, Self.path, publicKey: nil)
        }
    }

    func shipThin(from reach: VaultReach?, to store: any ObjectStore) async throws {
        let ship = Ship(archiveAt: Self.path, on: thinFiles(reach), to: store, parallelism: 1)
        try await ship.carryOut(try await ship.plan())
    }

    func forgetCache() {
        for path in files.filePaths where path.string.contains("/cache/") {
            try? files.remove(path)
        }
    }
}
