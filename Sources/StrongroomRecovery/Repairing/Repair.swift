import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import Strongroom
public import StrongroomVaults
import Synchronization
import SystemPackage

/// Mends a vault, or an archive's own files, from other copies of the same archive.
///
/// It needs no key: signed snapshots say what each byte must be. Only damaged parts are fetched, from
/// whichever source has them whole, and each is proved before it is used. The mended object takes the
/// damaged one's place in one step, and the damaged bytes are kept in `quarantine/`. It may be stopped
/// or killed at any point and run again.
///
/// An archive's directory is a ``DirectoryStore`` like any vault; what no snapshot lists, the index
/// and the segment that is being written to are not mended here.
public struct Repair: Sendable {
    let store: any ObjectStore
    let sources: [any ObjectStore]
    let publicKey: [UInt8]?
    let parallelism: Int
    let clock: RecoveryClock

    /// Prepares to mend `store` from `sources`, which are tried in their order.
    ///
    /// `publicKey` is the archive's, in hexadecimal digits; without it what `archive.json` in `store`
    /// names itself is trusted.
    ///
    /// - Throws: `invalid` unless it is 64 hexadecimal digits.
    public init(
        of store: any ObjectStore,
        from sources: [any ObjectStore],
        publicKey: String? = nil,
        parallelism: Int = 2,
        clock: RecoveryClock = .system
    ) throws(RecoveryError) {
        self.publicKey = try publicKey.map { text throws(RecoveryError) in
            guard let bytes = Hex.decode(text), bytes.count == Ed25519.publicKeyByteCount else {
                throw RecoveryError(
                    .invalid,
                    "a public key is 64 hexadecimal digits; `strongroom status` tells the archive's"
                )
            }
            return bytes
        }
        self.store = store
        self.sources = sources
        // What is put reads its own old object meanwhile: a store must have threads left for that.
        self.parallelism = min(parallelism, 2)
        self.clock = clock
    }

    /// Mends what a plan says; what no source has whole is in the result's findings.
    ///
    /// - Throws: `full`, `refused`, `unreachable` for what is repaired; `cancelled`.
    public func carryOut(
        _ plan: RepairPlan,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> RepairResult {
        let start = clock.elapsed()
        var places: [RepairPlace] = []
        for source in sources { places.append(try await RepairPlace.read(source)) }
        let mender = RepairMender(
            target: try await RepairPlace.read(store),
            sources: places,
            stamp: clock.now(),
            meter: ProgressMeter(
                .mending,
                byteCount: plan.steps.reduce(0) { $0 + $1.byteCount },
                objectCount: plan.steps.count,
                progress
            )
        )
        let outcomes = Mutex<[RepairMender.Outcome]>([])
        let collect: @Sendable (RepairMender.Outcome) -> Void = { outcome in
            outcomes.withLock { $0.append(outcome) }
        }
        // A manifest tells that all of its segments are there, so it comes after them.
        let segments = plan.steps.filter { if case .segment = $0.content { true } else { false } }
        try await forEach(segments, atATime: parallelism, "repairing") { step in
            collect(try await mender.mend(step))
        }
        for step in plan.steps {
            guard case .bytes = step.content else { continue }
            try RecoveryError.checkCancellation("repairing")
            collect(try await mender.mend(step))
        }
        var result = RepairResult()
        result.findings = plan.hopeless
        for outcome in outcomes.withLock({ $0 }) {
            switch outcome {
            case .mended(let mend): result.mended.append(mend)
            case .failed(let finding): result.findings.append(finding)
            }
        }
        result.mended.sort { $0.name < $1.name }
        result.duration = clock.elapsed() - start
        return result
    }
}
