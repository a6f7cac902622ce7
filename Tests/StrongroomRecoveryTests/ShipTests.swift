import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `Shipping` {
    @Test func `puts identity, keyring, segments and manifests into the vault, byte for byte`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        var expected = ["archive.json", "keyring.json"] + archive.segmentNames
        expected += archive.snapshots.map { "snapshots/\($0).json" }
        #expect(try await vault.names == (expected + ["vault.json"]).sorted())
        for name in expected {
            let sent = try await vault.bytes(name)
            #expect(sent == archive.bytes(name), "\(name)")
        }
    }

    @Test func `sends a manifest only after all that it needs`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(MemoryStore())
        try await archive.shipAll(to: store)
        let puts = store.puts
        #expect(puts.prefix(3) == ["vault.json", "archive.json", "keyring.json"])
        #expect(puts.last == "snapshots/\(archive.snapshots[2]).json")
        for (index, id) in archive.snapshots.enumerated() {
            let place = try #require(puts.firstIndex(of: "snapshots/\(id).json"))
            #expect(Set(puts[..<place]).isSuperset(of: archive.segmentNames.prefix(index + 1)))
        }
    }

    @Test func `sends nothing again`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(MemoryStore())
        let first = try await archive.shipAll(to: store)
        #expect(first.snapshots == archive.snapshots)
        let count = store.puts.count
        let plan = try await archive.ship(to: store).plan()
        #expect(plan.isEmpty)
        #expect(plan.presentObjectCount == count)
        #expect(plan.presentByteCount == first.sentByteCount)
        try await archive.shipAll(to: store)
        #expect(store.puts.count == count)
    }

    @Test func `sends what came since the last time`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(MemoryStore())
        try await archive.shipAll(to: store)
        let count = store.puts.count
        try archive.change { engine in
            _ = try engine.commit([NewRecord(name: "later", body: [1, 2, 3])])
            _ = try engine.snapshot(label: "later")
        }
        let result = try await archive.shipAll(to: store)
        #expect(result.snapshots.count == 1)
        #expect(store.puts.count == count + 2)
    }

    @Test func `ships the snapshot that is named and no other`() async throws {
        let archive = try TestArchive.standard()
        let store = MemoryStore()
        let ship = archive.ship(to: store)
        try await ship.carryOut(try await ship.plan(snapshot: archive.snapshots[1]))
        let names = try await store.names
        #expect(
            names.filter { $0.hasPrefix("snapshots/") } == [
                "snapshots/\(archive.snapshots[1]).json"
            ]
        )
        #expect(names.filter { $0.hasPrefix("segments/") } == Array(archive.segmentNames.prefix(2)))
    }

    @Test func `plans without sending, and the plan can be read`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(MemoryStore())
        let plan = try await archive.ship(to: store).plan()
        #expect(store.puts.isEmpty)
        #expect(plan.snapshots == archive.snapshots)
        #expect(plan.steps.count == 3 + 3 + archive.segmentNames.count)
        let lines = plan.description.split(separator: "\n")
        #expect(lines.count == plan.steps.count + 1)
        #expect(lines[0].hasPrefix("send vault.json ("))
        #expect(lines[lines.count - 1].hasPrefix("3 snapshots, \(plan.steps.count) objects and "))
    }

    @Test func `tells its progress up to the end`() async throws {
        let archive = try TestArchive.standard()
        let ship = Ship(archiveAt: TestArchive.path, on: archive.files, to: MemoryStore())
        let plan = try await ship.plan()
        let heard = Mutex<[RecoveryProgress]>([])
        try await ship.carryOut(plan) { progress in heard.withLock { $0.append(progress) } }
        let all = heard.withLock { $0 }
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.doneByteCount <= $1.doneByteCount })
        let last = try #require(all.last)
        #expect(last.phase == .sending)
        #expect(last.doneByteCount == plan.byteCount && last.byteCount == plan.byteCount)
        #expect(last.doneObjectCount == plan.steps.count && last.objectCount == plan.steps.count)
    }

    @Test func `keeps the keyring out of a vault that was begun so`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault(keyring: .apart)
        try await archive.shipAll(to: vault)
        #expect(try await !vault.names.contains("keyring.json"))
        let ship = archive.ship(to: vault)
        #expect(await code { _ = try await ship.plan(keyring: .within) } == .conflict)
    }

    @Test func `does not guess where the keyring belongs when the vault has lost its marker`()
        async throws
    {
        let archive = try TestArchive.standard()
        let apart = try await archive.vault(keyring: .apart)
        try await apart.remove("vault.json")
        #expect(await code { _ = try await archive.ship(to: apart).plan() } == .conflict)
        try await archive.shipAll(to: apart, keyring: .apart)
        #expect(try await !apart.names.contains("keyring.json"))

        let within = try await archive.vault()
        try await within.remove("vault.json")
        try await archive.shipAll(to: within)
        #expect(try await within.names.contains("vault.json"))
    }

    @Test func `brings the vault's keyring up to date`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let old = try await vault.bytes("keyring.json")
        let new = try archive.addSlot()
        let plan = try await archive.ship(to: vault).plan()
        #expect(plan.steps.map(\.name) == ["keyring.json"])
        #expect(plan.steps.first?.isReplacement == true)
        try await archive.shipAll(to: vault)
        #expect(try await vault.bytes("keyring.json") == new)
        #expect(new != old)
    }

    @Test func `never puts an older keyring in place of a newer one`() async throws {
        let archive = try TestArchive.standard()
        let older = archive.files.clone()
        _ = try archive.addSlot()
        let vault = try await archive.vault()
        let ship = Ship(archiveAt: TestArchive.path, on: older, to: vault)
        #expect(await code { _ = try await ship.plan() } == .conflict)
    }

    @Test func `mends a damaged keyring in the vault`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip("keyring.json", at: 40)
        try await archive.shipAll(to: vault)
        #expect(try await vault.bytes("keyring.json") == archive.bytes("keyring.json"))
    }
}

