import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `A thin archive` {
    @Test func `gives every record though its sealed segments live in a vault alone`() async throws
    {
        let archive = try TestArchive.make(counts: [3, 2, 4], largeBody: true)
        let vault = try await archive.vault()
        let count = archive.segmentNames.count
        let result = try await archive.thin(to: vault)
        #expect(result.segmentCount == count)
        #expect(result.findings.isEmpty)
        #expect(archive.segmentNames.isEmpty)
        #expect(try await archive.readThin(vault) == archive.expected)
        // The second time the pieces are here.
        let watched = WatchedStore(vault)
        #expect(try await archive.readThin(watched) == archive.expected)
        let stored = archive.files.filePaths.filter { $0.string.contains("/cache/") }
        #expect(!stored.isEmpty)
    }

    @Test func `is written to, sealed, shipped and recovered as ever`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        // No vault is needed for that: none is given.
        try await archive.changeThin(nil) { engine in
            _ = try engine.commit([NewRecord(name: "later", body: [7])])
            _ = try engine.snapshot(label: "")
        }
        #expect(archive.segmentNames.count == 1)
        try await archive.shipThin(from: nil, to: vault)
        try await archive.thin(to: vault)
        #expect(archive.segmentNames.isEmpty)
        var expected = archive.expected
        expected["later"] = [7]
        #expect(try await archive.readThin(vault) == expected)

        // The machine is lost.
        let host = SimulatedFileSystem()
        #expect(try await recovery(from: vault, on: host).run(to: "/b").isComplete)
        #expect(try records(of: host, at: "/b") == expected)
    }

    @Test func `keeps the newest segments here if that is asked for`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let thinning = archive.thinning(to: vault)
        let plan = try await thinning.plan(keeping: 1)
        #expect(plan.steps.map(\.number) == [1, 2] && plan.keptSegmentCount == 1)
        #expect(plan.description.contains("2 segments and"))
        #expect(archive.segmentNames.count == 3)
        #expect(try await thinning.carryOut(plan).segmentCount == 2)
        #expect(archive.segmentNames == ["segments/0000000000000003.seg"])
    }

    @Test func `keeps what no snapshot in the vault lists`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        await #expect(throws: RecoveryError.self) { try await archive.thin(to: vault) }
        let ship = archive.ship(to: vault)
        try await ship.carryOut(try await ship.plan(snapshot: archive.snapshots[0]))
        let plan = try await archive.thinning(to: vault).plan()
        #expect(plan.steps.map(\.number) == [1] && plan.waitingSegmentCount == 2)
    }

    @Test func `keeps what the vault does not have as it was signed`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip(archive.segmentNames[0], at: 5_000)
        try await vault.remove(archive.segmentNames[1])
        let result = try await archive.thin(to: vault)
        #expect(result.segmentCount == 1)
        #expect(result.findings.map(\.kind) == [.damaged, .missing])
        #expect(archive.segmentNames.count == 2)
        #expect(try await archive.readThin(vault) == archive.expected)
    }

    @Test func `is not made where the vault could not give it back`() async throws {
        let archive = try TestArchive.standard()
        let foreign = try await TestArchive.make(counts: [1], seed: 9).vault()
        #expect(await code { try await archive.thin(to: foreign) } == .integrity)
        let vault = try await archive.vault()
        try await vault.remove("keyring.json")
        #expect(await code { try await archive.thin(to: vault) } == .integrity)
        let other = try await archive.vault()
        try await other.flip("snapshots/\(archive.snapshots[2]).json", at: 20)
        #expect(await code { try await archive.thin(to: other) } == .integrity)
        #expect(archive.segmentNames.count == 3)
    }

    @Test func `keeps a segment whose own ends are damaged`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let path = TestArchive.path.pushing(FilePath(archive.segmentNames[0]))
        var bytes = try #require(archive.files.bytes(of: path))
        bytes[bytes.count - 40] ^= 1
        archive.files.replaceBytes(of: path, with: bytes)
        let result = try await archive.thin(to: vault)
        #expect(result.segmentCount == 2)
        #expect(result.findings.first?.detail.contains("repair") == true)
    }

    @Test func `reads nothing back that the ledger says was proved`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let verification = VaultVerification(
            of: vault,
            unlocking: VaultKeys(try TestArchive.key())
        )
        #expect(try await verification.run(VerificationPlan()).isSound)
        let watched = WatchedStore(vault)
        let thinning = archive.thinning(to: watched)
        let plan = try await thinning.plan(maximumAge: .seconds(3_600))
        #expect(plan.steps.map(\.isProved) == [true, true, true])
        #expect(try await thinning.carryOut(plan).segmentCount == 3)
        #expect(archive.segmentNames.isEmpty)
        #expect(!watched.reads.contains { $0.hasPrefix("segments/") })
        #expect(try await archive.readThin(vault) == archive.expected)
    }

    @Test func `is made by one process at a time`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let plan = try await archive.thinning(to: vault).plan()
        let lock = try archive.files.open("/archive/lock", .openOrCreate)
        #expect(try lock.tryLock(byte: 1, exclusively: true))
        #expect(
            await code { _ = try await archive.thinning(to: vault).carryOut(plan) } == .locked
        )
        #expect(await code { _ = try await archive.restore(from: vault) } == .locked)
        try lock.close()
    }

    @Test func `tells which vault does not answer, and opens all the same`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let down = WatchedStore(vault)
        down.fail { _, _ in VaultError(.unreachable, "nobody is at home") }
        for reach in [{ _ in down }, nil] as [VaultReach?] {
            let error = await #expect(throws: ArchiveError.self) {
                try await archive.changeThin(reach) { engine in
                    let view = ArchiveView(
                        engine.readState,
                        reader: RecordReader(log: engine.reader, keys: engine.keys)
                    )
                    let record = try #require(try view.record(named: "Observation/0"))
                    _ = try view.body(of: record)
                }
            }
            #expect(error?.code == .system)
            let words = reach == nil ? "thin.json" : "nobody is at home"
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test func `reads from another vault what one does not give`() async throws {
        let archive = try TestArchive.standard()
        let (first, second) = (try await archive.vault(), try await archive.vault())
        try await archive.thin(to: first, at: "first")
        try await archive.restore(from: first)
        try await archive.thin(to: first, at: "first")
        try await archive.changeThin(nil) { engine in
            _ = try engine.commit([NewRecord(name: "later", body: [7])])
            _ = try engine.snapshot(label: "")
        }
        let reach: VaultReach = { $0 == "first" ? first : second }
        try await archive.shipThin(from: reach, to: second)
        try await archive.thin(to: second, at: "second")
        try await first.remove("segments/0000000000000001.seg")
        #expect(try await archive.readThin(reaching: reach).count == 10)
    }

    @Test func `is verified through the vault, and damage there is named`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let sound = try await archive.verifyThin(vault)
        #expect(sound.isSound, "\(sound.damages)")
        #expect(sound.recordCount == 9 && sound.snapshotCount == 3)
        try await vault.flip("segments/0000000000000002.seg", at: 5_000)
        archive.forgetCache()
        let damaged = try await archive.verifyThin(vault)
        #expect("\(damaged.damages)".contains("0000000000000002"))
        try await vault.remove("segments/0000000000000002.seg")
        let lost = try await archive.verifyThin(vault)
        #expect(!lost.isSound)
    }

    @Test func `has its index made anew from the vault`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        try await archive.rebuildThin(vault)
        #expect(try await archive.readThin(vault) == archive.expected)
        #expect(try await archive.verifyThin(vault).isSound)
    }

    @Test func `is copied to another vault`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let second = MemoryStore()
        try await archive.shipThin(from: { _ in vault }, to: second)
        #expect(try await second.names == (try await vault.names))
        for name in try await vault.names {
            #expect(try await second.bytes(name) == (try await vault.bytes(name)))
        }
    }

    @Test func `is not filled again by a repair, unless a stub is damaged`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        let own = DirectoryStore(at: TestArchive.path, on: archive.files, parallelism: 1)
        let repair = try Repair(of: own, from: [vault])
        let plan = try await repair.plan()
        #expect(plan.isSound && plan.remoteSegmentCount == 3 && plan.checkedSegmentCount == 0)

        for change in [{ $0[10] ^= 1 }, { $0.removeLast(9) }] as [(inout [UInt8]) -> Void] {
            let path: FilePath = "/archive/segments/0000000000000002.stub"
            var bytes = try #require(archive.files.bytes(of: path))
            change(&bytes)
            archive.files.replaceBytes(of: path, with: bytes)
            #expect(try await !archive.verifyThinWithoutKey(vault).isSound)
            let damaged = try await repair.plan()
            #expect(damaged.steps.map(\.name) == ["segments/0000000000000002.seg"])
            #expect(try await repair.carryOut(damaged).findings.isEmpty)
            #expect(archive.segmentNames == ["segments/0000000000000002.seg"])
            #expect(try await archive.readThin(vault) == archive.expected)
            try await archive.thin(to: vault)
        }
    }

    @Test func `is examined without a vault`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await archive.thin(to: vault)
        func codes() throws -> [String] {
            let files = ArchiveLayout(TestArchive.path).fileSystem(over: archive.files)
            var examination = Examination(
                files,
                TestArchive.path,
                volume: nil,
                now: .init(microseconds: .max)
            )
            examination.lookFromOutside()
            return examination.symptoms.filter { $0.severity == .damage || $0.code == "thin" }
                .map(\.code)
        }
        #expect(try codes() == ["thin"])
        try archive.files.remove("/archive/thin.json")
        #expect(try codes() == ["no_thin_note"])
        // Naming the vault again is enough.
        try await archive.thin(to: vault)
        #expect(try await archive.readThin(vault) == archive.expected)
    }

    @Test func `knows what its vaults have lost of it`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        func findings() async throws -> [String] {
            try await ThinStanding(
                archiveAt: TestArchive.path,
                on: archive.files,
                reaching: { _ in vault }
            ).findings().map(\.object)
        }
        #expect(try await findings().isEmpty)
        try await archive.thin(to: vault)
        #expect(try await findings().isEmpty)
        try await vault.remove("segments/0000000000000002.seg")
        #expect(try await findings() == ["segments/0000000000000002.seg"])
        #expect(
            try await archive.thinning(to: vault).plan().findings.map(\.kind) == [.missing]
        )
    }
}
