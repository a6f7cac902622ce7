import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import Strongroom
import StrongroomVaults
import SystemPackage

/// One drill while it runs, and what it has found so far.
struct Rehearsal {
    let store: any ObjectStore
    let keys: VaultKeys
    let files: any FileSystem
    let configuration: ArchiveConfiguration
    let clock: RecoveryClock
    let options: Drill.Options
    let journal: DrillJournal
    let progress: ProgressHandler
    var report: DrillReport
    /// What signs the report, once it is open.
    var keyring: Keyring?

    /// What was seen of a recovered archive.
    struct Proof: Sendable {
        let verification: VerificationReport
        let history: [DrillReport]
    }

    /// Carries the scenario out in an empty directory.
    mutating func run(in path: FilePath) async throws(RecoveryError) {
        journal.begin("opening")
        report.struck = options.referenceTime ?? report.started
        switch options.scenario {
        case .lostHost: try await loseHost(path)
        case .lostIndex: try await loseIndex(path)
        case .damagedVault: try await damageVault(path)
        case .deletedSnapshot: try await deleteSnapshot(path)
        case .ransomware: try await strike(path)
        }
        if report.counts != nil { try await check(path) }
    }

    /// Judges what was measured, when all is over.
    mutating func conclude() {
        report.judge(options)
        if report.counts != nil, report.reasons.isEmpty { report.outcome = .passed }
        report.phases = journal.end()
        report.ended = clock.now()
    }

    // MARK: Steps that scenarios share

    /// Opens a vault; what it lacks is known from here on, whatever keeps the drill from going on.
    mutating func open(_ store: any ObjectStore) async throws(RecoveryError) -> UnlockedVault {
        let vault = try await UnlockedVault.open(store, keys)
        keyring = vault.keyring
        report.archive = vault.document.archiveID.hex
        report.publicKey = vault.publicKey
        report.note(vault.findings)
        return vault
    }

    func recovery(from store: any ObjectStore) -> Recovery {
        Recovery(
            from: store,
            unlocking: keys,
            on: files,
            configuration: configuration,
            clock: clock
        )
    }

    func request(
        _ path: FilePath,
        at moment: RecoveryMoment,
        since start: Duration
    ) -> Recovery.Request {
        Recovery.Request(path: path, moment: moment, start: start, progress: progress)
    }

    /// Reads a record where it is, in the vault, and notes how soon that was.
    ///
    /// Where none opens, the first one is read when all are back.
    mutating func readFirst(
        _ vault: UnlockedVault,
        from store: any ObjectStore,
        at moment: RecoveryMoment,
        since start: Duration
    ) async throws(RecoveryError) {
        journal.begin("first record")
        let first = FirstRecord(vault, try vault.snapshot(at: moment), in: store)
        report.timeToFirstRecord = try await first.read(at: moment, clock).map { $0 - start }
    }

    /// Recovers, opens and checks everything, and notes how long that took.
    mutating func recover(
        _ vault: UnlockedVault,
        from store: any ObjectStore,
        to path: FilePath,
        at moment: RecoveryMoment,
        since start: Duration
    ) async throws(RecoveryError) {
        let chosen = try vault.snapshot(at: moment)
        report.source = DrillReport.Source(chosen)
        let manifest = chosen.manifest
        let publicKey = vault.publicKey
        let progress = progress
        var request = request(path, at: moment, since: start)
        let journal = journal
        request.watchProof = { hasBegun in journal.beside("proving", hasBegun) }
        let (result, proof) = try await recovery(from: store).run(vault, request) {
            engine,
            early throws(ArchiveError) in
            try Self.prove(engine, early, manifest, publicKey, progress)
        }
        report.note(result.findings.dropFirst(vault.findings.count))
        report.timeToFirstRecord = report.timeToFirstRecord ?? result.timeToFirstRecord
        guard let proof else { return }
        report.timeToVerified = clock.elapsed() - start
        report.history = proof.history
        measureLoss(manifest, newest: result.newestRecordTime)
        if result.isCut {
            compare(proof.verification, recordCount: result.recordCount, result.recordByteCount)
        } else {
            compare(proof.verification, chosen, snapshots: vault.history(of: chosen).count)
        }
    }

    /// Up to its snapshot everything came back: a quiet night is no loss.
    mutating func measureLoss(_ manifest: SnapshotManifest, newest: Int64?) {
        guard let struck = report.struck else { return }
        let covered = max(manifest.time.microseconds, newest ?? .min)
        report.lossWindow = .microseconds(max(0, struck - covered))
    }

    /// Opens and checks everything that came back and was not proved on the way.
    static func prove(
        _ engine: Engine,
        _ early: EarlyProof?,
        _ manifest: SnapshotManifest,
        _ publicKey: String,
        _ progress: @escaping ProgressHandler
    ) throws(ArchiveError) -> Proof {
        let meter = ProgressMeter(
            .verifying,
            byteCount: manifest.segmentByteCount,
            objectCount: manifest.segments.count,
            progress
        )
        let reached = Reached()
        let verification = try engine.verify(after: early) { done in
            meter.add(byteCount: reached.advance(to: done), objectCount: 1)
        }
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        // Reports of other days are no part of what is proved.
        let history = try? DrillHistory.read(view, publicKey: publicKey)
        return Proof(verification: verification, history: history ?? [])
    }
}
