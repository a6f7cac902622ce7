import ArchiveFormat
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `Following an archive` {
    private func follow(_ archive: TestArchive, _ store: any ObjectStore) -> Follow {
        Follow(archiveAt: TestArchive.path, on: archive.files, to: store)
    }

    private func put(_ engine: Engine, _ name: String, byteCount: Int = 500) throws {
        var generator = SeededGenerator(seed: UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }))
        _ = try engine.commit([NewRecord(name: name, body: generator.bytes(byteCount))])
    }

    private func parts(_ vault: any ObjectStore) async throws -> [String] {
        try await vault.names.filter { $0.hasPrefix("parts/") }
    }

    private func recovered(_ vault: any ObjectStore) async throws -> Set<String> {
        let target = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: target).run(to: "/recovered")
        #expect(result.isComplete && result.findings.isEmpty, "\(result.findings)")
        return Set(try records(of: target, at: "/recovered").keys)
    }

    @Test func `brings back each commit that a step has sent, and none that it has not`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let follow = follow(archive, vault)
        let first = try await follow.step()
        #expect(first.snapshots == archive.snapshots)
        #expect(first.commit == nil)
        let known = try await recovered(vault)
        let engine = try Engine.open(try TestArchive.address(archive.files))
        var names = known
        for number in 0..<9 {
            try put(engine, "new/\(number)")
            let before = try await recovered(vault)
            #expect(before == names)
            let step = try await follow.step()
            #expect(step.objectCount == 1 && step.commit != nil)
            names.insert("new/\(number)")
            let after = try await recovered(vault)
            #expect(after == names)
            #expect(try await follow.step().objectCount == 0)
        }
        // Nine steps, and yet few parts.
        #expect(try await parts(vault).count <= 4)
        try engine.close()
    }

    @Test func `goes on where another run has stopped, and sends nothing twice`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let engine = try Engine.open(try TestArchive.address(archive.files))
        try put(engine, "a", byteCount: 20_000)
        _ = try await follow(archive, vault).step()
        #expect(try await follow(archive, vault).step().objectCount == 0)
        try put(engine, "b", byteCount: 100)
        let step = try await follow(archive, vault).step()
        #expect(step.objectCount == 1 && step.byteCount < 5_000)
        let names = try await recovered(vault)
        #expect(names.isSuperset(of: ["a", "b"]))
        try engine.close()
    }

    @Test func `sends segments that were sealed without a snapshot`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let follow = follow(archive, vault)
        let engine = try Engine.open(try TestArchive.address(archive.files))
        var names: Set<String> = []
        // A segment has 64 KiB here.
        for number in 0..<12 {
            try put(engine, "large/\(number)", byteCount: 20_000)
            names.insert("large/\(number)")
            _ = try await follow.step()
            #expect(try await recovered(vault).isSuperset(of: names))
        }
        let sealed = try await vault.list(prefix: "segments/").count
        #expect(sealed > 4)
        // Only of the last segment are there parts.
        let stems = Set(try await parts(vault).map { $0.prefix(22) })
        #expect(stems.count == 1)
        // A machine that restarts finds them there.
        #expect(try await self.follow(archive, vault).step().objectCount == 0)
        try engine.close()
    }

    @Test func `leaves no part behind once a snapshot has all of it`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let follow = follow(archive, vault)
        let engine = try Engine.open(try TestArchive.address(archive.files))
        try put(engine, "a")
        _ = try await follow.step()
        #expect(try await parts(vault).count == 1)
        let id = try engine.snapshot(label: "").id
        let step = try await follow.step()
        #expect(step.snapshots == [id])
        #expect(try await parts(vault).isEmpty)
        #expect(try await recovered(vault).contains("a"))
        try engine.close()
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        let report = try await verification.run()
        #expect(report.isSound && report.notes.isEmpty)
    }

    @Test func `is no damage to whoever verifies`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let engine = try Engine.open(try TestArchive.address(archive.files))
        for number in 0..<6 { try put(engine, "large/\(number)", byteCount: 20_000) }
        _ = try await follow(archive, vault).step()
        try engine.close()
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        #expect(try await verification.run().isSound)
        #expect(try await archive.ship(to: vault).plan().isEmpty)
    }

    @Test func `leaves out what was changed in the vault, and all behind it`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let follow = follow(archive, vault)
        let engine = try Engine.open(try TestArchive.address(archive.files))
        for number in 0..<2 {
            // The second is shorter, and so stays a part of its own.
            try put(engine, "new/\(number)", byteCount: 9_000 / (number * 8 + 1))
            _ = try await follow.step()
        }
        try engine.close()
        let names = try await parts(vault)
        #expect(names.count == 2)
        for (index, name) in names.enumerated() {
            let whole = try await vault.bytes(name)
            for offset in stride(from: 0, to: whole.count, by: 397) {
                try await vault.flip(name, at: offset, bit: offset % 8)
                let target = SimulatedFileSystem()
                let result = try await recovery(from: vault, on: target).run(to: "/recovered")
                #expect(result.isComplete)
                let found = try records(of: target, at: "/recovered")
                #expect(found.keys.contains("new/0") == (index == 1), "\(name), byte \(offset)")
                #expect(!found.keys.contains("new/1"))
                #expect(result.findings.map(\.object) == [name])
                try await vault.replace(name, whole)
            }
        }
    }

    @Test func `is not mixed up with another history`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let back = archive.files.clone()
        try archive.change { try put($0, "a") }
        // Open and not sealed: the part is of a segment that goes on.
        _ = try await follow(archive, vault).step()
        let other = Follow(archiveAt: TestArchive.path, on: back, to: vault)
        let failure = await code { _ = try await other.step() }
        #expect(failure == .conflict)
    }

    @Test func `is recovered to a snapshot without what is behind it, if that is asked for`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        let engine = try Engine.open(try TestArchive.address(archive.files))
        try put(engine, "new")
        _ = try await follow(archive, vault).step()
        try engine.close()
        let last = try #require(archive.snapshots.last)
        let target = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: target).run(
            to: "/recovered",
            snapshot: last
        )
        #expect(result.isComplete && result.followedCommitCount == 0)
        #expect(try !records(of: target, at: "/recovered").keys.contains("new"))
    }

    @Test func `ends right wherever it is stopped`() async throws {
        let archive = try TestArchive.standard()
        let engine = try Engine.open(try TestArchive.address(archive.files))
        for number in 0..<5 { try put(engine, "large/\(number)", byteCount: 20_000) }
        for number in 1...9 {
            for takesEffect in [false, true] {
                let vault = MemoryStore()
                let watched = WatchedStore(vault)
                watched.fail(atPut: number, takingEffect: takesEffect)
                _ = try? await follow(archive, watched).step()
                watched.fail(nil)
                _ = try await follow(archive, watched).step()
                #expect(try await recovered(vault).contains("large/4"))
            }
        }
        try engine.close()
    }

    @Test func `goes on behind a vault that was away, and ends when it is told to`() async throws {
        let archive = try TestArchive.standard()
        let watched = WatchedStore(MemoryStore())
        let heard = Mutex<[Bool]>([])
        watched.fail(atPut: 2, takingEffect: false)
        let follow = follow(archive, watched)
        let task = Task {
            try await follow.run(every: .milliseconds(1)) { result in
                heard.withLock { heard in
                    if case .success = result { heard.append(true) } else { heard.append(false) }
                    if heard.count == 3 { watched.fail(nil) }
                }
            }
        }
        while !heard.withLock({ $0.contains(true) }) { await Task.yield() }
        task.cancel()
        try await task.value
        #expect(heard.withLock { $0.prefix(3) } == [false, false, false])
        #expect(try await recovered(watched).count == 9)
    }

    @Test func `ends with what trying again does not mend`() async throws {
        let archive = try TestArchive.standard()
        let vault = MemoryStore()
        try await TestArchive.make(counts: [1], seed: 9).shipAll(to: vault)
        let follow = follow(archive, vault)
        let failure = await code { try await follow.run(every: .seconds(1)) { _ in } }
        #expect(failure == .foreign)
    }
}
