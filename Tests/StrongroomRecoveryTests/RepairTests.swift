import ArchiveBytes
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `Repairing` {
    /// Spoils an object of a vault; repair must find it, mend it from another vault, and keep the
    /// damaged bytes.
    private func check(
        _ name: String,
        _ kind: VaultFinding.Kind,
        in archive: TestArchive,
        _ spoil: (MemoryStore) async throws -> Void
    ) async throws -> RepairResult {
        let vault = try await archive.vault()
        let other = try await archive.vault()
        let whole = try await vault.bytes(name)
        try await spoil(vault)
        let damaged = try? await vault.bytes(name)
        let repair = try Repair(of: vault, from: [other])
        let plan = try await repair.plan()
        #expect(plan.steps.map(\.name) == [name] && plan.hopeless.isEmpty)
        #expect(plan.steps.map(\.kind) == [kind])
        let result = try await repair.carryOut(plan)
        #expect(result.findings.isEmpty)
        #expect(try await vault.bytes(name) == whole)
        let kept = try #require(result.mended.first).quarantine
        if let damaged {
            #expect(try await vault.bytes(try #require(kept)) == damaged)
        } else {
            #expect(kept == nil)
        }
        #expect(try await repair.plan().isSound)
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        #expect(try await verification.run().isSound)
        return result
    }

    @Test(arguments: [0, 1, 2])
    func `brings back a segment that is missing`(index: Int) async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[index]
        let result = try await check(name, .missing, in: archive) { try await $0.remove(name) }
        #expect(result.mended.map(\.ranges) == [nil])
    }

    @Test(arguments: [100, 4_096, 4_200, 5_000, 5_400])
    func `fetches only the part that has a flipped bit`(offset: Int) async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[2]
        let result = try await check(name, .damaged, in: archive) { vault in
            try await vault.flip(name, at: offset)
        }
        let mend = try #require(result.mended.first)
        #expect(mend.ranges?.count == 1)
        let byteCount = try #require(archive.bytes(name)).count
        #expect(mend.fetchedByteCount < byteCount)
        #expect(mend.ranges?.first?.contains(UInt64(offset)) == true)
    }

    @Test func `mends the seal and the trailer`() async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[1]
        let byteCount = try #require(archive.bytes(name)).count
        for offset in [byteCount - 1, byteCount - 300] {
            let result = try await check(name, .damaged, in: archive) { vault in
                try await vault.flip(name, at: offset)
            }
            #expect(result.mended.first?.ranges?.count == 1)
        }
    }

    @Test func `mends a segment that was cut, or has bytes behind its end`() async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[1]
        let cut = try await check(name, .damaged, in: archive) { vault in
            try await vault.replace(name, Array(try await vault.bytes(name).prefix(4_500)))
        }
        #expect(cut.mended.first?.ranges != nil)
        _ = try await check(name, .damaged, in: archive) { vault in
            try await vault.replace(name, try await vault.bytes(name) + [0, 1, 2])
        }
        _ = try await check(name, .damaged, in: archive) { try await $0.replace(name, []) }
    }

    @Test func `brings back documents, the keyring and snapshots`() async throws {
        let archive = try TestArchive.standard()
        let manifest = "snapshots/\(archive.snapshots[1]).json"
        for name in ["keyring.json", manifest] {
            _ = try await check(name, .missing, in: archive) { try await $0.remove(name) }
            _ = try await check(name, .damaged, in: archive) { try await $0.replace(name, [1]) }
        }
    }

    @Test func `takes each part from a source that has it whole`() async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[2]
        let vault = try await archive.vault()
        let (first, second) = (try await archive.vault(), try await archive.vault())
        let whole = try await vault.bytes(name)
        // Commits of the third segment begin at 4,096; its seal ends it.
        try await vault.flip(name, at: 4_200)
        try await vault.flip(name, at: whole.count - 5)
        try await first.flip(name, at: 4_200)
        try await second.flip(name, at: whole.count - 5)
        let repair = try Repair(of: vault, from: [first, second])
        let result = try await repair.carryOut(try await repair.plan())
        #expect(result.mended.first?.ranges?.count == 2)
        #expect(try await vault.bytes(name) == whole)
    }

    @Test func `says what no source has, and leaves it as it is`() async throws {
        let archive = try TestArchive.standard()
        let name = archive.segmentNames[0]
        let (vault, other) = (try await archive.vault(), try await archive.vault())
        try await vault.flip(name, at: 4_200)
        try await other.flip(name, at: 4_201)
        let damaged = try await vault.bytes(name)
        let repair = try Repair(of: vault, from: [other])
        let result = try await repair.carryOut(try await repair.plan())
        #expect(result.mended.isEmpty)
        #expect(result.findings.map(\.object) == [name])
        #expect(try await vault.bytes(name) == damaged)
        try await other.remove(name)
        let plan = try await repair.plan()
        #expect(plan.steps.isEmpty && plan.hopeless.map(\.object) == [name])
    }

    @Test func `mends an archive from a vault, and a vault from an archive`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let own = DirectoryStore(at: TestArchive.path, on: archive.files)
        let names = archive.segmentNames
        let whole = try names.map { try #require(archive.bytes($0)) }
        try await own.flip(names[0], at: 4_300)
        try await own.remove(names[1])
        try await vault.remove(names[2])
        try await vault.flip("snapshots/\(archive.snapshots[0]).json", at: 30)
        for (store, source) in [(own as any ObjectStore, vault as any ObjectStore), (vault, own)] {
            let repair = try Repair(of: store, from: [source])
            let result = try await repair.carryOut(try await repair.plan())
            #expect(result.mended.count == 2 && result.findings.isEmpty)
        }
        #expect(names.map { archive.bytes($0) } == whole)
        let engine = try Engine.openForReading(try TestArchive.address(archive.files))
        #expect(try engine.verify().isSound)
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        #expect(try await verification.run().isSound)
    }

    @Test func `changes nothing while it plans`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        try await vault.remove(archive.segmentNames[0])
        vault.fail(nil)
        _ = try await Repair(of: vault, from: [try await archive.vault()]).plan()
        #expect(vault.puts.isEmpty)
    }

    @Test func `ends right after a stop at every put`() async throws {
        let archive = try TestArchive.standard()
        let names = archive.segmentNames
        let source = try await archive.vault()
        for takesEffect in [false, true] {
            for number in 1...5 {
                let vault = WatchedStore(try await archive.vault())
                try await vault.remove(names[0])
                try await vault.flip(names[1], at: 4_300)
                try await vault.flip("keyring.json", at: 0)
                let repair = try Repair(of: vault, from: [source])
                let plan = try await repair.plan()
                vault.fail(atPut: number, takingEffect: takesEffect)
                _ = await code { _ = try await repair.carryOut(plan) }
                vault.fail(nil)
                let result = try await repair.carryOut(try await repair.plan())
                #expect(result.findings.isEmpty)
                for name in names + ["keyring.json"] {
                    #expect(try await vault.bytes(name) == archive.bytes(name))
                }
            }
        }
    }

    @Test func `mends whatever was spoilt at random from what is whole elsewhere`() async throws {
        var generator = SeededGenerator(seed: 31)
        let archive = try TestArchive.standard()
        for _ in 0..<12 {
            let vaults = [try await archive.vault(), try await archive.vault()]
            // An object is spoilt in one vault at most, so that the other has it.
            let names = try await vaults[0].names.filter {
                $0 != "archive.json" && $0 != "vault.json"
            }
            for name in names where generator.next() % 2 == 0 {
                let vault = vaults[Int(generator.next() % 2)]
                let bytes = try await vault.bytes(name)
                let offset = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: try await vault.remove(name)
                case 1: try await vault.replace(name, Array(bytes.prefix(offset)))
                default: try await vault.flip(name, at: offset, bit: Int(generator.next() % 8))
                }
            }
            for (store, source) in [(vaults[0], vaults[1]), (vaults[1], vaults[0])] {
                let repair = try Repair(of: store, from: [source])
                let result = try await repair.carryOut(try await repair.plan())
                #expect(result.findings.isEmpty)
                let verification = try VaultVerification(of: store, publicKey: archive.publicKey)
                #expect(try await verification.run().isSound)
            }
        }
    }
}

