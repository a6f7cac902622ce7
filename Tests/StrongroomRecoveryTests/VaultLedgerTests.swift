import ArchiveBytes
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

/// A clock that stands still until a test moves it.
private final class Days: Sendable {
    private let day = Mutex<Int64>(20_000)

    /// A day in microseconds since 1970.
    static func time(_ day: Int64) -> Int64 { day * 86_400_000_000 }

    func pass(_ count: Int64) { day.withLock { $0 += count } }

    var clock: RecoveryClock {
        RecoveryClock(measuring: ContinuousClock()) { [self] in
            day.withLock { $0 } * 86_400_000_000
        }
    }
}

@Suite struct `The ledger of a vault` {
    private let days = Days()
    private let month = Duration.seconds(30 * 86_400)

    private func verifier(_ byte: UInt8 = 7) throws -> VerifierKey {
        try VerifierKey(seed: [UInt8](repeating: byte, count: 32))
    }

    private func plan(_ change: (inout VerificationPlan) throws -> Void) throws -> VerificationPlan
    {
        var plan = VerificationPlan()
        plan.verifier = try verifier()
        try change(&plan)
        return plan
    }

    private func keyless(
        _ vault: any ObjectStore,
        _ archive: TestArchive
    ) throws -> VaultVerification {
        try VaultVerification(of: vault, publicKey: archive.publicKey, clock: days.clock)
    }

    private func keyed(_ vault: any ObjectStore) throws -> VaultVerification {
        VaultVerification(of: vault, unlocking: VaultKeys(try TestArchive.key()), clock: days.clock)
    }

    private func coverage(
        _ vault: any ObjectStore,
        _ archive: TestArchive,
        trusting verifiers: [VerifierKey] = []
    ) async throws -> VaultCoverage {
        try await VaultCoverage.read(
            vault,
            publicKey: archive.publicKey,
            trusting: Set(verifiers.map(\.publicKey)),
            clock: days.clock
        )
    }

    /// Which segments a run looks at, in order, by the reads of their objects.
    private func order(
        _ vault: MemoryStore,
        _ archive: TestArchive,
        _ plan: VerificationPlan
    ) async throws -> [String] {
        let watched = WatchedStore(vault)
        _ = try await keyless(watched, archive).run(plan)
        var order: [String] = []
        for name in watched.reads where name.hasPrefix("segments/") && order.last != name {
            order.append(name)
        }
        return order
    }

    @Test func `tells that nothing was checked where nothing was`() async throws {
        let archive = try TestArchive.standard()
        let coverage = try await coverage(try await archive.vault(), archive)
        #expect(coverage.segmentCount == 3)
        #expect(coverage.uncheckedSegmentCount == 3)
        #expect(coverage.fraction == 0)
        #expect(coverage.oldestCheck == nil)
    }

