import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Support
import SystemPackage

@testable import Strongroom

/// An archive on a simulated machine, what was promised of it, and what befalls both.
///
/// Every step is followed by a look at the promises. The steps and the seeds in them decide all of
/// it but the ciphers' randomness, which the kernel gives.
final class Life {
    static let path = FilePath("/srv/archive")
    private static let key = [UInt8](repeating: 7, count: 32)

    private(set) var machine: SimulatedFileSystem
    var engine: Engine?
    var model = LifeModel()
    private(set) var saved: (machine: SimulatedFileSystem, model: LifeModel)?
    /// A write or sync failed after it began: nothing may be acknowledged before reopening.
    private(set) var mustReopen = false
    /// Calls may fail for a reason that is not the archive's.
    private(set) var isImpaired = false { didSet { if isImpaired { wasImpaired = true } } }
    /// Calls have failed since the archive was opened, which its index may not forgive.
    private var wasImpaired = false
    private var pendingCut: UInt64?
    private let clock = LifeClock()
    let configuration: ArchiveConfiguration
    /// Whether everything is looked at after each step, where nothing ails the machine.
    var looksAfterEachStep = false
    /// How many times the archive was examined as a whole.
    private(set) var checkCount = 0

    init(
        on machine: SimulatedFileSystem,
        _ configuration: ArchiveConfiguration = Life.configuration,
        model: LifeModel = LifeModel()
    ) throws {
        self.machine = machine
        self.configuration = configuration
        self.model = model
        try open()
    }

    /// Packs, pages and segments as small as they can be, so that a short life meets many of them.
    static var configuration: ArchiveConfiguration {
        var configuration = ArchiveConfiguration()
        configuration.packByteCount = 512
        configuration.segmentByteCount = 64 << 10
        configuration.pageByteCount = 512
        configuration.threadCount = 1
        configuration.compressionLevel = 1
        return configuration
    }

    func address(on machine: SimulatedFileSystem) throws -> ArchiveAddress {
        try Self.address(on: machine, configuration, clock: clock)
    }

    static func address(
        on machine: SimulatedFileSystem,
        _ configuration: ArchiveConfiguration = Life.configuration,
        clock: LifeClock = LifeClock()
    ) throws -> ArchiveAddress {
        var configuration = configuration
        configuration.logger = LifeLog.logger
        return ArchiveAddress(
            machine,
            path,
            credential: try .keyFile(SecretBytes(copying: key.span)),
            configuration: configuration,
            clock: { clock.now() }
        )
    }

    /// A machine with an empty archive.
    static func machine(
        _ configuration: ArchiveConfiguration = Life.configuration,
        heardBy ledger: WriteLedger? = nil
    ) throws -> SimulatedFileSystem {
        let machine = SimulatedFileSystem()
        if let ledger { machine.observeWrites { ledger.hear($0, $1) } }
        try machine.makeDirectories("/srv")
        try Engine.create(try address(on: machine, configuration)).close()
        return machine
    }

    // MARK: Steps

    func perform(_ step: LifeStep) throws {
        switch step {
        case .powerCut(let seed): return try cutPower(seed)
        case .powerCutAhead(let changes, let seed):
            if pendingCut == nil { machine.crash(atChange: machine.changeCount + changes) }
            pendingCut = pendingCut ?? seed
        case .kill:
            engine = nil
            try reopenIfPossible()
        case .setBack: try setBack()
        case .save: try save()
        case .fault(let fault, let call, let errno, let isForever):
            isImpaired = true
            machine.inject(fault.simulated(call, Errno(rawValue: errno), isForever))
        case .bitRot(let seed): try rot(seed)
        case .badSector(let seed):
            isImpaired = true
            spoil(seed)
        case .fill(let byteCount):
            isImpaired = true
            machine.limitGrowth(to: byteCount)
        case .heal: heal()
        case .clock(let delta): clock.move(by: delta)
        default: try work(step)
        }
        if machine.hasCrashed { try cutPower(pendingCut ?? 1) }
        if looksAfterEachStep { try look() }
    }

    /// Holds everything against the promises, unless calls fail at the moment or have failed: then the
    /// records only, or nothing before reopening.
    private func look() throws {
        guard let engine, !isImpaired, !mustReopen, model.uncertain == nil else { return }
        if !wasImpaired { return try check() }
        let found = try Self.contents(of: engine)
        guard found == model.acknowledged else {
            throw BrokenPromise(Self.difference(found, model))
        }
    }