@Suite struct `Repairing refuses` {
    @Test func `another archive's copy`() async throws {
        let archive = try TestArchive.standard()
        let other = try TestArchive.make(counts: [1], seed: 9)
        let repair = try Repair(of: try await archive.vault(), from: [try await other.vault()])
        #expect(await code { _ = try await repair.plan() } == .foreign)
    }

    @Test func `an empty place`() async throws {
        let archive = try TestArchive.tiny()
        let repair = try Repair(of: MemoryStore(), from: [try await archive.vault()])
        #expect(await code { _ = try await repair.plan() } == .notFound)
    }

    @Test func `to learn from a source whom to trust`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        let source = try await archive.vault()
        try await vault.flip("archive.json", at: 40)
        let blind = try Repair(of: vault, from: [source])
        #expect(await code { _ = try await blind.plan() } == .invalid)
        let repair = try Repair(of: vault, from: [source], publicKey: archive.publicKey)
        let result = try await repair.carryOut(try await repair.plan())
        #expect(result.mended.map(\.name) == ["archive.json"])
        #expect(try await vault.bytes("archive.json") == archive.bytes("archive.json"))
        let wrong = try Repair(
            of: vault,
            from: [source],
            publicKey: String(repeating: "0", count: 64)
        )
        #expect(await code { _ = try await wrong.plan() } == .invalid)
        #expect(await code { _ = try Repair(of: vault, from: [], publicKey: "12") } == .invalid)
    }

    @Test func `to put a keyring into a vault that is to have none`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault(keyring: .apart)
        let repair = try Repair(of: vault, from: [try await archive.vault()])
        #expect(try await repair.plan().isSound)
    }

    @Test func `a copy whose history went another way`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let twin = archive.files.clone()
        for (files, body) in [(archive.files, [1]), (twin, [2])] as [(SimulatedFileSystem, [UInt8])]
        {
            let engine = try Engine.open(try TestArchive.address(files))
            _ = try engine.commit([NewRecord(name: "x", body: body)])
            _ = try engine.snapshot(label: "")
            try engine.close()
        }
        try await archive.shipAll(to: vault)
        let other = MemoryStore()
        let ship = Ship(archiveAt: TestArchive.path, on: twin, to: other)
        try await ship.carryOut(try await ship.plan())
        let repair = try Repair(of: vault, from: [other])
        #expect(await code { _ = try await repair.plan() } == .conflict)
    }

    @Test func `a vault that does not answer`() async throws {
        let archive = try TestArchive.tiny()
        let vault = WatchedStore(try await archive.vault())
        let repair = try Repair(of: vault, from: [try await archive.vault()])
        vault.fail { call, number in
            if number > 12, case .read = call { VaultError(.unreachable, "gone") } else { nil }
        }
        let found = await code { _ = try await repair.plan() }
        #expect(found == nil || found == .unreachable)
        vault.fail { _, _ in VaultError(.unreachable, "gone") }
        #expect(await code { _ = try await repair.plan() } == .unreachable)
    }
}

