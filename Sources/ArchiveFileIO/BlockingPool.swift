import Dispatch
import Synchronization

/// Threads that may wait for a disk.
///
/// Swift's cooperative pool has one thread a core: a blocked `fsync` on each of them stops every
/// task of the program. So whatever may block runs here, and tasks only wait for its answer. At
/// most `width` bodies run at a time; the others wait in order.
package final class BlockingPool: Sendable {
    private typealias Work = @Sendable () -> Void

    private struct State: Sendable {
        var waiting: [Work] = []
        var runningCount = 0
    }

    private let queue: DispatchQueue
    private let width: Int
    /// Set on the pool's own threads.
    private let home = DispatchSpecificKey<Void>()
    private let state = Mutex(State())

    package init(label: String, width: Int) {
        precondition(width > 0, "a pool needs a thread")
        queue = DispatchQueue(label: label, attributes: .concurrent)
        self.width = width
        queue.setSpecific(key: home, value: ())
    }

    /// Runs `body` on a thread of the pool and returns or throws what it does.
    ///
    /// A cancelled task does not stop a body that waits or runs: no file operation is half done. A
    /// long body asks between its steps. With `isHere` it runs on the caller's thread, which may wait
    /// then, if fewer than `width` run.
    package func run<Result: Sendable, Failure: Error>(
        isHere: Bool = false,
        _ body: @escaping @Sendable (Cancellation) throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let cancellation = Cancellation()
        let outcome = await withTaskCancellationHandler {
            await self.outcome(isHere) { () throws(Failure) in try body(cancellation) }
        } onCancel: {
            cancellation.cancel()
        }
        return try outcome.get()
    }

    /// Runs `body` on a thread of the pool and returns or throws what it does.
    package func run<Result: Sendable, Failure: Error>(
        isHere: Bool = false,
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await outcome(isHere, body).get()
    }

    private func outcome<Result: Sendable, Failure: Error>(
        _ isHere: Bool,
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async -> Swift.Result<Result, Failure> {
        await withCheckedContinuation { continuation in
            if isHere, runHere({ continuation.resume(returning: .init(catching: body)) }) { return }
            let question = Question(body, continuation)
            start { question.answer() }
        }
    }

    /// Whether the caller's thread is one of the pool's.
    package var isHere: Bool { DispatchQueue.getSpecific(key: home) != nil }

    /// Whether bodies wait for a thread.
    package var isWaitedFor: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Runs `body` on a thread of the pool; nobody waits for it.
    package func start(_ body: @escaping @Sendable () -> Void) {
        let isNewThread = state.withLock { state in
            state.waiting.append(body)
            guard state.runningCount < width else { return false }
            state.runningCount += 1
            return true
        }
        if isNewThread { queue.async { self.work() } }
    }

    /// Runs `body` on this thread, which takes the place of one of the pool's; false, and nothing
    /// done, if all of them are at work.
    package func runHere(_ body: () -> Void) -> Bool {
        let isFree = state.withLock { state in
            guard state.runningCount < width else { return false }
            state.runningCount += 1
            return true
        }
        guard isFree else { return false }
        body()
        let isWaitedFor = state.withLock { state in
            if state.waiting.isEmpty { state.runningCount -= 1 }
            return !state.waiting.isEmpty
        }
        if isWaitedFor { queue.async { self.work() } }
        return true
    }

    private func work() {
        // Nothing of a body is held once the next begins.
        while let body = next() { body() }
    }

    /// What a thread that has become free does next; nil gives its place back.
    private func next() -> Work? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.runningCount -= 1
            return nil
        }
    }
}

/// A body on its way to a thread, and who waits for its answer.
///
/// Whoever has the answer may count on it that the pool holds nothing any more of what the body held:
/// no file stays open and no lock taken.
private final class Question<Result: Sendable, Failure: Error>: Sendable {
    typealias Body = @Sendable () throws(Failure) -> Result
    typealias Outcome = Swift.Result<Result, Failure>

    private let body: Mutex<Body?>
    private let continuation: CheckedContinuation<Outcome, Never>

    init(_ body: @escaping Body, _ continuation: CheckedContinuation<Outcome, Never>) {
        self.body = Mutex(body)
        self.continuation = continuation
    }

    func answer() { continuation.resume(returning: outcome()) }

    // Not inlined: what the body holds goes when this returns, before anybody hears of the outcome.
    @inline(never)
    private func outcome() -> Outcome {
        guard let body = body.withLock({ $0.take() }) else {
            preconditionFailure("a question is answered once")
        }
        return Swift.Result(catching: body)
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

/// Threads for whole tasks that may wait for a disk: what such a task asks for is done where it is.
package final class BlockingTaskExecutor: TaskExecutor {
    private let pool: BlockingPool

    package init(label: String, width: Int) { pool = BlockingPool(label: label, width: width) }

    /// Whether the caller's thread is one of these, and may wait.
    ///
    /// The task's preference does not tell: an actor may hold the task on another thread.
    package var isHere: Bool { pool.isHere }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.start { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