    /// The last look, when everything works again.
    func end() throws {
        heal()
        if machine.hasCrashed { try cutPower(pendingCut ?? 1) }
        if engine == nil || mustReopen || wasImpaired {
            engine = nil
            try open()
        }
        try check()
        try engine?.close()
        engine = nil
        guard machine.openFileCount == 0 else {
            throw BrokenPromise("\(machine.openFileCount) files stay open after the end")
        }
        try LifeLog.requireClean()
    }

    private func work(_ step: LifeStep) throws {
        switch step {
        case .reopen: return try reopen()
        case .rebuild:
            engine = nil
            return try reopenIfPossible(rebuilding: true)
        default: break
        }
        if engine == nil { try reopenIfPossible() }
        guard let engine else { return }
        switch step {
        case .put(let seed): try commit(LifeText.records([seed]), engine)
        case .batch(let seed):
            try commit(LifeText.records((0..<6).map { seed &+ $0 &* 7 }), engine)
        case .largePut(let seed): try putLarge(seed, engine)
        case .delete(let seed): try delete(seed, engine)
        case .checkpoint: try attempt { try engine.checkpoint() }
        case .advanceHead: try attempt { try engine.advanceHead() }
        case .seal: try attempt { try engine.sealForTest() }
        case .snapshot:
            try attempt {
                self.model.snapshots.insert(try engine.snapshot(label: WriteLedger.canary).id)
            }
        default: break
        }
    }

    private func commit(_ records: [NewRecord], _ engine: Engine) throws {
        var batch: LifeModel.Batch = [:]
        for record in records {
            batch[record.collection + "/" + record.name] =
                .some(record.isTombstone ? nil : record.body)
        }
        try acknowledging(batch) { _ = try engine.commit(records) }
    }

    private func putLarge(_ seed: UInt64, _ engine: Engine) throws {
        var record = LifeText.record(seed)
        let body = LifeText.largeBody(seed)
        let key = record.collection + "/" + record.name
        record.body = []
        try acknowledging([key: body]) {
            var pieces = [body]
            _ = try engine.put(record) { pieces.popLast() }
        }
    }

    private func delete(_ seed: UInt64, _ engine: Engine) throws {
        let record = LifeText.record(seed)
        var batch = WriteBatch()
        batch.delete(record.name, in: record.collection)
        let model: LifeModel.Batch = [record.collection + "/" + record.name: nil]
        try acknowledging(model) { _ = try engine.commit(batch) }
    }

    /// Runs a change of records; what it answers decides what is promised.
    private func acknowledging(_ batch: LifeModel.Batch, _ body: () throws -> Void) throws {
        // At a crash the call itself never returns: what it was about to write may be there.
        model.uncertain = model.uncertain ?? batch
        let before = mustReopen
        var isDone = false
        try attempt {
            try body()
            isDone = true
        }
        if isDone {
            guard !before else {
                throw BrokenPromise("a batch was acknowledged by a writer whose sync had failed")
            }
            model.acknowledge(batch)
            model.uncertain = nil
        } else if before == mustReopen, !before {
            // Refused before anything was written.
            model.uncertain = nil
        }
        if let engine, !mustReopen { try requireVisible(batch, engine, isDone) }
    }

    /// Runs what may fail, if it has a reason to.
    private func attempt(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ArchiveError {
            if WriteLedger.holdsCanary(Array(error.message.utf8)) {
                throw BrokenPromise("an error tells a name: \(error.message)")
            }
            let isExcused = isImpaired || mustReopen || machine.hasCrashed
            guard isExcused || (wasImpaired && error.code == .poisoned) else { throw error }
            guard Self.honest.contains(error.code) else {
                throw BrokenPromise("a failed call is told as \(error.code): \(error.message)")
            }
            if error.code == .durabilityUnknown { mustReopen = true }
        }
    }

    /// What a failed system call may be told as: never as damage, a wrong key or a lost commit.
    private static let honest: Set<ArchiveError.Code> = [
        .system, .full, .durabilityUnknown, .poisoned,
    ]

    // MARK: Opening

