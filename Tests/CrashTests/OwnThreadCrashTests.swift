import ArchiveFileIO
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

/// Tasks that commit on the archive's own threads are promised the same: the power fails at each of
/// their changes.
@Suite struct `Tasks on an archive's own threads, when the power fails` {
    private static let each = 4

    /// What was put, and what of it was acknowledged, by name.
    private struct Promise {
        var begun: [String: [UInt8]] = [:]
        var acknowledged: Set<String> = []
    }

    private final class Ledger: Sendable {
        let promise = Mutex(Promise())

        func begin(_ names: [String], _ body: [UInt8]) {
            promise.withLock { promise in for name in names { promise.begun[name] = body } }
        }

        func acknowledge(_ names: [String]) {
            promise.withLock { $0.acknowledged.formUnion(names) }
        }
    }

    /// So many that their entries are made while the batch is synced.
    private static func batchNames(of caller: Int) -> [String] {
        (0..<70).map { "\(caller)/batch/\($0)" }
    }

    /// Several tasks put records one after the other, and a large batch; ends at the crash.
    private static func work(_ machine: SimulatedFileSystem, callers: Int) async -> Promise {
        let ledger = Ledger()
        guard let address = try? Life.address(on: machine),
            let archive = try? await Archive.open(address, mode: .readWrite)
        else { return Promise() }
        await withTaskGroup { group in
            for caller in 0..<callers {
                group.addTask(executorPreference: archive.executor) {
                    try? await Self.put(archive, caller, ledger)
                }
            }
        }
        try? await archive.close()
        return ledger.promise.withLock { $0 }
    }

    private static func put(_ archive: Archive, _ caller: Int, _ ledger: Ledger) async throws {
        for number in 0..<each {
            let record = LifeText.record(UInt64(1_000 * (caller + 1) + number))
            let name = "\(caller)/\(number)"
            ledger.begin([name], record.body)
            try await archive.put(NewRecord(name: name, body: record.body))
            ledger.acknowledge([name])
        }
        let names = batchNames(of: caller)
        ledger.begin(names, [1, 2, 3])
        try await archive.write { batch throws(ArchiveError) in
            for name in names { batch.put(NewRecord(name: name, body: [1, 2, 3])) }
        }
        ledger.acknowledge(names)
        _ = try await archive.snapshot(label: "\(caller)")
    }

    @Test(.timeLimit(.minutes(5)), arguments: [1, 3])
    func `lose nothing acknowledged, and no batch is there by halves`(callers: Int) async throws {
        let base = try Life.machine()
        var change = 0
        var isOver = false
        var acknowledgedCount = 0
        while !isOver {
            change += 1
            // How the tasks take turns differs from run to run, and so does what a change is.
            let machine = base.clone()
            machine.crash(atChange: machine.changeCount + change)
            let promise = await Self.work(machine, callers: callers)
            isOver = !machine.hasCrashed
            acknowledgedCount += promise.acknowledged.count
            for mode in [CrashMode.dropAllUnsynced, .seeded(UInt64(change))] {
                do {
                    try Self.check(machine.afterCrash(mode), promise, callers: callers)
                } catch {
                    Issue.record("change \(change), \(mode): \(error)")
                }
            }
        }
        #expect(change > 20 && change < 1_000)
        #expect(acknowledgedCount > 50 * callers)
    }

    private static func check(
        _ machine: SimulatedFileSystem,
        _ promise: Promise,
        callers: Int
    ) throws {
        let engine = try Engine.open(try Life.address(on: machine))
        var found: [String: [UInt8]] = [:]
        for (key, body) in try Life.contents(of: engine) {
            found[String(key.drop { $0 != "/" }.dropFirst())] = body
        }
        for (name, body) in found {
            guard promise.begun[name] == body else { throw BrokenPromise("\(name) is wrong") }
        }
        let missing = promise.acknowledged.subtracting(found.keys).sorted()
        guard missing.isEmpty else { throw BrokenPromise("\(missing) were acknowledged") }
        for caller in 0..<callers {
            // Each put its records one after the other, and its batch at once.
            let numbers = (0..<each).map { found["\(caller)/\($0)"] != nil }
            let parts = Set(batchNames(of: caller).map { found[$0] != nil })
            guard parts.count == 1 else { throw BrokenPromise("a batch is there by halves") }
            let inOrder = numbers + parts
            guard inOrder.drop(while: \.self).allSatisfy({ !$0 }) else {
                throw BrokenPromise("what is there is no prefix: \(inOrder)")
            }
        }
        let report = try engine.verify()
        guard report.findings.isEmpty else { throw BrokenPromise("\(report.findings)") }
        try engine.close()
    }
}
