import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `Recovering` {
    @Test func `brings every record back, from the vault and a passphrase alone`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).run(to: "/new/place")
        #expect(result.isComplete)
        #expect(result.findings.isEmpty)
        #expect(result.snapshot == archive.snapshots[2])
        #expect(result.fetchedSegmentCount == 3 && result.presentSegmentCount == 0)
        #expect(result.publicKey == archive.publicKey)
        #expect(result.timeToFirstRecord != nil)
        let found = try records(of: host, at: "/new/place")
        let expected = try #require(archive.records[result.snapshot])
        #expect(found.count == expected.count)
        for (name, body) in expected { #expect(found[name] == body, "\(name)") }
    }

    @Test func `makes an archive of the same files, with a head, a lock and nothing left over`()
        async throws
    {
        let archive = try TestArchive.standard()
        let host = SimulatedFileSystem()
        _ = try await recovery(from: try await archive.vault(), on: host).run(to: "/b")
        let names = host.filePaths.map { String($0.string.dropFirst("/b/".count)) }
        let same = archive.segmentNames + archive.snapshots.map { "snapshots/\($0).json" }
        #expect(
            names
                == (same + ["archive.json", "head", "index/records.btree", "keyring.json", "lock"])
                .sorted()
        )
        for name in same + ["archive.json", "keyring.json"] {
            #expect(host.bytes(of: FilePath("/b/\(name)")) == archive.bytes(name), "\(name)")
            #expect(host.durableBytes(of: FilePath("/b/\(name)")) == archive.bytes(name), "\(name)")
        }
    }

    @Test func `makes an archive that goes on, ships and recovers again`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        _ = try await recovery(from: vault, on: host).run(to: TestArchive.path)
        let next = TestArchive(
            files: host,
            snapshots: [],
            publicKey: archive.publicKey,
            records: [:]
        )
        try next.change { engine in
            _ = try engine.commit([NewRecord(name: "after", body: [7])])
            _ = try engine.snapshot(label: "after")
        }
        #expect(try await next.shipAll(to: vault).snapshots.count == 1)
        let third = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: third).run(to: "/c")
        #expect(result.isComplete)
        #expect(try records(of: third, at: "/c")["after"] == [7])
    }

    @Test(arguments: [0, 1, 2])
    func `brings back the state of a named snapshot, with the snapshots before it`(
        index: Int
    ) async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let id = archive.snapshots[index]
        let result = try await recovery(from: vault, on: host).run(to: "/b", snapshot: id)
        #expect(result.snapshot == id)
        let expected = try #require(archive.records[id])
        #expect(try records(of: host, at: "/b").count == expected.count)
        #expect(result.recordCount >= expected.count)
        let manifests = host.filePaths.filter { $0.string.hasPrefix("/b/snapshots/") }
        #expect(manifests.count == index + 1)
    }

    @Test func `brings back bodies that are in chunks`() async throws {
        let archive = try TestArchive.make(counts: [1], largeBody: true)
        let host = SimulatedFileSystem()
        let result = try await recovery(from: try await archive.vault(), on: host).run(to: "/b")
        let expected = try #require(archive.records[result.snapshot])
        let found = try records(of: host, at: "/b")
        for (name, body) in expected { #expect(found[name] == body, "\(name)") }
    }

    @Test func `takes the keyring that is kept apart`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault(keyring: .apart)
        let host = SimulatedFileSystem()
        let keyring = try #require(archive.bytes("keyring.json"))
        let without = try recovery(from: vault, on: host)
        #expect(await code { _ = try await without.run(to: "/b") } == .keyringMissing)
        #expect(host.filePaths.isEmpty)
        let result = try await recovery(from: vault, on: host, keyring: keyring).run(to: "/b")
        #expect(result.isComplete)
        #expect(host.bytes(of: "/b/keyring.json") == keyring)
    }

    @Test func `tells its progress up to the end`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let heard = Mutex<[RecoveryProgress]>([])
        let recovery = try recovery(from: vault, on: SimulatedFileSystem())
        let result = try await recovery.run(to: "/b") { progress in
            heard.withLock { $0.append(progress) }
        }
        let fetching = heard.withLock { $0 }.filter { $0.phase == .fetching }
        let last = try #require(fetching.last)
        #expect(last.doneByteCount == result.fetchedByteCount)
        #expect(last.byteCount == result.fetchedByteCount)
        #expect(last.doneObjectCount == 3 && last.objectCount == 3)
        #expect(heard.withLock { $0.last?.phase } == .indexing)
    }

    @Test func `measures with the clock that it is given`() async throws {
        let archive = try TestArchive.standard()
        let ticks = Mutex<Int64>(0)
        let clock = RecoveryClock(
            measuring: TickingClock {
                ticks.withLock {
                    $0 += 1
                    return $0
                }
            },
            now: { 0 }
        )
        let recovery = Recovery(
            from: try await archive.vault(),
            unlocking: VaultKeys(try TestArchive.key()),
            on: SimulatedFileSystem(),
            configuration: TestArchive.configuration,
            clock: clock
        )
        let result = try await recovery.run(to: "/b")
        #expect(result.timeToVerified == .seconds(1))
        #expect(result.timeToFirstRecord == .seconds(2))
        #expect(result.duration == .seconds(3))
    }
}

