import Dispatch
import Glibc

/// Work that nobody waits for.
package enum SpareTime {
    private final class Work: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `work` on a thread of its own, which gets what the other threads leave of the processors.
    ///
    /// A queue's thread would not do: its priority can be lowered, and not raised again for the work
    /// that comes to it next.
    package static func run(_ work: @escaping @Sendable () -> Void) {
        let held = unsafe Unmanaged.passRetained(Work(work))
        var thread: pthread_t = 0
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { held in
                // Of the calling thread alone, on Linux. Where it fails, the work is done all the same.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
                if let held = unsafe held {
                    unsafe Unmanaged<Work>.fromOpaque(held).takeRetainedValue().run()
                }
                return nil
            },
            held.toOpaque()
        )
        guard failure != 0 else {
            pthread_detach(thread)
            return
        }
        unsafe held.release()
        DispatchQueue.global(qos: .background).async(execute: work)
    }
}
