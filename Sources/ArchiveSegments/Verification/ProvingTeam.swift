import ArchiveFileIO
import ArchiveFormat

/// Proves the batches of segments on several threads and hands over what they found in order.
final class ProvingTeam: Sendable {
    /// Touched only by the thread whose number it has, and by the team's owner when none runs.
    private struct Worker: @unchecked Sendable {
        let prover: BatchProver
    }

    private let workers: [Worker]
    private let hasKeys: Bool
    /// What one worker reads at a time: little enough to be in the processor's cache when it is hashed.
    private static let runByteCount: UInt64 = 128 << 10
    /// Runs that are proved before their findings are taken, for each worker.
    private static let runsAhead = 4

    init(
        _ directory: SegmentDirectory,
        archiveID: ArchiveID,
        keys: (any LogKeys)?,
        threadCount: Int,
        visit: FrameVisitor
    ) {
        hasKeys = keys != nil
        let dictionaries = keys.map { DictionaryLibrary(directory, keys: $0) }
        workers = (0..<max(1, threadCount)).map { _ in
            Worker(
                prover: BatchProver(
                    archiveID: archiveID,
                    keys: keys,
                    dictionaries: dictionaries,
                    visit: visit
                )
            )
        }
    }

    /// The prover for work that is not shared out, while none is.
    var first: BatchProver { workers[0].prover }

    /// The same where frames can be opened at all; nil without keys.
    var single: BatchProver? { hasKeys ? first : nil }

    /// Proves all batches of a list; `take` gets what was found, in the order of the commits.
    func prove(
        _ list: CommitList,
        _ take: (BatchProof) throws(LogError) -> Void
    ) throws(LogError) {
        let workers = workers
        try WorkerTeam.inOrder(
            list.runs(byteCount: Self.runByteCount),
            threadCount: workers.count,
            ahead: workers.count * Self.runsAhead,
            { worker, run throws(LogError) in try workers[worker].prover.prove(run) },
            { proofs throws(LogError) in
                for proof in proofs { try take(proof) }
            }
        )
    }
}
