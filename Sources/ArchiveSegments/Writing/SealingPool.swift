import ArchiveFileIO
import ArchiveFormat
package import ArchiveSealing
import Synchronization

/// Packs, compresses, seals and hashes the frames of a batch on several threads, in order.
///
/// A batch is cut into more stretches than there are threads, and whoever is free takes the next one.
/// The memory it holds is bounded by the batch: each stretch has one output buffer, reused.
package final class SealingPool {
    /// What one stretch became: touched only by the thread that took the stretch, and by the pool's
    /// owner when none runs.
    private final class Output: @unchecked Sendable {
        var bytes: [UInt8] = []
        var frames: [SealedFrame] = []
        var failure: LogError?
    }

    /// One thread's contexts.
    private final class Worker: @unchecked Sendable {
        let sealer: FrameSealer

        init(_ sealer: FrameSealer) { self.sealer = sealer }
    }

    /// Where a sealed frame begins in its stretch's output, and its leaf hash.
    package struct SealedFrame: Sendable {
        package let start: Int
        package let leaf: Digest
    }

    /// What is the same for all stretches of a batch.
    private struct Job: Sendable {
        let drafts: [FrameDraft]
        let batch: RecordBatch
        let salt: [UInt8]
        let epoch: UInt32
    }

    private let workers: [Worker]
    private let outputs: [Output]
    /// Below this much plaintext one thread is faster than waking another.
    private static let parallelThreshold = 64 << 10
    private static let stretchesPerWorker = 4

    package init(keys: any LogKeys, threadCount: Int, level: Int) {
        let count = max(1, threadCount)
        workers = (0..<count).map { _ in Worker(FrameSealer(keys: keys, level: level)) }
        outputs = (0..<(count * Self.stretchesPerWorker)).map { _ in Output() }
    }

    /// Seals `drafts`, those of packs with records of `batch`; frame i has the nonce `salt ‖ i`.
    ///
    /// Answers how many stretches have output.
    package func seal(
        _ drafts: [FrameDraft],
        of batch: RecordBatch,
        salt: [UInt8],
        epoch: UInt32
    ) throws(LogError) -> Int {
        let job = Job(drafts: drafts, batch: batch, salt: salt, epoch: epoch)
        let ranges = split(drafts, of: batch)
        let (workers, outputs) = (workers, outputs)
        let next = Atomic(0)
        WorkerTeam.perform(min(workers.count, ranges.count)) { worker in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < ranges.count else { return }
                Self.run(workers[worker].sealer, job, ranges[index], outputs[index])
            }
        }
        for output in outputs.prefix(ranges.count) {
            if let failure = output.failure { throw failure }
        }
        return ranges.count
    }

    /// Lends the bytes and frames of one stretch.
    package func withOutput<Result, Failure: Error>(
        of stretch: Int,
        _ body: (inout [UInt8], [SealedFrame]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(&outputs[stretch].bytes, outputs[stretch].frames)
    }

    private static func run(
        _ sealer: FrameSealer,
        _ job: Job,
        _ range: Range<Int>,
        _ output: Output
    ) {
        output.bytes.removeAll(keepingCapacity: true)
        output.frames.removeAll(keepingCapacity: true)
        output.failure = nil
        do throws(LogError) {
            for index in range {
                let start = output.bytes.count
                let leaf = try sealer.seal(
                    job.drafts[index],
                    of: job.batch,
                    nonce: FrameNonce(salt: job.salt.span, index: UInt32(index)),
                    epoch: job.epoch,
                    appendingTo: &output.bytes
                )
                output.frames.append(SealedFrame(start: start, leaf: leaf))
            }
        } catch {
            output.failure = error
        }
    }

    /// Cuts the drafts into stretches of less and less plaintext, so that all threads end at about the same
    /// time.
    private func split(_ drafts: [FrameDraft], of batch: RecordBatch) -> [Range<Int>] {
        guard workers.count > 1, drafts.count > 1 else { return [0..<drafts.count] }
        let sizes = drafts.map { $0.plainByteCount(of: batch) }
        let total = sizes.reduce(0, +)
        guard total >= Self.parallelThreshold else { return [0..<drafts.count] }
        let count = min(outputs.count, max(2, total / (Self.parallelThreshold / 4)))
        var ranges: [Range<Int>] = []
        var start = 0
        var sum = 0
        for (index, size) in sizes.enumerated() {
            sum += size
            let left = count - ranges.count - 1
            if (total - sum) * count * count <= total * left * left || index == drafts.count - 1 {
                ranges.append(start..<(index + 1))
                start = index + 1
            }
        }
        return ranges
    }
}

extension FrameDraft {
    /// About how much plaintext the frame has.
    func plainByteCount(of batch: RecordBatch) -> Int {
        switch content {
        case .bytes(let plain): return plain.count
        case .pack(let members):
            let parts = batch.records.parts.span
            var sum = 0
            for member in members { sum += parts[member].body.count + 128 }
            return sum
        }
    }
}
