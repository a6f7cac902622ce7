import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `Recovering from a damaged vault` {
    /// Spoils a vault with `spoil`; the recovery must name the object, make no archive, and end well
    /// once the vault is mended.
    private func check(
        _ kind: VaultFinding.Kind,
        of index: Int,
        _ spoil: (MemoryStore, [String]) async throws -> Void
    ) async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let whole = try await vault.bytes(archive.segmentNames[index])
        try await spoil(vault, archive.segmentNames)
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: vault, on: host)
        let result = try await recovery.run(to: "/b")
        #expect(!result.isComplete)
        #expect(result.findings.map(\.object) == [archive.segmentNames[index]])
        #expect(result.findings.map(\.kind) == [kind])
        #expect(result.fetchedSegmentCount == 2)
        #expect(!host.filePaths.contains("/b/archive.json"))
        #expect(!host.filePaths.map(\.string).contains { $0.hasSuffix(".part") })

        try await vault.replace(archive.segmentNames[index], whole)
        let again = try await recovery.run(to: "/b")
        #expect(again.isComplete)
        #expect(again.fetchedSegmentCount == 1 && again.presentSegmentCount == 2)
        #expect(try records(of: host, at: "/b").count == 9)
    }

    @Test(arguments: [0, 1, 2])
    func `names the segment that is missing`(index: Int) async throws {
        try await check(.missing, of: index) { try await $0.remove($1[index]) }
    }

    @Test(arguments: [0, 1, 2])
    func `names the segment that is cut`(index: Int) async throws {
        try await check(.damaged, of: index) { vault, names in
            try await vault.replace(names[index], try await vault.bytes(names[index]).dropLast())
        }
    }

    @Test(arguments: [0, 1, 2])
    func `names the segment with a flipped bit`(index: Int) async throws {
        try await check(.damaged, of: index) { try await $0.flip($1[index], at: 4_321) }
    }

    @Test func `names both segments that were swapped`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let names = archive.segmentNames
        let first = try await vault.bytes(names[0])
        try await vault.replace(names[0], try await vault.bytes(names[1]))
        try await vault.replace(names[1], first)
        let result = try await recovery(from: vault, on: SimulatedFileSystem()).run(to: "/b")
        #expect(!result.isComplete)
        #expect(result.findings.map(\.object) == Array(names.prefix(2)))
    }

    @Test func `names the segment that cannot be read, if the vault still answers`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let bad = archive.segmentNames[1]
        vault.fail { call, _ in call == .read(bad) ? VaultError(.unreachable, "bad sector") : nil }
        let result = try await recovery(from: vault, on: SimulatedFileSystem()).run(to: "/b")
        #expect(result.findings.map(\.kind) == [.unreadable])
        #expect(result.findings.map(\.object) == [bad])
    }

    @Test func `stops if the vault goes away meanwhile`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: vault, on: host)
        let first = archive.segmentNames[1]
        let isGone = Mutex(false)
        vault.fail { call, _ in
            isGone.withLock { isGone in
                if call == .read(first) { isGone = true }
                return isGone ? VaultError(.unreachable, "gone") : nil
            }
        }
        #expect(await code { _ = try await recovery.run(to: "/b") } == .unreachable)
        vault.fail(nil)
        #expect(try await recovery.run(to: "/b").isComplete)
    }

    @Test func `takes the newest snapshot that is whole, and names the one that is not`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let newest = "snapshots/\(archive.snapshots[2]).json"
        try await vault.flip(newest, at: 100)
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).run(to: "/b")
        #expect(result.isComplete)
        #expect(result.snapshot == archive.snapshots[1])
        #expect(result.findings.map(\.object) == [newest])
        let named = try recovery(from: vault, on: host)
        let id = archive.snapshots[2]
        #expect(await code { _ = try await named.run(to: "/c", snapshot: id) } == .integrity)
    }

    @Test func `says so if no snapshot is whole`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        for id in archive.snapshots { try await vault.flip("snapshots/\(id).json", at: 9) }
        let recovery = try recovery(from: vault, on: SimulatedFileSystem())
        #expect(await code { _ = try await recovery.run(to: "/b") } == .integrity)
    }

    @Test func `does not need vault.json`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip("vault.json", at: 1)
        #expect(
            try await recovery(from: vault, on: SimulatedFileSystem()).run(to: "/b").isComplete
        )
    }
}
