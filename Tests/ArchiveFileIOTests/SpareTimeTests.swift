import ArchiveFileIO
import Dispatch
import Glibc
import Synchronization
import Testing

@Suite struct `Work that nobody waits for` {
    @Test func `is done, on a thread that comes after all others`() {
        let caller = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        let seen = Mutex<CInt?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        SpareTime.run {
            seen.withLock { $0 = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
            isDone.signal()
        }
        isDone.wait()
        #expect(seen.withLock { $0 } == 19)
        #expect(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) == caller)
    }
}
