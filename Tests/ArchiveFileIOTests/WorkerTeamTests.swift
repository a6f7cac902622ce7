import ArchiveFileIO
import Dispatch
import Synchronization
import Testing

@Suite struct `A team of workers` {
    @Test(arguments: [0, 1, 2, 9])
    func `makes each call once before it returns`(count: Int) {
        let calls = Mutex<[Int]>([])
        WorkerTeam.perform(count) { index in calls.withLock { $0.append(index) } }
        #expect(calls.withLock { $0.sorted() } == Array(0..<count))
    }

    // Calls that came one after the other would wait for ever.
    @Test(.timeLimit(.minutes(1)))
    func `runs at the same time, so that one call may wait for another`() {
        let arrived = DispatchSemaphore(value: 0)
        WorkerTeam.perform(2) { index in
            if index == 0 { arrived.wait() } else { arrived.signal() }
        }
    }

    private final class Token: Sendable {}

    /// The thread held a verification's archive, and its lock, for some time after all was done: who
    /// opened it again was told that another process wrote to it.
    @Test func `holds nothing of work that was waited for`() {
        var heldCount = 0
        for _ in 0..<5_000 {
            var token: Token? = Token()
            weak let seen = token
            let begun = WorkerTeam.begin { [token] in token != nil }
            token = nil
            #expect(begun.wait())
            if seen != nil { heldCount += 1 }
        }
        #expect(heldCount == 0)
    }

    private struct Fault: Error, Equatable { let number: Int }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3, 8], [1, 2, 5])
    func `hands over what it makes in order, and makes no more ahead than it may`(
        threads: Int,
        ahead: Int
    ) {
        for count in [0, 1, 2, 100] {
            let waiting = Atomic(0)
            let most = Mutex(0)
            var taken: [Int] = []
            WorkerTeam.inOrder(
                Array(0..<count),
                threadCount: threads,
                ahead: ahead,
                { _, item -> Int in
                    let now = waiting.add(1, ordering: .relaxed).newValue
                    most.withLock { $0 = max($0, now) }
                    return item * 2
                },
                { product in
                    waiting.subtract(1, ordering: .relaxed)
                    taken.append(product)
                }
            )
            #expect(taken == (0..<count).map { $0 * 2 })
            #expect(most.withLock { $0 } <= ahead + 1)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 8])
    func `throws what failed first in the order of the items, and takes nothing behind it`(
        threads: Int
    ) {
        var taken: [Int] = []
        let fault = #expect(throws: Fault.self) {
            try WorkerTeam.inOrder(
                Array(0..<100),
                threadCount: threads,
                ahead: 4,
                { _, item throws(Fault) -> Int in
                    if item >= 40 { throw Fault(number: item) }
                    return item
                },
                { product throws(Fault) in taken.append(product) }
            )
        }
        #expect(fault == Fault(number: 40))
        #expect(taken == Array(0..<40))
    }

    @Test(.timeLimit(.minutes(1)))
    func `ends when what is taken is refused`() {
        #expect(throws: Fault(number: 7)) {
            try WorkerTeam.inOrder(
                Array(0..<1_000),
                threadCount: 4,
                ahead: 8,
                { _, item throws(Fault) -> Int in item },
                { product throws(Fault) in if product == 7 { throw Fault(number: 7) } }
            )
        }
    }

    @Test func `knows of one processor at least`() { #expect(WorkerTeam.processorCount >= 1) }
}