@Suite struct `Shipping refuses` {
    @Test func `the vault of another archive`() async throws {
        let vault = try await TestArchive.make(counts: [1], seed: 9).vault()
        let archive = try TestArchive.standard()
        #expect(await code { _ = try await archive.ship(to: vault).plan() } == .foreign)
        try await vault.remove("vault.json")
        #expect(await code { _ = try await archive.ship(to: vault).plan() } == .foreign)
    }

    @Test func `a place that holds other things`() async throws {
        let store = MemoryStore()
        try await store.replace("letters/aunt.txt", [1])
        let archive = try TestArchive.standard()
        #expect(await code { _ = try await archive.ship(to: store).plan() } == .foreign)
    }

    @Test func `an object of the wrong length, and names it`() async throws {
        let archive = try TestArchive.standard()
        for name in archive.segmentNames + ["snapshots/\(archive.snapshots[0]).json"] {
            let vault = try await archive.vault()
            try await vault.replace(name, try await vault.bytes(name).dropLast())
            do {
                _ = try await archive.ship(to: vault).plan()
                Issue.record("\(name) was accepted")
            } catch {
                #expect(error.code == .integrity)
                #expect(error.message.contains(name))
            }
        }
    }

    @Test func `a damaged segment of its own, and nothing of it is seen in the vault`() async throws
    {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[1]
        archive.files.replaceBytes(
            of: TestArchive.path.pushing(FilePath(name)),
            at: 5_000,
            with: [0xff, 0xfe, 0xfd]
        )
        let store = MemoryStore()
        #expect(await code { try await archive.shipAll(to: store) } == .integrity)
        let names = try await store.names
        #expect(!names.contains(name))
        #expect(names.contains("snapshots/\(archive.snapshots[0]).json"))
        #expect(!names.contains("snapshots/\(archive.snapshots[1]).json"))
    }

    @Test func `a segment of its own that is missing or cut`() async throws {
        let archive = try TestArchive.standard()
        let path = TestArchive.path.pushing(FilePath(archive.segmentNames[0]))
        let bytes = try #require(archive.files.bytes(of: path))
        archive.files.replaceBytes(of: path, with: bytes.dropLast(8))
        #expect(await code { try await archive.shipAll(to: MemoryStore()) } == .integrity)
        try archive.files.remove(path)
        #expect(await code { try await archive.shipAll(to: MemoryStore()) } == .integrity)
    }

    @Test func `a vault in which the archive went on elsewhere`() async throws {
        let archive = try TestArchive.standard()
        let twin = TestArchive(
            files: archive.files.clone(),
            snapshots: archive.snapshots,
            publicKey: archive.publicKey,
            records: archive.records
        )
        for (place, name) in [(archive, "here"), (twin, "there")] {
            try place.change { engine in
                _ = try engine.commit([NewRecord(name: name, body: Array(name.utf8))])
                _ = try engine.snapshot(label: name)
            }
        }
        let vault = try await twin.vault()
        #expect(await code { _ = try await archive.ship(to: vault).plan() } == .conflict)
    }

    @Test func `what is not there`() async throws {
        let files = SimulatedFileSystem()
        let ship = Ship(archiveAt: "/nothing", on: files, to: MemoryStore())
        #expect(await code { _ = try await ship.plan() } == .notFound)
        let archive = try TestArchive.standard()
        let unknown = archive.ship(to: MemoryStore())
        #expect(
            await code { _ = try await unknown.plan(snapshot: "0123456789abcdef") } == .noSnapshot
        )
        let none = try TestArchive.make(counts: [])
        #expect(await code { _ = try await none.ship(to: MemoryStore()).plan() } == .noSnapshot)
    }

    @Test func `a damaged document of its own or of the vault`() async throws {
        let archive = try TestArchive.standard()
        for name in ["archive.json", "keyring.json", "snapshots/\(archive.snapshots[1]).json"] {
            let files = archive.files.clone()
            files.replaceBytes(of: TestArchive.path.pushing(FilePath(name)), at: 30, with: [0])
            let ship = Ship(archiveAt: TestArchive.path, on: files, to: MemoryStore())
            #expect(await code { _ = try await ship.plan() } == .integrity, "\(name)")
        }
        for name in ["archive.json", "vault.json"] {
            let vault = try await archive.vault()
            try await vault.flip(name, at: 2)
            #expect(await code { _ = try await archive.ship(to: vault).plan() } == .integrity)
        }
    }

    @Test func `a vault that is not mounted`() async throws {
        let archive = try TestArchive.standard()
        let store = DirectoryStore(at: "/mnt/vault", on: archive.files)
        #expect(await code { _ = try await archive.ship(to: store).plan() } == .unreachable)
    }
}
