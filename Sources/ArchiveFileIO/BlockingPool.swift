import Dispatch
import Synchronization

/// Threads that may wait for a disk.
///
/// Swift's cooperative pool has one thread a core: a blocked `fsync` on each of them stops every
/// task of the program. So whatever may block runs here, and tasks only wait for its answer. At
/// most `width` bodies run at a time; the others wait in order.
package final class BlockingPool: Sendable {
    private struct Work: Sendable {
        let body: @Sendable () -> Void
    }

    private struct State: Sendable {
        var waiting: [Work] = []
        var runningCount = 0
    }

    private let queue: DispatchQueue
    private let width: Int
    private let state = Mutex(State())

    package init(label: String, width: Int) {
        precondition(width > 0, "a pool needs a thread")
        queue = DispatchQueue(label: label, attributes: .concurrent)
        self.width = width
    }

    /// Runs `body` on a thread of the pool and returns or throws what it does.
    ///
    /// A cancelled task does not stop a body that waits or runs: no file operation is half done. A
    /// long body asks between its steps.
    package func run<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable (Cancellation) throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let cancellation = Cancellation()
        let outcome = await withTaskCancellationHandler {
            await self.outcome { () throws(Failure) in try body(cancellation) }
        } onCancel: {
            cancellation.cancel()
        }
        return try outcome.get()
    }

    /// Runs `body` on a thread of the pool and returns or throws what it does.
    package func run<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await outcome(body).get()
    }

    private func outcome<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async -> Swift.Result<Result, Failure> {
        await withCheckedContinuation { continuation in
            start(
                Work {
                    let outcome: Swift.Result<Result, Failure>
                    do throws(Failure) {
                        outcome = .success(try body())
                    } catch {
                        outcome = .failure(error)
                    }
                    continuation.resume(returning: outcome)
                }
            )
        }
    }

    /// Whether bodies wait for a thread.
    package var isWaitedFor: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Runs `body` on a thread of the pool; nobody waits for it.
    package func start(_ body: @escaping @Sendable () -> Void) { start(Work(body: body)) }

    private func start(_ work: Work) {
        let isNewThread = state.withLock { state in
            guard state.runningCount < width else {
                state.waiting.append(work)
                return false
            }
            state.runningCount += 1
            return true
        }
        guard isNewThread else { return }
        queue.async { [self] in
            var next: Work? = work
            while let current = next {
                current.body()
                next = state.withLock { state in
                    guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                    state.runningCount -= 1
                    return nil
                }
            }
        }
    }
}

/// Tells a body on another thread that its task was cancelled.
package final class Cancellation: Sendable {
    private let flag = Atomic(false)

    package init() {}

    /// Whether the task was cancelled; once true, always true.
    package var isCancelled: Bool { flag.load(ordering: .relaxed) }

    package func cancel() { flag.store(true, ordering: .relaxed) }
}

/// An actor's own thread, which may wait for a disk: the executor of an actor that owns files.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