@Suite struct `Recovering refuses` {
    @Test func `a wrong passphrase, before anything is fetched or written`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: vault, on: host, passphrase: "wrong")
        #expect(await code { _ = try await recovery.run(to: "/b") } == .wrongKey)
        #expect(host.filePaths.isEmpty)
        #expect(!vault.reads.contains { $0.hasPrefix("segments/") })
    }

    @Test func `a place that holds an archive or anything else`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let before = archive.files.filePaths
        let onto = try recovery(from: vault, on: archive.files)
        #expect(await code { _ = try await onto.run(to: TestArchive.path) } == .alreadyExists)
        #expect(archive.files.filePaths == before)
        let host = SimulatedFileSystem()
        try host.makeDirectory("/b")
        host.replaceBytes(of: "/b/letter", with: [1])
        let beside = try recovery(from: vault, on: host)
        #expect(await code { _ = try await beside.run(to: "/b") } == .alreadyExists)
        #expect(host.filePaths == ["/b/letter"])
    }

    @Test func `an interrupted recovery of another snapshot`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        vault.fail { call, _ in
            call == .read(archive.segmentNames[1]) ? VaultError(.cancelled, "stop") : nil
        }
        let recovery = try recovery(from: vault, on: host)
        #expect(await code { _ = try await recovery.run(to: "/b") } == .cancelled)
        vault.fail(nil)
        let other = archive.snapshots[0]
        #expect(
            await code { _ = try await recovery.run(to: "/b", snapshot: other) } == .alreadyExists
        )
        #expect(try await recovery.run(to: "/b").isComplete)
    }

    @Test func `a damaged note of an interrupted recovery`() async throws {
        let archive = try TestArchive.standard()
        let host = SimulatedFileSystem()
        try host.makeDirectory("/b")
        host.replaceBytes(of: "/b/recovery.json", with: Array("{}".utf8))
        let recovery = try recovery(from: try await archive.vault(), on: host)
        #expect(await code { _ = try await recovery.run(to: "/b") } == .alreadyExists)
    }

    @Test func `a place where another process recovers`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        vault.fail { call, _ in
            call == .read(archive.segmentNames[0]) ? VaultError(.cancelled, "stop") : nil
        }
        let recovery = try recovery(from: vault, on: host)
        #expect(await code { _ = try await recovery.run(to: "/b") } == .cancelled)
        vault.fail(nil)
        let lock = try host.open("/b/lock", .readWrite)
        #expect(try lock.tryLock(byte: 0, exclusively: true))
        #expect(await code { _ = try await recovery.run(to: "/b") } == .locked)
        try lock.close()
        #expect(try await recovery.run(to: "/b").isComplete)
    }

    @Test func `an empty vault, and one without a snapshot`() async throws {
        let host = SimulatedFileSystem()
        let empty = try recovery(from: MemoryStore(), on: host)
        #expect(await code { _ = try await empty.run(to: "/b") } == .notFound)
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let unknown = try recovery(from: vault, on: host)
        #expect(
            await code { _ = try await unknown.run(to: "/b", snapshot: "0123456789abcdef") }
                == .noSnapshot
        )
        for id in archive.snapshots { try await vault.remove("snapshots/\(id).json") }
        let none = try recovery(from: vault, on: host)
        #expect(await code { _ = try await none.run(to: "/b") } == .noSnapshot)
    }

    @Test func `a keyring of another archive`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let other = try TestArchive.make(counts: [1], seed: 5)
        let recovery = try recovery(
            from: vault,
            on: SimulatedFileSystem(),
            keyring: other.bytes("keyring.json")
        )
        #expect(await code { _ = try await recovery.run(to: "/b") } == .foreign)
    }

    @Test func `a vault whose small documents are damaged or missing`() async throws {
        let archive = try TestArchive.standard()
        for name in ["archive.json", "keyring.json"] {
            let damaged = try await archive.vault()
            try await damaged.flip(name, at: 50)
            let first = try recovery(from: damaged, on: SimulatedFileSystem())
            #expect(await code { _ = try await first.run(to: "/b") } == .integrity)
            let missing = try await archive.vault()
            try await missing.remove(name)
            let second = try recovery(from: missing, on: SimulatedFileSystem())
            #expect(await code { _ = try await second.run(to: "/b") } == .integrity)
        }
    }

    @Test func `a disk that is too small, at once`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        host.limitGrowth(to: 20_000)
        let recovery = try recovery(from: vault, on: host)
        #expect(await code { _ = try await recovery.run(to: "/b") } == .full)
        #expect(!vault.reads.contains { $0.hasPrefix("segments/") })
        host.limitGrowth(to: 1 << 30)
        #expect(try await recovery.run(to: "/b").isComplete)
    }

    @Test func `a vault that does not answer`() async throws {
        let archive = try TestArchive.standard()
        let store = DirectoryStore(at: "/mnt/vault", on: archive.files)
        let recovery = try recovery(from: store, on: SimulatedFileSystem())
        #expect(await code { _ = try await recovery.run(to: "/b") } == .unreachable)
    }

    @Test func `to go on when it is cancelled`() async throws {
        let archive = try TestArchive.standard()
        let recovery = try recovery(from: try await archive.vault(), on: SimulatedFileSystem())
        let task = Task { await code { _ = try await recovery.run(to: "/b") } }
        task.cancel()
        #expect(await task.value == .cancelled)
    }
}

/// A clock that a closure advances, in seconds, at every look.
struct TickingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    let tick: @Sendable () -> Int64
    var now: Instant { Instant(offset: .seconds(tick())) }
    var minimumResolution: Duration { .seconds(1) }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}
