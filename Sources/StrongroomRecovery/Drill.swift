import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
package import Strongroom
public import StrongroomVaults
public import SystemPackage

/// Rehearses the disaster and proves the way back.
///
/// From nothing but the vault and a key it recovers the archive into a scratch directory, opens and
/// checks every record, compares what came back with what the snapshot signs, and measures how long
/// it took. A drill that cannot be carried out to its end is inconclusive, never passed.
public struct Drill: Sendable {
    private let store: any ObjectStore
    private let keys: VaultKeys
    private let files: any FileSystem
    private let configuration: ArchiveConfiguration
    private let clock: RecoveryClock

    /// Prepares a drill.
    public init(
        from store: any ObjectStore,
        unlocking keys: VaultKeys,
        clock: RecoveryClock = .system
    ) {
        self.init(from: store, unlocking: keys, on: PosixFileSystem(), clock: clock)
    }

    package init(
        from store: any ObjectStore,
        unlocking keys: VaultKeys,
        on files: any FileSystem,
        configuration: ArchiveConfiguration = ArchiveConfiguration(),
        clock: RecoveryClock = .system
    ) {
        self.store = store
        self.keys = keys
        self.files = files
        self.configuration = configuration
        self.clock = clock
    }

    /// How a drill is run.
    public struct Options: Sendable {
        /// The snapshot to recover; nil for the newest.
        public var snapshot: String?
        /// Where to recover: an empty or new directory; nil for one beside the vault.
        public var scratch: FilePath?
        /// Whether the recovered archive stays.
        public var keepsScratch = false
        /// When the host was lost, in microseconds since 1970: the loss window is measured up to it.
        public var referenceTime: Int64?

        /// The newest snapshot, in a directory that is removed.
        public init() {}
    }

    /// Runs the drill to its end.
    ///
    /// - Throws: `cancelled` only; whatever else happens is what the report is for.
    public func run(
        _ options: Options = Options(),
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> DrillReport {
        var report = DrillReport(.lostHost, started: clock.now())
        var keyring: Keyring?
        do throws(RecoveryError) {
            let scratch = try await scratch(options)
            do throws(RecoveryError) {
                try await rehearse(options, in: scratch.path, &report, &keyring, progress)
            } catch {
                await clear(scratch, options, &report)
                throw error
            }
            await clear(scratch, options, &report)
        } catch  where error.code == .cancelled {
            throw error
        } catch {
            report.conclude(Self.outcome(of: error), error.code.rawValue, error.message)
        }
        report.ended = clock.now()
        try report.seal(with: keyring)
        return report
    }

    /// Damage is a failed drill; what keeps it from being tried leaves it open.
    private static func outcome(of error: RecoveryError) -> DrillReport.Outcome {
        switch error.code {
        case .integrity, .rollback, .foreign, .conflict: .failed
        default: .inconclusive
        }
    }

    // MARK: Steps

    private func rehearse(
        _ options: Options,
        in path: FilePath,
        _ report: inout DrillReport,
        _ keyring: inout Keyring?,
        _ progress: ProgressHandler?
    ) async throws(RecoveryError) {
        let start = clock.elapsed()
        let vault = try await UnlockedVault.open(store, keys)
        keyring = vault.keyring
        report.archive = vault.document.archiveID.hex
        report.publicKey = vault.publicKey
        // Known from here on, whatever keeps the drill from going on.
        report.note(vault.findings)
        let chosen = try vault.snapshot(options.snapshot)
        report.source = DrillReport.Source(chosen)
        let recovery = Recovery(
            from: store,
            unlocking: keys,
            on: files,
            configuration: configuration,
            clock: clock
        )
        let request = Recovery.Request(
            path: path,
            moment: .snapshot(chosen.manifest.id),
            start: start,
            progress: progress
        )
        let manifest = chosen.manifest
        let (result, proof) = try await recovery.run(vault, request) {
            engine throws(ArchiveError) in
            try Self.verify(engine, manifest, progress)
        }
        report.note(result.findings.dropFirst(vault.findings.count))
        report.timeToFirstRecord = result.timeToFirstRecord
        if let reference = options.referenceTime, let newest = result.newestRecordTime {
            report.lossWindow = .microseconds(reference - newest)
        }
        guard let proof else { return }
        report.timeToVerified = clock.elapsed() - start
        compare(proof, chosen, vault, &report)
        if report.reasons.isEmpty { report.outcome = .passed }
    }

    /// Opens and checks everything that came back.
    private static func verify(
        _ engine: Engine,
        _ manifest: SnapshotManifest,
        _ progress: ProgressHandler?
    ) throws(ArchiveError) -> VerificationReport {
        let meter = ProgressMeter(
            .verifying,
            byteCount: manifest.segmentByteCount,
            objectCount: manifest.segments.count,
            progress
        )
        let reached = Reached()
        return try engine.verify { done in
            meter.add(byteCount: reached.advance(to: done), objectCount: 1)
        }
    }

    /// Compares what came back with what was signed.
    private func compare(
        _ proof: VerificationReport,
        _ chosen: StoredManifest,
        _ vault: UnlockedVault,
        _ report: inout DrillReport
    ) {
        let counts = VaultCounts(proof)
        let manifest = chosen.manifest
        report.counts = counts
        report.notes += proof.notes
        report.findings += proof.findings
        for finding in proof.findings {
            report.conclude(.failed, VaultFinding.Kind.damaged.rawValue, finding)
        }
        let snapshots = UInt64(vault.history(of: chosen).count)
        let pairs: [(String, UInt64, UInt64)] = [
            ("records", counts.recordCount, manifest.recordCount),
            ("bytes of bodies", counts.recordByteCount, manifest.recordByteCount),
            ("commits", counts.commitCount, manifest.treeSize),
            ("segments", UInt64(counts.segmentCount), UInt64(manifest.segments.count)),
            ("bytes of segments", counts.byteCount, manifest.segmentByteCount),
            ("snapshots with the signed tree", UInt64(counts.snapshotCount), snapshots),
        ]
        for (what, found, signed) in pairs where found != signed {
            report.conclude(
                .failed,
                DrillReport.Reason.mismatch,
                "\(found) \(what) came back, \(signed) were signed"
            )
        }
    }

    // MARK: Scratch

    private func scratch(_ options: Options) async throws(RecoveryError) -> DrillScratch {
        let (store, files) = (store, files)
        return try await LocalFiles.pool.run { () throws(RecoveryError) in
            try DrillScratch(options.scratch, for: store, on: files)
        }
    }

    /// Takes the scratch away; that this fails does not change how the drill went.
    private func clear(
        _ scratch: DrillScratch,
        _ options: Options,
        _ report: inout DrillReport
    ) async {
        guard !options.keepsScratch else { return }
        do throws(RecoveryError) {
            try await LocalFiles.pool.run { () throws(RecoveryError) in try scratch.remove() }
        } catch {
            report.notes.append("the scratch directory could not be removed: \(error.message)")
        }
    }
}
