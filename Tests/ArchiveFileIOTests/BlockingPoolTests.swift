import ArchiveFileIO
import Dispatch
import Synchronization
import Testing

@Suite struct `A blocking pool` {
    private struct Refusal: Error, Equatable {}

    @Test func `an answer or a failure comes back`() async throws {
        let pool = BlockingPool(label: "test", width: 1)
        #expect(await pool.run { 7 } == 7)
        await #expect(throws: Refusal()) {
            try await pool.run { () throws(Refusal) -> Int in throw Refusal() }
        }
    }

    // Each body waits for the others, so this ends only if all of them run at once.
    @Test func `as many bodies run at once as it is wide, waiting or not`() async {
        let width = 8
        let pool = BlockingPool(label: "test", width: width)
        let gate = DispatchSemaphore(value: 0)
        let arrived = Counts()
        await withTaskGroup { group in
            for _ in 0..<width {
                group.addTask {
                    await pool.run {
                        if arrived.enter() == width { for _ in 0..<width { gate.signal() } }
                        gate.wait()
                    }
                }
            }
        }
        #expect(arrived.mostRunning == width)
    }

    @Test func `a body is done here only while fewer run than the pool is wide`() async {
        let pool = BlockingPool(label: "test", width: 1)
        let doneHere = pool.runHere {
            #expect(!pool.runHere { Issue.record("a pool of one thread ran two bodies") })
        }
        #expect(doneHere)
        #expect(await pool.run(isHere: true) { pool.isHere } == false)
        #expect(await pool.run { pool.isHere })
    }

    @Test func `what came while a body was done here is done afterwards`() async {
        let pool = BlockingPool(label: "test", width: 1)
        let answer = await withCheckedContinuation { continuation in
            _ = pool.runHere { pool.start { continuation.resume(returning: pool.isHere) } }
        }
        #expect(answer)
    }

    @Test func `a task knows that it runs on threads that may wait`() async {
        let executor = BlockingTaskExecutor(label: "test", width: 2)
        #expect(!executor.isHere)
        await withTaskExecutorPreference(executor) { #expect(executor.isHere) }
        #expect(!executor.isHere)
    }

    @Test func `never more bodies run at once, and none is lost`() async {
        let pool = BlockingPool(label: "test", width: 3)
        let counts = Counts()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await pool.run {
                        _ = counts.enter()
                        counts.leave()
                    }
                }
            }
        }
        #expect(counts.doneCount == 200)
        #expect(counts.mostRunning <= 3)
    }

    private final class Token: Sendable {}

    /// The thread held a file of a ship for some time after the ship had ended.
    @Test func `holds nothing of a body that was waited for`() async {
        let pool = BlockingPool(label: "test", width: 2)
        var heldCount = 0
        for _ in 0..<5_000 {
            var token: Token? = Token()
            weak let seen = token
            let answer = await pool.run { [token] in token != nil }
            token = nil
            #expect(answer)
            if seen != nil { heldCount += 1 }
        }
        #expect(heldCount == 0)
    }

    /// A thread that found work waiting held the first body until it found none.
    @Test func `holds nothing of a body while its thread does the next`() async {
        let pool = BlockingPool(label: "test", width: 1)
        let gate = DispatchSemaphore(value: 0)
        var token: Token? = Token()
        weak let seen = token
        pool.start { [token] in
            gate.wait()
            withExtendedLifetime(token) {}
        }
        token = nil
        let isHeld = await withCheckedContinuation { continuation in
            pool.start { continuation.resume(returning: seen != nil) }
            gate.signal()
        }
        #expect(!isHeld)
    }

    @Test func `an actor on its own thread may wait without stopping the others`() async {
        let owner = Owner()
        let gate = DispatchSemaphore(value: 0)
        async let waited: Void = owner.wait(for: gate)
        // With the actor on the cooperative pool, a program of one core would hang here.
        await Task { _ = gate.signal() }.value
        await waited
        #expect(await owner.waitCount == 1)
    }
}

/// Counts who is inside.
private final class Counts: Sendable {
    private let counts = Mutex((running: 0, most: 0, done: 0))

    var mostRunning: Int { counts.withLock { $0.most } }
    var doneCount: Int { counts.withLock { $0.done } }

    func enter() -> Int {
        counts.withLock { counts in
            counts.running += 1
            counts.most = max(counts.most, counts.running)
            return counts.running
        }
    }

    func leave() {
        counts.withLock { counts in
            counts.running -= 1
            counts.done += 1
        }
    }
}

private actor Owner {
    private let executor = BlockingExecutor(label: "test")
    private(set) var waitCount = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    func wait(for gate: DispatchSemaphore) {
        gate.wait()
        waitCount += 1
    }
}
