import ArchiveFileIO
import Foundation
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

/// Each call of the system in turn fails, once or from then on, under each thing that is done with a
/// vault.
///
/// The failure is told as what it is and never as damage, and the same work done again when the disk is
/// well brings the same vault or archive, byte for byte. `STRONGROOM_EVERY_FAILURE=1` fails each call;
/// else every 41st.
///
/// It found two faults. A repair of a vault put an object while it read another part of it from the
/// same vault, and where the vault had one thread, both waited for ever. And a seal that could be read
/// at first and not again ended the program.
@Suite struct `A failing call of the disk under a vault` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_FAILURE"] != nil
    private static let stride = isFull ? 1 : 41

    /// What an archive, a vault and a second vault on one disk are there for.
    enum Work: CaseIterable, Sendable {
        case ship, copy, recover, repair, verify, standing
        case thin, restoreThin, follow, prune, extract, open, glance, drill
    }

    private struct Bench {
        let archive: TestArchive
        /// What the vault holds when all is well.
        let objects: [String: [UInt8]]
    }

    private static func store(_ disk: SimulatedFileSystem, _ path: FilePath) -> DirectoryStore {
        DirectoryStore(at: path, on: disk, parallelism: 1)
    }

    private static func ship(_ disk: SimulatedFileSystem, to path: FilePath) async throws {
        let store = store(disk, path)
        let ship = Ship(archiveAt: TestArchive.path, on: disk, to: store, parallelism: 1)
        try await ship.carryOut(try await ship.plan())
    }

    /// A disk on which `work` can be done.
    private static func disk(for work: Work, _ bench: Bench) async throws -> SimulatedFileSystem {
        let disk = bench.archive.files.clone()
        try await store(disk, "/vault").create()
        try await store(disk, "/second").create()
        if work != .ship, work != .follow { try await ship(disk, to: "/vault") }
        if work == .repair {
            let name = bench.archive.segmentNames[0]
            var bytes = bench.objects[name] ?? []
            for offset in 4_200..<4_300 { bytes[offset] ^= 1 }
            disk.replaceBytes(of: FilePath("/vault/" + name), with: bytes)
        }
        if work == .restoreThin {
            try await bench.archive.on(disk).thin(to: store(disk, "/vault"))
        }
        return disk
    }

    /// Does the work; throws what it throws, and a broken promise if it takes a failure for damage.
    private static func perform(
        _ work: Work,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) async throws {
        let vault = store(disk, "/vault")
        switch work {
        case .ship: try await ship(disk, to: "/vault")
        case .copy:
            let copy = Ship(copying: vault, to: store(disk, "/second"), parallelism: 1)
            try await copy.carryOut(try await copy.plan())
        case .recover:
            let result = try await recovery(from: vault, on: disk).run(to: "/b")
            try require(result.findings)
            guard result.isComplete else { throw RecoveryError(.system, "not all could be read") }
        case .repair:
            let repair = try Repair(of: vault, from: [store(disk, TestArchive.path)])
            let result = try await repair.carryOut(try await repair.plan())
            guard result.findings.isEmpty else {
                throw RecoveryError(.system, "not all could be mended")
            }
        case .verify:
            let publicKey = bench.archive.publicKey
            let report = try await VaultVerification(of: vault, publicKey: publicKey).run()
            try require(report.findings)
            guard report.isSound else { throw RecoveryError(.system, "not all could be read") }
        case .standing:
            let publicKey = bench.archive.publicKey
            let standing = try await VaultStanding.read(vault, publicKey: publicKey)
            try require(standing.findings)
            guard standing.findings.isEmpty else {
                throw RecoveryError(.system, "not all could be read")
            }
        case .thin, .restoreThin:
            let archive = bench.archive.on(disk)
            let findings =
                work == .thin
                ? try await archive.thin(to: vault).findings
                : try await archive.restore(from: vault).findings
            try require(findings)
            guard findings.isEmpty else { throw RecoveryError(.system, "not all went or came") }
        case .follow:
            _ = try await Follow(archiveAt: TestArchive.path, on: disk, to: vault).step()
        case .prune: try await prune(vault, disk, bench)
        case .extract:
            var selection = RecoverySelection()
            selection.namePrefix = "Observation/"
            let result = try await recovery(from: vault, on: disk).extract(selection, to: "/b")
            try require(result.findings)
            guard result.findings.isEmpty else { throw RecoveryError(.system, "not all came") }
        case .open: try await readInPlace(vault, disk, bench)
        case .glance: try await glance(vault, disk, bench)
        case .drill: try await drill(vault, disk)
        }
    }

    private static func prune(
        _ vault: DirectoryStore,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) async throws {
        let authority = try bench.archive.authority(try TestArchive.address(disk))
        let prune = Prune(vault, by: authority, clock: DrivenClock().clock)
        var rules = KeepRules()
        rules.last = 1
        _ = try await prune.carryOut(try await prune.plan(rules))
    }

    private static func readInPlace(
        _ vault: DirectoryStore,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) async throws {
        let place = try openVault(vault, on: disk)
        let archive = try await place.open(location: "s3://a", cache: "/cache")
        let found = try await archive.read { view throws(ArchiveError) in
            var found: [String: [UInt8]] = [:]
            try view.forEach(RecordQuery()) { record in
                found[record.name] = try view.body(of: record)
                return true
            }
            return found
        }
        try await archive.close()
        guard found == bench.archive.expected else {
            throw BrokenPromise(description: "\(found.count) records are read in place")
        }
    }

    private static func glance(
        _ vault: DirectoryStore,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) async throws {
        for (name, body) in bench.archive.expected {
            let place = try openVault(vault, on: disk)
            let found = try await place.glance(
                at: name,
                in: "records",
                location: "s3://a",
                cache: "/cache"
            )
            guard case .record(let view) = found, try await view.bodyAtAGlance(of: name) == body
            else { throw BrokenPromise(description: "another record is seen") }
        }
    }

    private static func drill(_ vault: DirectoryStore, _ disk: SimulatedFileSystem) async throws {
        let drill = Drill(
            from: vault,
            unlocking: VaultKeys(try TestArchive.key()),
            on: disk,
            configuration: TestArchive.configuration
        )
        let report = try await drill.run()
        let told = Set(report.reasons.map(\.code))
        guard told.isSubset(of: ["unreadable", "system", "full", "unreachable", "refused"]) else {
            throw BrokenPromise(description: "a failed call is told as \(told)")
        }
        guard report.outcome == .passed else { throw RecoveryError(.system, "it did not pass") }
    }

    private struct BrokenPromise: Error, CustomStringConvertible {
        let description: String
    }

    private static func require(_ findings: [VaultFinding]) throws {
        for finding in findings where finding.kind != .unreadable {
            throw BrokenPromise(description: "a failed call is told as \(finding.kind): \(finding)")
        }
    }

    /// What is there once the work is done.
    private static func check(
        _ work: Work,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) throws {
        switch work {
        case .ship, .repair, .copy:
            let root = work == .copy ? "/second/" : "/vault/"
            for (name, bytes) in bench.objects {
                guard disk.bytes(of: FilePath(root + name)) == bytes else {
                    throw BrokenPromise(description: "\(name) is not what it should be")
                }
            }
        case .recover:
            // What failed last may have been the index, which opening for writing makes.
            try Engine.open(try TestArchive.address(disk, "/b")).close()
            let found = try records(of: disk, at: "/b")
            let last = bench.archive.snapshots[bench.archive.snapshots.count - 1]
            let expected = bench.archive.records[last]?.map { ($0.name, $0.body) } ?? []
            guard found == Dictionary(uniqueKeysWithValues: expected) else {
                throw BrokenPromise(description: "\(found.count) of \(expected.count) records")
            }
        case .thin:
            // Every sealed segment is whole, here or in the vault.
            let names = bench.archive.segmentNames
            for name in names
            where disk.bytes(of: FilePath("/vault/" + name)) != bench.objects[name] {
                throw BrokenPromise(description: "\(name) is gone")
            }
        case .restoreThin:
            guard try records(of: disk, at: TestArchive.path) == bench.archive.expected else {
                throw BrokenPromise(description: "the archive did not come back")
            }
        case .follow, .prune:
            for (name, bytes) in bench.objects {
                guard disk.bytes(of: FilePath("/vault/" + name)) == bytes else {
                    throw BrokenPromise(description: "\(name) is not what it should be")
                }
            }
        case .extract:
            try Engine.open(try TestArchive.address(disk, "/b")).close()
            guard try records(of: disk, at: "/b") == bench.archive.expected else {
                throw BrokenPromise(description: "other records came")
            }
        case .verify, .standing, .open, .glance, .drill: break
        }
        // Whoever reads in place lets go of what it has open when the last task has ended.
        guard disk.openFileCount == 0 || [.open, .glance].contains(work) else {
            throw BrokenPromise(description: "\(disk.openFileCount) files stay open")
        }
    }

    private static let honest: Set<RecoveryError.Code> = [.system, .full, .unreachable, .refused]

    @Test(arguments: Work.allCases)
    func `breaks no promise and is told as what it is`(in work: Work) async throws {
        // One snapshot leaves a prune nothing to do.
        let archive = try work == .prune ? TestArchive.standard() : TestArchive.tiny()
        let whole = try await archive.vault()
        var objects: [String: [UInt8]] = [:]
        for name in try await whole.names where name != "vault.json" {
            objects[name] = try await whole.bytes(name)
        }
        let bench = Bench(archive: archive, objects: objects)
        let base = try await Self.disk(for: work, bench)
        let trial = base.clone()
        try await Self.perform(work, trial, bench)
        let calls = trial.operationCount
        try Self.check(work, trial, bench)
        #expect(calls > 5)
        var count = 0
        let reasons: [Errno] = [.ioError, .noSpace, .tooManyOpenFiles, .permissionDenied]
        for (turn, call) in Swift.stride(from: 1, through: calls, by: Self.stride).enumerated() {
            for duration in [SimulatedFault.Duration.once, .forever] {
                let disk = base.clone()
                let reason = reasons[turn % reasons.count]
                disk.inject(SimulatedFault(call: call, errno: reason, duration: duration))
                do {
                    try await Self.attempt(work, disk, bench)
                } catch {
                    Issue.record("\(work), call \(call), \(reason), \(duration): \(error)")
                }
                count += 1
            }
        }
        if Self.isFull { print("failures in \(work): \(count) at \(calls) calls") }
    }

    private static func attempt(
        _ work: Work,
        _ disk: SimulatedFileSystem,
        _ bench: Bench
    ) async throws {
        do {
            try await perform(work, disk, bench)
        } catch let error as RecoveryError {
            guard honest.contains(error.code) else {
                throw BrokenPromise(description: "told as \(error.code): \(error.message)")
            }
        } catch let error as ArchiveError {
            guard [.system, .full, .durabilityUnknown, .poisoned].contains(error.code) else {
                throw BrokenPromise(description: "told as \(error.code): \(error.message)")
            }
        }
        disk.removeFaults()
        do {
            try await perform(work, disk, bench)
        } catch let error as RecoveryError where error.code == .alreadyExists {
            // What failed came after the archive was there, whole.
            guard work == .recover || work == .extract else { throw error }
        }
        try check(work, disk, bench)
    }
}
