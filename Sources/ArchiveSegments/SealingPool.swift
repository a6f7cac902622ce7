import ArchiveFormat
package import ArchiveSealing
import Dispatch

/// Seals the frames of a batch on several threads, in order.
///
/// The memory it holds is bounded by the batch: each worker has one output buffer, reused.
package final class SealingPool {
    /// One worker: touched only by the thread that `concurrentPerform` gives its index to, and by the
    /// pool's owner when none runs.
    private final class Worker: @unchecked Sendable {
        let sealer: FrameSealer
        var bytes: [UInt8] = []
        var frames: [SealedFrame] = []
        var failure: LogError?

        init(_ sealer: FrameSealer) { self.sealer = sealer }
    }

    /// Where a sealed frame begins in its worker's output, and its leaf hash.
    package struct SealedFrame: Sendable {
        package let start: Int
        package let leaf: Digest
    }

    private let workers: [Worker]
    /// Below this much plaintext one thread is faster than waking another.
    private static let parallelThreshold = 64 << 10

    package init(keys: any LogKeys, threadCount: Int, level: Int) {
        workers = (0..<max(1, threadCount)).map { _ in
            Worker(FrameSealer(keys: keys, level: level))
        }
    }

    /// Seals `drafts`; frame i has the nonce `salt ‖ i`.
    ///
    /// Answers how many workers have output.
    package func seal(
        _ drafts: [FrameDraft],
        salt: [UInt8],
        epoch: UInt32
    ) throws(LogError) -> Int {
        let ranges = split(drafts)
        let workers = workers
        for (worker, range) in zip(workers, ranges) {
            worker.bytes.removeAll(keepingCapacity: true)
            worker.frames.removeAll(keepingCapacity: true)
            worker.frames.reserveCapacity(range.count)
            worker.failure = nil
        }
        if ranges.count == 1 {
            Self.run(workers[0], drafts, ranges[0], salt: salt, epoch: epoch)
        } else {
            DispatchQueue.concurrentPerform(iterations: ranges.count) { index in
                Self.run(workers[index], drafts, ranges[index], salt: salt, epoch: epoch)
            }
        }
        for worker in workers.prefix(ranges.count) {
            if let failure = worker.failure { throw failure }
        }
        return ranges.count
    }

    /// Lends the bytes and frames of one worker's output.
    package func withOutput<Result, Failure: Error>(
        of worker: Int,
        _ body: (inout [UInt8], [SealedFrame]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(&workers[worker].bytes, workers[worker].frames)
    }

    private static func run(
        _ worker: Worker,
        _ drafts: [FrameDraft],
        _ range: Range<Int>,
        salt: [UInt8],
        epoch: UInt32
    ) {
        do throws(LogError) {
            for index in range {
                let start = worker.bytes.count
                let leaf = try worker.sealer.seal(
                    drafts[index],
                    nonce: FrameNonce(salt: salt.span, index: UInt32(index)),
                    epoch: epoch,
                    appendingTo: &worker.bytes
                )
                worker.frames.append(SealedFrame(start: start, leaf: leaf))
            }
        } catch {
            worker.failure = error
        }
    }

    /// Cuts the drafts into one range a worker, of about equal plaintext.
    private func split(_ drafts: [FrameDraft]) -> [Range<Int>] {
        let total = drafts.reduce(0) { $0 + $1.plain.count }
        guard workers.count > 1, drafts.count > 1, total >= Self.parallelThreshold else {
            return [0..<drafts.count]
        }
        var ranges: [Range<Int>] = []
        var start = 0
        var sum = 0
        for (index, draft) in drafts.enumerated() {
            sum += draft.plain.count
            if sum * workers.count >= total * (ranges.count + 1) || index == drafts.count - 1 {
                ranges.append(start..<(index + 1))
                start = index + 1
            }
        }
        return ranges
    }
}
