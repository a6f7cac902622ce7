import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Foundation
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Each call of the system in turn fails, once or from then on, under what else can be asked of an
/// archive: see `FailureLoopTests` for work, and `FailingCallTests` for vaults.
///
/// The answer is right, or the failure is told as what it is and never as damage; afterwards the same
/// call does what it should. `STRONGROOM_EVERY_FAILURE=1` fails each call; else every seventh.
@Suite struct `A failing system call under a question` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_FAILURE"] != nil
    private static let stride = isFull ? 1 : 7
    private static let reasons: [Errno] = [
        .ioError, .noSpace, .tooManyOpenFiles, .permissionDenied,
    ]

    enum Call: CaseIterable, Sendable {
        case create, open, openForReading, read, readInOrder, verify, verifyKeyless, examine,
            snapshots
        case slots, addSlot, removeSlot
        case record, versions, ranges, inLogOrder, fromName, status
    }

    private struct Bench {
        let machine: SimulatedFileSystem
        let model: LifeModel
        let publicKey: [UInt8]
    }

    /// An archive with sealed segments, snapshots, large bodies and an active segment.
    private static func bench() throws -> Bench {
        let life = try Life(on: try Life.machine())
        for step in [
            LifeStep.put(1), .batch(5), .largePut(2), .snapshot, .put(8), .delete(1), .snapshot,
            .put(11),
        ] { try life.perform(step) }
        let publicKey = try #require(life.engine).document.publicKey
        let model = life.model
        try life.end()
        return Bench(machine: life.machine, model: model, publicKey: publicKey)
    }

    private static let key = [UInt8](repeating: 7, count: 32)
    private static let newKey = [UInt8](repeating: 9, count: 32)

    private static func newAddress(_ machine: SimulatedFileSystem) throws -> ArchiveAddress {
        ArchiveAddress(
            machine,
            "/srv/new",
            credential: try ArchiveKey.keyFile(key).credential,
            configuration: Life.configuration
        )
    }

    /// Asks; throws what it throws, and a broken promise if the answer is wrong.
    private static func perform(_ call: Call, _ machine: SimulatedFileSystem, _ bench: Bench) throws
    {
        let keyring = ArchiveKeyring(ofArchiveAt: Life.path, on: machine)
        let address = try Life.address(on: machine)
        switch call {
        case .create: try Engine.create(try newAddress(machine)).close()
        case .open: try Engine.open(address).close()
        case .openForReading: try Engine.openForReading(address).close()
        case .read:
            let engine = try Engine.openForReading(address)
            try require(try Life.contents(of: engine) == bench.model.acknowledged, "records")
        case .readInOrder:
            let view = try view(address)
            var count = 0
            try view.forEachInOrder { record in
                if record.collection != "system", !record.isDeleted {
                    var byteCount: UInt64 = 0
                    try view.forEachPiece(of: record) { byteCount += UInt64($0.count) }
                    try require(byteCount == record.byteCount, "a body")
                }
                count += 1
                return true
            }
            try require(count > bench.model.acknowledged.count, "versions")
        case .verify:
            let report = try Engine.openForReading(address).verify()
            try require(report.isSound, "\(report.findings)")
        case .verifyKeyless:
            let report = try Engine.verifyKeyless(machine, Life.path, publicKey: bench.publicKey)
            try require(report.isSound, "\(report.findings)")
        case .examine:
            var examination = Examination(
                machine,
                Life.path,
                volume: nil,
                now: Timestamp(microseconds: .max)
            )
            examination.lookFromOutside()
            let damages = examination.symptoms.filter { $0.severity == .damage }
            try require(damages.isEmpty, "\(damages.map(\.text))")
        case .snapshots:
            let found = try Engine.openForReading(address).snapshots().map(\.id)
            try require(Set(found) == bench.model.snapshots, "\(found)")
        case .slots: try require(try keyring.slots().count == 1, "slots")
        case .addSlot:
            let unlocking = try ArchiveKey.keyFile(key)
            _ = try keyring.add(try .keyFile(newKey), label: "new", unlocking: unlocking)
        case .removeSlot:
            let slots = try keyring.slots()
            // A removal that failed behind its last step has done its work.
            guard slots.count > 1 else { return }
            try keyring.remove(slot: slots[1].id, unlocking: try .keyFile(key))
        case .status:
            let status = try Engine.openForReading(address).status()
            try require(status.lastSequence >= UInt64(bench.model.acknowledged.count), "status")
        case .record, .versions, .ranges, .inLogOrder, .fromName:
            try read(call, try view(address), bench)
        }
    }

    private static func view(_ address: ArchiveAddress) throws -> ArchiveView {
        let engine = try Engine.openForReading(address)
        return ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
    }

    /// Reads all records in one of the ways that there are.
    private static func read(_ call: Call, _ view: ArchiveView, _ bench: Bench) throws {
        let expected = bench.model.acknowledged
        var found: [String: [UInt8]] = [:]
        func take(_ record: Record, _ body: ArraySlice<UInt8>?) throws {
            found[record.collection + "/" + record.name] =
                try body.map { Array($0) } ?? view.body(of: record)
        }
        for path in expected.keys {
            let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
            let (collection, name) = (parts[0], parts[1])
            switch call {
            case .record:
                let answer = try view.recordWithBody(named: name, in: collection)
                guard let record = try view.record(named: name, in: collection) else { continue }
                try require(record.sequence == answer?.record.sequence, "a version")
                found[path] = answer?.body
            case .versions:
                let versions = try view.versions(of: name, in: collection)
                if let newest = versions.first { try take(newest, nil) }
            case .ranges:
                guard let record = try view.record(named: name, in: collection) else { continue }
                let half = record.byteCount / 2
                found[path] =
                    try view.body(of: record, in: 0..<half)
                    + view.body(of: record, in: half..<record.byteCount)
            case .fromName where found[path] == nil:
                try view.forEach(from: "", in: collection) { record, body in
                    try take(record, body)
                    return true
                }
            default: break
            }
        }
        if call == .inLogOrder {
            // Later versions come behind earlier ones.
            try view.forEachInLogOrder { record, body in
                let path = record.collection + "/" + record.name
                found[path] = nil
                if expected[path] != nil, !record.isDeleted { try take(record, body) }
                return true
            }
        }
        try require(found == expected, "\(found.count) of \(expected.count) records")
    }

    private static func require(_ isRight: Bool, _ what: String) throws {
        guard isRight else { throw BrokenPromise("wrong: \(what)") }
    }

    private static let honest: Set<ArchiveError.Code> = [
        .system, .full, .durabilityUnknown, .poisoned,
    ]

    private static func fail(
        _ call: Call,
        _ bench: Bench,
        at number: Int,
        _ reason: Errno,
        _ duration: SimulatedFault.Duration
    ) throws {
        let machine = bench.machine.clone()
        machine.inject(SimulatedFault(call: number, errno: reason, duration: duration))
        do {
            try perform(call, machine, bench)
        } catch let error as ArchiveError {
            guard honest.contains(error.code) else {
                throw BrokenPromise("told as \(error.code): \(error.message)")
            }
        }
        guard machine.openFileCount == 0 else {
            throw BrokenPromise("\(machine.openFileCount) files stay open")
        }
        machine.removeFaults()
        do {
            try perform(call, machine, bench)
        } catch let error as ArchiveError where error.code == .alreadyExists {
            // What failed came after the archive was there, whole.
            guard call == .create else { throw error }
        }
        if call == .create { try Engine.open(try newAddress(machine)).close() }
        // Whatever became of the question, the archive is as it was.
        let life = try Life(on: machine, model: bench.model)
        try life.end()
    }

    @Test(arguments: Call.allCases)
    func `is told as what it is, and the answer is right or none`(of call: Call) throws {
        let bench = try Self.bench()
        if call == .removeSlot { try Self.perform(.addSlot, bench.machine, bench) }
        let trial = bench.machine.clone()
        let before = trial.operationCount
        try Self.perform(call, trial, bench)
        let calls = trial.operationCount - before
        #expect(calls > 0)
        var count = 0
        var failures = 0
        for (turn, number) in Swift.stride(from: 1, through: calls, by: Self.stride).enumerated() {
            for duration in [SimulatedFault.Duration.once, .forever] {
                let reasons = Self.isFull ? Self.reasons : [Self.reasons[turn % 4]]
                for reason in reasons {
                    do {
                        try Self.fail(call, bench, at: number, reason, duration)
                    } catch {
                        failures += 1
                        if failures < 10 {
                            Issue.record(
                                "\(call), call \(number), \(reason), \(duration): \(error)"
                            )
                        }
                    }
                    count += 1
                }
            }
        }
        if Self.isFull { print("failures under \(call): \(count) at \(calls) calls") }
    }
}
