import ArchiveFileIO
import ArchiveFormat
import Synchronization

/// Proves the batches of sealed segments on several threads and hands over what they found in order.
final class ProvingTeam: Sendable {
    /// Touched only by the thread whose number it has, and by the team's owner when none runs.
    private struct Worker: @unchecked Sendable {
        let prover: BatchProver
    }

    private let workers: [Worker]
    private let hasKeys: Bool
    /// What one worker reads at a time.
    private static let runByteCount: UInt64 = 1 << 20
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

    /// Proves all batches of a segment; `take` gets what was found, in the order of the commits.
    func prove(
        _ segment: SealedSegment,
        _ take: (BatchProof) throws(LogError) -> Void
    ) throws(LogError) {
        let runs = BatchRun.all(of: segment, byteCount: Self.runByteCount)
        let groupCount = workers.count * Self.runsAhead
        for start in stride(from: 0, to: runs.count, by: groupCount) {
            let group = Array(runs[start..<min(start + groupCount, runs.count)])
            for proofs in try prove(group) {
                for proof in proofs { try take(proof) }
            }
        }
    }

    private func prove(_ runs: [BatchRun]) throws(LogError) -> [[BatchProof]] {
        let next = Atomic(0)
        let outcomes = Mutex<[Result<[BatchProof], LogError>]>(
            Array(repeating: .success([]), count: runs.count)
        )
        WorkerTeam.perform(min(workers.count, runs.count)) { worker in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < runs.count else { return }
                let outcome: Result<[BatchProof], LogError>
                do throws(LogError) {
                    outcome = .success(try workers[worker].prover.prove(runs[index]))
                } catch {
                    outcome = .failure(error)
                }
                outcomes.withLock { $0[index] = outcome }
            }
        }
        var proofs: [[BatchProof]] = []
        for outcome in outcomes.withLock({ $0 }) { proofs.append(try outcome.get()) }
        return proofs
    }
}
