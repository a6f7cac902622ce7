import ArchiveFileIO
import Dispatch
import Glibc
import Synchronization
import Testing

@Suite struct `Work that nobody waits for` {
    @Test func `is done, on a thread that comes after all others`() {
        let caller = sched_getscheduler(0)
        let seen = Mutex<CInt?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        SpareTime.run {
            seen.withLock { $0 = sched_getscheduler(0) }
            isDone.signal()
        }
        isDone.wait()
        #expect(seen.withLock { $0 } == SpareTime.idlePolicy)
        #expect(sched_getscheduler(0) == caller)
    }
}
