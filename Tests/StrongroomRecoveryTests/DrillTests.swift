import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `A drill` {
    @Test func `passes if everything comes back, and measures how long it takes`() async throws {
        let archive = try TestArchive.standard()
        let host = SimulatedFileSystem()
        try host.makeDirectory("/scratch")
        let ticks = Mutex<Int64>(0)
        let clock = RecoveryClock(
            measuring: TickingClock {
                ticks.withLock {
                    $0 += 1
                    return $0
                }
            },
            now: { 1_000_000 }
        )
        let drill = Drill(
            from: try await archive.vault(),
            unlocking: VaultKeys(try TestArchive.key()),
            on: host,
            configuration: TestArchive.configuration,
            clock: clock
        )
        var options = Drill.Options()
        options.scratch = "/scratch"
        let report = try await drill.run(options)

        #expect(report.outcome == .passed)
        #expect(report.reasons.isEmpty && report.findings.isEmpty)
        #expect(report.archive != nil && report.publicKey == archive.publicKey)
        let source = try #require(report.source)
        #expect(source.snapshot == archive.snapshots[2])
        let counts = try #require(report.counts)
        #expect(counts.recordCount == source.recordCount && counts.recordCount >= 9)
        #expect(counts.recordByteCount == source.recordByteCount)
        #expect(counts.byteCount == source.segmentByteCount)
        #expect(counts.snapshotCount == 3)
        let first = try #require(report.timeToFirstRecord)
        let verified = try #require(report.timeToVerified)
        #expect(first > .zero && first < verified)
        // Up to its snapshot, which is newer than the drill's clock, nothing is lost.
        #expect(report.lossWindow == .zero)
        #expect(host.filePaths.isEmpty)
        #expect(try host.names(in: "/scratch").isEmpty)
    }

    @Test func `signs its report with the archive's key, and any change is seen`() async throws {
        let archive = try TestArchive.standard()
        let report = try await run(archive, try await archive.vault())
        #expect(report.isSigned)
        let read = try DrillReport.verify(report.bytes, publicKey: archive.publicKey)
        #expect(read.outcome == .passed)
        #expect(read.source == report.source && read.counts == report.counts)
        #expect(read.archive == report.archive)
        for offset in report.bytes.indices {
            var bytes = report.bytes
            bytes[offset] ^= 1 << UInt8(offset % 8)
            #expect(throws: RecoveryError.self, "byte \(offset)") {
                _ = try DrillReport.verify(bytes, publicKey: archive.publicKey)
            }
        }
        let other = String(archive.publicKey.reversed())
        #expect(
            await code { _ = try DrillReport.verify(report.bytes, publicKey: other) } == .integrity
        )
        #expect(await code { _ = try DrillReport.verify(report.bytes, publicKey: "") } == .invalid)
    }

    @Test func `measures the loss window from the snapshot to the time that is given`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let recovered = try await recovery(from: vault, on: host).run(to: "/b")
        var options = Drill.Options()
        options.referenceTime = recovered.snapshotTime + 90_000_000
        #expect(try await run(archive, vault, options).lossWindow == .seconds(90))
    }

    @Test func `keeps what it recovered if asked to`() async throws {
        let archive = try TestArchive.tiny()
        let host = SimulatedFileSystem()
        var options = Drill.Options()
        options.scratch = "/scratch"
        options.keepsScratch = true
        let report = try await run(archive, try await archive.vault(), options, on: host)
        #expect(report.outcome == .passed)
        #expect(try records(of: host, at: "/scratch").count == 1)
    }

    @Test func `makes its scratch beside the vault, and removes it`() async throws {
        let archive = try TestArchive.tiny()
        let disk = SimulatedFileSystem()
        let vault = DirectoryStore(at: "/disk/vault", on: disk)
        try await vault.create()
        try await archive.shipAll(to: vault)
        let before = disk.filePaths
        let report = try await Drill(
            from: vault,
            unlocking: VaultKeys(try TestArchive.key()),
            on: disk,
            configuration: TestArchive.configuration
        ).run()
        #expect(report.outcome == .passed)
        #expect(disk.filePaths == before)
        #expect(disk.steps.contains { $0.path.string.hasPrefix("/disk/vault.drill-") })
        #expect(try disk.names(in: "/disk").map(\.string) == ["vault"])
    }

    @Test func `passes with a keyring that is kept apart`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault(keyring: .apart)
        let keys = VaultKeys(try TestArchive.key(), keyring: archive.bytes("keyring.json"))
        #expect(try await run(archive, vault, keys: keys).outcome == .passed)
        let without = try await run(archive, vault)
        #expect(without.outcome == .inconclusive)
        #expect(without.reasons.map(\.code) == ["keyringMissing"])
    }

    @Test func `fails if a segment is missing or damaged, and names it`() async throws {
        let archive = try TestArchive.standard()
        for name in archive.segmentNames {
            let missing = try await archive.vault()
            try await missing.remove(name)
            let first = try await run(archive, missing)
            #expect(first.outcome == .failed)
            #expect(first.reasons.map(\.code) == ["missing"])
            #expect(first.findings.count == 1 && first.findings[0].hasPrefix(name))
            #expect(first.timeToVerified == nil)

            let damaged = try await archive.vault()
            try await damaged.flip(name, at: 4_200)
            let second = try await run(archive, damaged)
            #expect(second.outcome == .failed)
            #expect(second.reasons.map(\.code) == ["damaged"])
            #expect(second.findings.count == 1 && second.findings[0].hasPrefix(name))
            #expect(second.isSigned)
        }
    }

    @Test func `fails if any snapshot or document is damaged`() async throws {
        let archive = try TestArchive.standard()
        let older = "snapshots/\(archive.snapshots[0]).json"
        for name in ["archive.json", "keyring.json", older] {
            let vault = try await archive.vault()
            try await vault.flip(name, at: 70)
            let report = try await run(archive, vault)
            #expect(report.outcome == .failed, "\(name)")
        }
        for name in ["archive.json", "keyring.json"] {
            let vault = try await archive.vault()
            try await vault.remove(name)
            #expect(try await run(archive, vault).outcome == .failed, "\(name)")
        }
    }

    @Test func `fails on known damage even if it cannot be carried out to its end`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip("snapshots/\(archive.snapshots[0]).json", at: 70)
        let host = SimulatedFileSystem()
        host.limitGrowth(to: 100)
        let report = try await run(archive, vault, on: host)
        #expect(report.outcome == .failed)
        #expect(report.reasons.map(\.code) == ["damaged", "full"])
    }

    @Test func `is inconclusive with a wrong key, and then not signed`() async throws {
        let archive = try TestArchive.tiny()
        let keys = VaultKeys(try TestArchive.key("wrong"))
        let report = try await run(archive, try await archive.vault(), keys: keys)
        #expect(report.outcome == .inconclusive)
        #expect(report.reasons.map(\.code) == ["wrongKey"])
        #expect(!report.isSigned)
        #expect(!report.bytes.isEmpty)
        #expect(
            await code { _ = try DrillReport.verify(report.bytes, publicKey: archive.publicKey) }
                == .integrity
        )
    }

    @Test func `is inconclusive without a snapshot or a vault`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        try await vault.remove("snapshots/\(archive.snapshots[0]).json")
        #expect(try await reasons(archive, vault) == ["noSnapshot"])
        #expect(try await reasons(archive, MemoryStore()) == ["notFound"])
        let unmounted = DirectoryStore(at: "/mnt/none", on: SimulatedFileSystem())
        #expect(try await reasons(archive, unmounted) == ["unreachable"])
        var options = Drill.Options()
        options.snapshot = "0123456789abcdef"
        let whole = try await archive.vault()
        let report = try await run(archive, whole, options)
        #expect(report.outcome == .inconclusive && report.isSigned)
    }

    @Test func `is inconclusive if the scratch is full or in use`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        for room in [UInt64(100), 3_000, 15_000] {
            let host = SimulatedFileSystem()
            try host.makeDirectory("/scratch")
            host.limitGrowth(to: room)
            var options = Drill.Options()
            options.scratch = "/scratch"
            let report = try await run(archive, vault, options, on: host)
            #expect(report.outcome == .inconclusive)
            #expect(report.reasons.map(\.code) == ["full"], "\(room)")
            #expect(report.reasons.allSatisfy { $0.detail.contains("--scratch") })
            #expect(host.filePaths.isEmpty)
        }
        let host = SimulatedFileSystem()
        try host.makeDirectory("/scratch")
        host.replaceBytes(of: "/scratch/letter", with: [1])
        var options = Drill.Options()
        options.scratch = "/scratch"
        let report = try await run(archive, vault, options, on: host)
        #expect(report.outcome == .inconclusive)
        #expect(report.reasons.map(\.code) == ["alreadyExists"])
        #expect(host.filePaths == ["/scratch/letter"])
    }

    @Test func `leaves nothing behind when it is cancelled`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        vault.fail { call, _ in
            call == .read(archive.segmentNames[1]) ? VaultError(.cancelled, "stop") : nil
        }
        #expect(await code { _ = try await run(archive, vault, on: host) } == .cancelled)
        #expect(host.filePaths.isEmpty)
    }

    // MARK: Details

    private func run(
        _ archive: TestArchive,
        _ vault: any ObjectStore,
        _ options: Drill.Options = .init(),
        keys: VaultKeys? = nil,
        on host: SimulatedFileSystem = SimulatedFileSystem()
    ) async throws -> DrillReport {
        var options = options
        if options.scratch == nil { options.scratch = "/drill" }
        return try await Drill(
            from: vault,
            unlocking: try keys ?? VaultKeys(try TestArchive.key()),
            on: host,
            configuration: TestArchive.configuration
        ).run(options)
    }

    private func reasons(
        _ archive: TestArchive,
        _ vault: any ObjectStore
    ) async throws -> [String] {
        let report = try await run(archive, vault)
        #expect(report.outcome == .inconclusive)
        return report.reasons.map(\.code)
    }
}
