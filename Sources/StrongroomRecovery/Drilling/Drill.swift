package import ArchiveFileIO
package import Strongroom
public import StrongroomVaults
public import SystemPackage

/// Rehearses the disaster and proves the way back.
///
/// From nothing but the vault and a key it recovers the archive into a scratch directory, opens and
/// checks every record, compares what came back with what the snapshot signs, and measures how long
/// it took. A drill that cannot be carried out to its end is inconclusive, never passed.
public struct Drill: Sendable {
    let store: any ObjectStore
    let keys: VaultKeys
    let files: any FileSystem
    let configuration: ArchiveConfiguration
    let clock: RecoveryClock

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
        /// What is rehearsed.
        public var scenario = DrillReport.Scenario.lostHost
        /// The snapshot to recover; nil for the newest.
        public var snapshot: String?
        /// Where to recover: an empty or new directory; nil for one beside the vault.
        public var scratch: FilePath?
        /// Whether the recovered archive stays.
        public var keepsScratch = false
        /// When the disaster struck, in microseconds since 1970: the loss window is measured up to it.
        ///
        /// Nil for the start of the drill. Ransomware needs one.
        public var referenceTime: Int64?
        /// The longest that recovering and verifying may take (RTO); nil if any time is good.
        public var recoveryTimeObjective: Duration?
        /// The longest loss window that is acceptable (RPO); nil if any is.
        public var recoveryPointObjective: Duration?
        /// Another vault of the archive, to mend a damaged one from.
        public var otherVault: (any ObjectStore)?
        /// The user's own checks: programs with their arguments, run without a shell once the archive
        /// is back, with its path as one more argument.
        ///
        /// Each must end with status 0, within an hour.
        public var checks: [[String]] = []

        /// The loss of the host, from the newest snapshot, in a directory that is removed.
        public init() {}
    }

    /// Runs the drill to its end.
    ///
    /// - Throws: `cancelled` only; whatever else happens is what the report is for.
    public func run(
        _ options: Options = Options(),
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> DrillReport {
        let journal = DrillJournal(clock)
        var rehearsal = Rehearsal(
            store: store,
            keys: keys,
            files: files,
            configuration: configuration,
            clock: clock,
            options: options,
            journal: journal,
            progress: journal.listening(progress),
            report: DrillReport(options.scenario, started: clock.now())
        )
        do throws(RecoveryError) {
            let scratch = try await scratch(options)
            do throws(RecoveryError) {
                try await rehearsal.run(in: scratch.path)
            } catch {
                await clear(scratch, options, &rehearsal)
                throw error
            }
            await clear(scratch, options, &rehearsal)
        } catch  where error.code == .cancelled {
            throw error
        } catch {
            let isFull = error.code == .full
            rehearsal.report.conclude(
                Self.outcome(of: error),
                error.code.rawValue,
                error.message
                    + (isFull ? "; a drill may go elsewhere too (`--scratch DIR`)" : "")
            )
        }
        rehearsal.conclude()
        var report = rehearsal.report
        try report.seal(with: rehearsal.keyring)
        return report
    }

    /// Damage is a failed drill; what keeps it from being tried leaves it open.
    private static func outcome(of error: RecoveryError) -> DrillReport.Outcome {
        switch error.code {
        case .integrity, .rollback, .foreign, .conflict: .failed
        default: .inconclusive
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
        _ rehearsal: inout Rehearsal
    ) async {
        guard !options.keepsScratch else { return }
        rehearsal.journal.begin("clearing")
        do throws(RecoveryError) {
            try await LocalFiles.pool.run { () throws(RecoveryError) in try scratch.remove() }
        } catch {
            rehearsal.report.notes.append(
                "the scratch directory could not be removed: \(error.message)"
            )
        }
    }
}
