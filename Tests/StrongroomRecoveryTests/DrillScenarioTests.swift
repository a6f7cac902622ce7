import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `A drill's scenario` {
    @Test func `of a lost index makes it anew and loses nothing`() async throws {
        let archive = try TestArchive.standard()
        let report = try await drill(.lostIndex, archive)
        #expect(report.outcome == .passed, "\(report.reasons)")
        #expect(report.staged.contains { $0.hasPrefix("index/") })
        #expect(report.lossWindow == .zero)
        let source = try #require(report.source)
        #expect(report.counts?.recordCount == source.recordCount)
        #expect(try #require(report.timeToVerified) > .zero)
    }

    @Test func `of a damaged vault brings the segment from the other one`() async throws {
        let archive = try TestArchive.standard()
        let (vault, other) = (
            WatchedStore(try await archive.vault()), WatchedStore(try await archive.vault())
        )
        var options = Drill.Options()
        options.otherVault = other
        let report = try await drill(.damagedVault, archive, vault, options)
        #expect(report.outcome == .passed, "\(report.reasons)")
        #expect(report.findings.isEmpty)
        let staged = try #require(report.staged.first)
        let name = try #require(archive.segmentNames.first { staged.hasPrefix($0) })
        // Only what the first lacks comes from the second.
        #expect(Set(other.reads.filter { $0.hasSuffix(".seg") }) == [name])
        #expect(vault.puts.isEmpty && other.puts.isEmpty)
    }

    @Test func `of a damaged vault fails if the other one has the same fault`() async throws {
        let archive = try TestArchive.standard()
        let other = try await archive.vault()
        for name in archive.segmentNames { try await other.flip(name, at: 4_200) }
        var options = Drill.Options()
        options.otherVault = other
        let report = try await drill(.damagedVault, archive, nil, options)
        #expect(report.outcome == .failed)
        #expect(report.reasons.map(\.code) == ["damaged"])
    }

    @Test func `of a damaged vault is inconclusive without another one`() async throws {
        let archive = try TestArchive.standard()
        let report = try await drill(.damagedVault, archive)
        #expect(report.outcome == .inconclusive)
        #expect(report.reasons.first?.detail.contains("--other-vault") == true)
        #expect(report.isSigned)
    }

    @Test func `of a damaged vault fails if the other one is another archive's`() async throws {
        let archive = try TestArchive.standard()
        var options = Drill.Options()
        options.otherVault = try await TestArchive.tiny().vault()
        let report = try await drill(.damagedVault, archive, nil, options)
        #expect(report.outcome == .failed)
        #expect(report.reasons.map(\.code) == ["foreign"])
    }

    @Test func `of a deleted snapshot brings back the one before`() async throws {
        let archive = try TestArchive.standard()
        let vault = WatchedStore(try await archive.vault())
        let report = try await drill(.deletedSnapshot, archive, vault)
        #expect(report.outcome == .passed, "\(report.reasons)")
        #expect(report.source?.snapshot == archive.snapshots[1])
        #expect(report.counts?.recordCount ?? 0 >= 5)
        // What was deleted is deleted on a view only.
        #expect(vault.puts.isEmpty)
        #expect(try await vault.list(prefix: "snapshots/").count == 3)
    }

    @Test func `of a deleted snapshot fails if there is no other`() async throws {
        let archive = try TestArchive.tiny()
        let report = try await drill(.deletedSnapshot, archive)
        #expect(report.outcome == .failed)
        #expect(report.reasons.map(\.code) == ["noSnapshot"])
    }

    @Test func `of ransomware brings back what is older than the attack`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let second = try await recovery(from: vault, on: host).run(
            to: "/b",
            snapshot: archive.snapshots[1]
        )
        var options = Drill.Options()
        options.referenceTime = try #require(second.newestRecordTime) + 1
        let report = try await drill(.ransomware, archive, vault, options)
        #expect(report.outcome == .passed, "\(report.reasons)")
        #expect(report.counts?.recordCount == second.recordCount)
        #expect(report.lossWindow == .zero)
    }

    @Test func `of ransomware needs to know when it struck`() async throws {
        let archive = try TestArchive.tiny()
        let report = try await drill(.ransomware, archive)
        #expect(report.outcome == .inconclusive)
        #expect(report.reasons.map(\.code) == ["invalid"])
    }

    @Test func `of ransomware fails if everything is the attacker's`() async throws {
        let archive = try TestArchive.standard()
        var options = Drill.Options()
        options.referenceTime = 1
        let report = try await drill(.ransomware, archive, nil, options)
        #expect(report.outcome != .passed)
        #expect(!report.reasons.isEmpty)
    }

    // MARK: Objectives, checks and history

    @Test func `is judged by its objectives`() async throws {
        let archive = try TestArchive.tiny()
        var options = Drill.Options()
        options.recoveryTimeObjective = .seconds(4 * 3600)
        options.recoveryPointObjective = .seconds(900)
        let met = try await drill(.lostHost, archive, nil, options)
        #expect(met.outcome == .passed, "\(met.reasons)")
        #expect(met.recoveryTime?.isMet == true && met.recoveryPoint?.isMet == true)

        options.recoveryTimeObjective = .nanoseconds(1)
        options.referenceTime = met.started + 3_600_000_000
        let missed = try await drill(.lostHost, archive, nil, options)
        #expect(missed.outcome == .failed)
        #expect(missed.reasons.map(\.code) == ["objective", "objective"])
        #expect(missed.recoveryTime?.isMet == false && missed.recoveryPoint?.isMet == false)
        let read = try DrillReport.verify(missed.bytes, publicKey: archive.publicKey)
        #expect(read.recoveryPoint == missed.recoveryPoint)
        #expect(read.phases == missed.phases && read.struck == missed.struck)
    }

    @Test func `leaves its objectives open if it was not tried to the end`() async throws {
        let archive = try TestArchive.tiny()
        var options = Drill.Options()
        options.recoveryTimeObjective = .seconds(1)
        let report = try await drill(.damagedVault, archive, nil, options)
        #expect(report.outcome == .inconclusive)
        #expect(report.recoveryTime?.isMet == nil && report.recoveryTime != nil)
    }

    @Test func `tells its steps in order, without gaps`() async throws {
        let archive = try TestArchive.standard()
        let report = try await drill(.lostHost, archive)
        // Segments are proved beside the steps, from when the first is there.
        let proving = try #require(report.phases.first { $0.name == "proving" })
        let steps = report.phases.filter { $0 != proving }
        #expect(
            steps.map(\.name) == [
                "opening", "first record", "fetching", "indexing", "verifying", "clearing",
            ]
        )
        for (earlier, later) in zip(steps, steps.dropFirst()) {
            #expect(earlier.end == later.start && earlier.start <= earlier.end)
        }
        #expect(proving.start >= steps[2].start && proving.end <= steps[4].end)
        #expect(report.phases == report.phases.sorted { $0.start < $1.start })
        // The first record is read before anything is fetched.
        let first = try #require(report.timeToFirstRecord)
        #expect(first <= steps[1].end)
    }

    @Test func `runs the user's checks on what came back`() async throws {
        let archive = try TestArchive.tiny()
        var options = Drill.Options()
        options.checks = [["true"], ["test", "/drill", "="]]
        let passed = try await drill(.lostHost, archive, nil, options)
        #expect(passed.outcome == .passed, "\(passed.reasons)")
        #expect(passed.checks.map(\.program) == ["true", "test"])

        options.checks = [["false"], ["/nowhere/check", "secret"]]
        let failed = try await drill(.lostHost, archive, nil, options)
        #expect(failed.outcome == .failed)
        #expect(failed.reasons.map(\.code) == ["check", "check"])
        #expect(failed.checks.map(\.status) == [1, nil])
        #expect(!String(decoding: failed.bytes, as: UTF8.self).contains("secret"))

        options.checks = [["/nowhere/check"]]
        let open = try await drill(.lostHost, archive, nil, options)
        #expect(open.outcome == .inconclusive)
    }

    @Test func `is kept in the archive, and comes back with it`() async throws {
        let archive = try TestArchive.tiny()
        let report = try await drill(.lostHost, archive)
        let open = try await Archive.open(try TestArchive.address(archive.files), mode: .readWrite)
        try await DrillHistory.keep(report, in: open)
        let kept = try await DrillHistory.read(open)
        #expect(kept.map(\.bytes) == [report.bytes] && kept.allSatisfy(\.isSigned))
        _ = try await open.snapshot(label: "after")
        try await open.close()

        let later = try await drill(.lostHost, archive)
        #expect(later.outcome == .passed, "\(later.reasons)")
        #expect(later.history.map(\.bytes) == [report.bytes])
    }

    @Test func `is not kept in another archive`() async throws {
        let report = try await drill(.lostHost, try TestArchive.standard())
        let other = try TestArchive.tiny()
        let open = try await Archive.open(try TestArchive.address(other.files), mode: .readWrite)
        #expect(await code { try await DrillHistory.keep(report, in: open) } == .foreign)
        try await open.close()
    }

    // MARK: Details

    private func drill(
        _ scenario: DrillReport.Scenario,
        _ archive: TestArchive,
        _ vault: (any ObjectStore)? = nil,
        _ options: Drill.Options = .init()
    ) async throws -> DrillReport {
        var options = options
        options.scenario = scenario
        options.scratch = "/drill"
        var store = vault
        if store == nil { store = try await archive.vault() }
        return try await Drill(
            from: try #require(store),
            unlocking: VaultKeys(try TestArchive.key()),
            on: SimulatedFileSystem(),
            configuration: TestArchive.configuration
        ).run(options)
    }
}