    @Test func `remembers what was verified with the key, for as long as is asked`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let report = try await keyed(vault).run(VerificationPlan())
        #expect(report.isSound && report.notes.isEmpty)
        #expect(report.verifier == archive.publicKey)
        var coverage = try await coverage(vault, archive)
        #expect(coverage.fraction == 1)
        #expect(coverage.openedByteCount == coverage.byteCount && coverage.byteCount > 0)
        #expect(coverage.oldestCheck == Days.time(20_000))
        #expect(coverage.uncheckedSegmentCount == 0)
        days.pass(31)
        coverage = try await self.coverage(vault, archive)
        #expect(coverage.fraction == 0)
        #expect(coverage.uncheckedSegmentCount == 0)
    }

    @Test func `counts a verifier without the key only where it is trusted`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let report = try await keyless(vault, archive).run(try plan { _ in })
        #expect(report.isSound)
        #expect(try report.verifier == verifier().publicKey)
        var coverage = try await coverage(vault, archive)
        #expect(coverage.fraction == 0)
        #expect(coverage.ignoredEntryCount == 1)
        coverage = try await self.coverage(vault, archive, trusting: [try verifier()])
        #expect(coverage.fraction == 1)
        #expect(coverage.openedByteCount == 0)
        #expect(coverage.ignoredEntryCount == 0)
    }

    @Test func `has no entry where nobody signs, or none is wanted`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let unsigned = try await keyless(vault, archive).run(VerificationPlan())
        #expect(unsigned.verifier == nil)
        var silent = VerificationPlan()
        silent.isRecorded = false
        #expect(try await keyed(vault).run(silent).verifier == nil)
        #expect(try await vault.list(prefix: "checks/").isEmpty)
    }

    @Test func `does not count what somebody has changed in it`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        _ = try await keyed(vault).run(VerificationPlan())
        let name = try #require(try await vault.list(prefix: "checks/").first).name.text
        let whole = try await vault.bytes(name)
        for offset in stride(from: 0, to: whole.count, by: 7) {
            try await vault.flip(name, at: offset, bit: offset % 8)
            let coverage = try await coverage(vault, archive)
            #expect(coverage.fraction == 0 && coverage.ignoredEntryCount == 1, "byte \(offset)")
            try await vault.replace(name, whole)
        }
        #expect(try await coverage(vault, archive).fraction == 1)
    }

    @Test func `does not believe in checks to come`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        days.pass(100)
        _ = try await keyed(vault).run(VerificationPlan())
        days.pass(-100)
        #expect(try await coverage(vault, archive).uncheckedSegmentCount == 1)
    }

    @Test func `leads to the least recently checked first, and passes over the rest`() async throws
    {
        let archive = try TestArchive.standard()
        let names = archive.segmentNames
        let vault = try await archive.vault()
        let one = try plan { $0.maximumDuration = .nanoseconds(1) }
        // One segment a day, though there is no time for any.
        for name in names {
            #expect(try await order(vault, archive, one) == [name])
            days.pass(1)
        }
        #expect(try await order(vault, archive, one) == [names[0]])
        days.pass(30)
        let aged = try plan { $0.maximumAge = month }
        #expect(try await order(vault, archive, aged) == [names[1], names[2]])
        #expect(try await order(vault, archive, aged).isEmpty)
        let verifiers = [try verifier()]
        #expect(try await coverage(vault, archive, trusting: verifiers).fraction == 1)
    }

    @Test func `looks again at what was damaged, until it is sound`() async throws {
        let archive = try TestArchive.standard()
        let names = archive.segmentNames
        let vault = try await archive.vault()
        try await vault.flip(names[1], at: 5_000)
        let aged = try plan { $0.maximumAge = month }
        let report = try await keyless(vault, archive).run(aged)
        #expect(report.findings.map(\.object) == [names[1]])
        let trusted = [try verifier()]
        var coverage = try await coverage(vault, archive, trusting: trusted)
        #expect(coverage.damaged == [names[1]])
        #expect(coverage.fraction < 1)
        days.pass(1)
        #expect(try await order(vault, archive, aged) == [names[1]])
        try await vault.flip(names[1], at: 5_000)
        days.pass(1)
        #expect(try await keyless(vault, archive).run(aged).isSound)
        coverage = try await self.coverage(vault, archive, trusting: trusted)
        #expect(coverage.damaged.isEmpty && coverage.fraction == 1)
    }

    @Test func `names every kind of damage in a part as in the whole`() async throws {
        let archive = try TestArchive.standard()
        let names = archive.segmentNames
        let all = try plan { $0.shard = .init(1, of: 1) }
        let missing = try await archive.vault()
        try await missing.remove(names[0])
        let cut = try await archive.vault()
        try await cut.replace(names[1], try await cut.bytes(names[1]).dropLast(1))
        let swapped = try await archive.vault()
        try await swapped.replace(names[2], try await swapped.bytes(names[0]))
        for (vault, name) in [(missing, names[0]), (cut, names[1]), (swapped, names[2])] {
            let report = try await keyless(vault, archive).run(all)
            #expect(report.findings.map(\.object) == [name])
            let whole = try await keyed(vault).run(all)
            #expect(whole.findings.map(\.object) == [name])
        }
        let manifest = try await archive.vault()
        try await manifest.flip("snapshots/\(archive.snapshots[0]).json", at: 100)
        #expect(try await !keyless(manifest, archive).run(all).isSound)
    }

    @Test func `opens records in a part that knows only its own segment`() async throws {
        let archive = try TestArchive.standard()
        try archive.change { engine in
            _ = try engine.commit([
                NewRecord(name: "a", body: [1], collection: "letters")
            ])
            _ = try engine.snapshot(label: "")
            _ = try engine.commit([
                NewRecord(name: "b", body: [2], collection: "letters")
            ])
            _ = try engine.snapshot(label: "")
        }
        let vault = try await archive.vault()
        for number in 1...5 {
            var part = VerificationPlan()
            part.shard = .init(number, of: 5)
            let report = try await keyed(vault).run(part)
            #expect(report.isSound, "\(report.findings)")
            #expect(report.contents.segmentCount == 1)
        }
        let coverage = try await coverage(vault, archive)
        #expect(coverage.openedByteCount == coverage.byteCount)
    }

    @Test func `shares the work so that every segment is somebody's and nobody's twice`()
        async throws
    {
        let archive = try TestArchive.make(counts: [1, 1, 1, 1, 1, 1, 1])
        let vault = try await archive.vault()
        var seen: [String] = []
        for number in 1...3 {
            seen += try await order(vault, archive, try plan { $0.shard = .init(number, of: 3) })
        }
        #expect(seen.sorted() == archive.segmentNames)
        #expect(VerificationPlan.Shard(0, of: 3) == nil)
        #expect(VerificationPlan.Shard(4, of: 3) == nil)
        #expect(VerificationPlan.Shard(1, of: 0) == nil)
    }

    @Test func `makes one entry of many, and forgets nothing by it`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        _ = try await keyed(vault).run(VerificationPlan())
        for _ in 0..<70 {
            days.pass(1)
            _ = try await keyless(vault, archive).run(
                try plan { $0.maximumDuration = .nanoseconds(1) }
            )
        }
        #expect(try await vault.list(prefix: "checks/").count < 34)
        let coverage = try await coverage(vault, archive, trusting: [try verifier()])
        #expect(coverage.uncheckedSegmentCount == 0)
        #expect(coverage.oldestCheck == Days.time(20_068))
        #expect(coverage.newestCheck == Days.time(20_070))
        #expect(coverage.openedByteCount == 0 && coverage.fraction == 1)
    }

    @Test func `that cannot be written is a note and no error`() async throws {
        let archive = try TestArchive.tiny()
        let vault = WatchedStore(try await archive.vault())
        vault.fail { call, _ in
            if case .put = call { return VaultError(.refused, "read only") }
            return nil
        }
        let report = try await keyed(vault).run(VerificationPlan())
        #expect(report.isSound && report.verifier == nil)
        #expect(report.notes.contains { $0.contains("ledger was not written") })
    }

    @Test func `keeps what was checked before the vault went away`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let watched = WatchedStore(vault)
        let last = archive.segmentNames[2]
        watched.fail { call, _ in
            call == .read(last) ? VaultError(.unreachable, "the line is cut") : nil
        }
        let all = try plan { $0.shard = .init(1, of: 1) }
        let failure = await code { _ = try await keyless(watched, archive).run(all) }
        #expect(failure == .unreachable)
        let coverage = try await coverage(vault, archive, trusting: [try verifier()])
        #expect(coverage.uncheckedSegmentCount == 1)
    }

    @Test func `is no part of what verifying, shipping and recovering look at`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        _ = try await keyed(vault).run(VerificationPlan())
        #expect(try await keyless(vault, archive).run().isSound)
        #expect(try await archive.ship(to: vault).plan().isEmpty)
        let target = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: target).run(to: "/recovered")
        #expect(result.isComplete && result.findings.isEmpty)
    }

    @Test func `takes no key of another length`() async {
        let failure = await code { _ = try VerifierKey(seed: [1, 2, 3]) }
        #expect(failure == .invalid)
    }
}