@Suite struct `Copying a vault` {
    @Test func `makes one that has the same objects`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let other = MemoryStore()
        let copy = Ship(copying: vault, to: other)
        let result = try await copy.carryOut(try await copy.plan())
        #expect(result.snapshots == archive.snapshots)
        #expect(try await other.names == vault.names)
        for name in try await vault.names {
            #expect(try await other.bytes(name) == vault.bytes(name))
        }
        #expect(try await copy.plan().isEmpty)
    }

    @Test func `keeps the keyring apart where it was`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault(keyring: .apart)
        let other = MemoryStore()
        let copy = Ship(copying: vault, to: other)
        try await copy.carryOut(try await copy.plan())
        #expect(try await other.names == vault.names)
        #expect(
            await code {
                _ = try await Ship(copying: vault, to: MemoryStore())
                    .plan(keyring: .within)
            } == .conflict
        )
        let full = try await archive.vault()
        #expect(await code { _ = try await Ship(copying: vault, to: full).plan() } == .conflict)
    }

    @Test func `never copies damage`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip(archive.segmentNames[1], at: 4_300)
        let other = MemoryStore()
        let copy = Ship(copying: vault, to: other, parallelism: 1)
        let plan = try await copy.plan()
        #expect(await code { _ = try await copy.carryOut(plan) } == .integrity)
        #expect(!(try await other.names.contains(archive.segmentNames[1])))
        #expect(!(try await other.names.contains("snapshots/\(archive.snapshots[2]).json")))
    }

    @Test func `says that a vault is away`() async throws {
        let archive = try TestArchive.tiny()
        let vault = WatchedStore(try await archive.vault())
        vault.fail { _, _ in VaultError(.unreachable, "gone") }
        let copy = Ship(copying: vault, to: MemoryStore())
        #expect(await code { _ = try await copy.plan() } == .unreachable)
    }
}
