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

    @Test func `knows of one processor at least`() { #expect(WorkerTeam.processorCount >= 1) }
}
