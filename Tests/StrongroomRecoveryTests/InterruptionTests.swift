import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `An interrupted shipping` {
    @Test(arguments: [false, true])
    func `goes on after every object, and sends no complete one again`(
        takingEffect: Bool
    ) async throws {
        let archive = try TestArchive.standard()
        let whole = try await archive.vault()
        let names = try await whole.names
        for number in 1...names.count {
            let memory = MemoryStore()
            let vault = WatchedStore(memory)
            vault.fail(atPut: number, takingEffect: takingEffect)
            #expect(await code { try await archive.shipAll(to: vault) } == .unreachable)
            let complete = try await memory.names
            #expect(complete.count == (takingEffect ? number : number - 1))

            vault.fail(nil)
            try await archive.shipAll(to: vault)
            #expect(Set(vault.puts).isDisjoint(with: complete))
            #expect(try await memory.names == names)
            for name in names {
                #expect(try await memory.bytes(name) == (try await whole.bytes(name)), "\(name)")
            }
        }
    }

    /// Ends the vault's power at each of its changes in turn.
    @Test(arguments: [CrashMode.dropAllUnsynced, .keepAll, .seeded(7)])
    func `goes on after every change of the vault's disk`(mode: CrashMode) async throws {
        let archive = try TestArchive.tiny()
        let whole = try await archive.vault()
        let names = try await whole.names
        let empty = SimulatedFileSystem()
        try await DirectoryStore(at: "/vault", on: empty).create()
        let trial = empty.clone()
        try await archive.shipAll(to: DirectoryStore(at: "/vault", on: trial, parallelism: 1))
        #expect(trial.changeCount > 3 * names.count)

        for change in 1...trial.changeCount {
            let disk = empty.clone()
            disk.crash(atChange: change)
            let dying = DirectoryStore(at: "/vault", on: disk, parallelism: 1)
            #expect(await code { try await archive.shipAll(to: dying) } != nil, "change \(change)")

            let restarted = disk.afterCrash(mode)
            let vault = WatchedStore(DirectoryStore(at: "/vault", on: restarted, parallelism: 1))
            let complete = try await vault.names
            try await checkSnapshots(in: vault, of: archive)
            try await archive.shipAll(to: vault)
            #expect(Set(vault.puts).isDisjoint(with: complete), "change \(change)")
            #expect(try await vault.names == names, "change \(change)")
            for name in names {
                #expect(try await vault.bytes(name) == (try await whole.bytes(name)), "\(name)")
            }
        }
    }

    /// A manifest that is there has all its segments.
    private func checkSnapshots(
        in vault: WatchedStore,
        of archive: TestArchive
    ) async throws {
        let names = Set(try await vault.names)
        for (index, id) in archive.snapshots.enumerated()
        where names.contains("snapshots/\(id).json") {
            #expect(names.isSuperset(of: archive.segmentNames.prefix(index + 1)))
        }
    }
}

@Suite struct `An interrupted recovery` {
    @Test func `goes on after every piece that the vault did not give`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let trial = SimulatedFileSystem()
        _ = try await recovery(from: vault, on: trial).run(to: "/b")
        let readCount = vault.reads.count
        for number in 1...readCount {
            let host = SimulatedFileSystem()
            let recovery = try recovery(from: vault, on: host)
            vault.fail(atRead: number)
            #expect(await code { _ = try await recovery.run(to: "/b") } == .unreachable)
            #expect(!host.filePaths.contains("/b/archive.json"))
            let fetched = host.filePaths.map(\.string).filter { $0.hasSuffix(".seg") }
                .map { String($0.dropFirst(3)) }

            vault.fail(nil)
            let result = try await recovery.run(to: "/b")
            #expect(result.isComplete)
            #expect(result.presentSegmentCount == fetched.count)
            #expect(Set(vault.reads).isDisjoint(with: fetched))
        }
    }

    /// Ends the new host's power at each of its changes in turn.
    @Test(arguments: [CrashMode.dropAllUnsynced, .keepAll, .seeded(3)])
    func `goes on after every change of the new host's disk`(mode: CrashMode) async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        let trial = SimulatedFileSystem()
        _ = try await recovery(from: vault, on: trial).run(to: "/b")
        let expected = try #require(archive.records[archive.snapshots[0]])

        for change in 1...trial.changeCount {
            let disk = SimulatedFileSystem()
            disk.crash(atChange: change)
            let dying = try recovery(from: vault, on: disk)
            let failure = await code { _ = try await dying.run(to: "/b") }
            #expect(failure == .system, "change \(change)")

            let host = disk.afterCrash(mode)
            if host.filePaths.contains("/b/recovery.json") || !host.isArchive {
                let result = try await recovery(from: vault, on: host).run(to: "/b")
                #expect(result.isComplete, "change \(change)")
            } else {
                // The last step was done: it is an archive, and opening it makes its index.
                let engine = try Engine.open(try TestArchive.address(host, "/b"))
                try engine.close()
            }
            let found = try records(of: host, at: "/b")
            #expect(found.count == expected.count, "change \(change)")
            for (name, body) in expected { #expect(found[name] == body, "change \(change)") }
        }
    }
}

extension SimulatedFileSystem {
    fileprivate var isArchive: Bool { filePaths.contains("/b/archive.json") }
}