    private func reopen() throws {
        if let engine { try attempt { try engine.close() } }
        engine = nil
        try reopenIfPossible()
    }

    private func reopenIfPossible(rebuilding: Bool = false) throws {
        try attempt { try self.open(rebuilding: rebuilding) }
    }

    private func open(rebuilding: Bool = false) throws {
        engine = nil
        let opened = try Engine.open(try address(on: machine), rebuildingIndex: rebuilding)
        mustReopen = false
        wasImpaired = isImpaired
        engine = opened
        try settle(opened)
    }

    /// Holds what there is after opening against what was promised.
    private func settle(_ opened: Engine) throws {
        let found: [String: [UInt8]]
        do { found = try Self.contents(of: opened) } catch let error as ArchiveError {
            guard isImpaired || machine.hasCrashed, Self.honest.contains(error.code) else {
                throw error
            }
            engine = nil
            return
        }
        let expected = model
        guard model.settle(found) else {
            throw BrokenPromise(Self.difference(found, expected))
        }
    }

    private func cutPower(_ seed: UInt64) throws {
        engine = nil
        pendingCut = nil
        machine.liftLimit()
        machine.mendSectors()
        var oracle = SeededOracle(seed: seed, tearsSectors: seed % 4 == 0)
        machine = machine.afterCrash(&oracle)
        isImpaired = false
        mustReopen = false
        try open()
        try check()
    }

    private func heal() {
        machine.removeFaults()
        machine.mendSectors()
        machine.liftLimit()
        isImpaired = false
        guard !machine.hasCrashed else { return }
        machine.crash(atChange: .max)
        pendingCut = nil
    }

    private func save() throws {
        guard !mustReopen, model.uncertain == nil, !machine.hasCrashed else { return }
        saved = (machine.clone(), model)
    }

    /// The machine as it was saved goes on, as its twin has gone on before.
    private func setBack() throws {
        guard let saved else { return }
        engine = nil
        pendingCut = nil
        machine = saved.machine.clone()
        machine.liftLimit()
        machine.mendSectors()
        model = saved.model
        isImpaired = false
        mustReopen = false
        try open()
    }

    // MARK: Looking

    /// Everything that must hold of an archive that nothing ails.
    func check() throws {
        guard let engine else { return }
        checkCount += 1
        let found = try Self.contents(of: engine)
        guard found == model.acknowledged else {
            throw BrokenPromise(Self.difference(found, model))
        }
        let kept = Set(try engine.snapshots().map(\.id))
        guard kept.isSuperset(of: model.snapshots) else {
            throw BrokenPromise("a snapshot is gone")
        }
        let report = try engine.verify()
        guard report.findings == [] else {
            throw BrokenPromise("a verification finds \(report.findings)")
        }
    }

    private func requireVisible(
        _ batch: LifeModel.Batch,
        _ engine: Engine,
        _ isDone: Bool
    ) throws {
        guard isDone, !isImpaired, !machine.hasCrashed, let name = batch.keys.min() else { return }
        let found = try Self.contents(of: engine)
        guard found[name] == model.acknowledged[name] else {
            throw BrokenPromise("what was just acknowledged is not there: \(name)")
        }
    }

    /// What an archive holds now, by collection and name.
    static func contents(of engine: Engine) throws -> [String: [UInt8]] {
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var query = RecordQuery()
        query.collection = nil
        var found: [String: [UInt8]] = [:]
        try view.forEach(query) { record in
            found[record.collection + "/" + record.name] = try view.body(of: record)
            return true
        }
        return found
    }

    private static func difference(_ found: [String: [UInt8]], _ model: LifeModel) -> String {
        let names = Set(found.keys).union(model.acknowledged.keys).sorted()
        let wrong = names.filter { found[$0] != model.acknowledged[$0] }
        let missing = wrong.filter { found[$0] == nil }
        let batch = model.uncertain.map { $0.keys.sorted().description } ?? "none"
        return
            "of \(model.acknowledged.count) promised records these are missing, wrong or too many: "
            + "\(wrong), missing of them \(missing); uncertain batch: \(batch)"
    }
}

extension Engine {
    /// Seals the active segment, as a commit does that finds it full.
    func sealForTest() throws {
        guard let log else { return }
        do { try log.seal() } catch { throw ArchiveError.wrapping(error) }
        end = log.place
    }
}
