import Dispatch
import Glibc

/// Work that nobody waits for.
package enum SpareTime {
    /// SCHED_IDLE of sched(7), which Swift's Glibc does not show.
    package static let idlePolicy: CInt = 5

    private final class Work: Sendable {
        private let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) { self.work = work }

        /// Puts the thread that calls behind all others, on Linux, and from under a real-time policy;
        /// where that fails, the work is done all the same.
        func run() {
            let none = sched_param()
            _ = unsafe withUnsafePointer(to: none) { none in
                unsafe sched_setscheduler(0, idlePolicy, none)
            }
            work()
        }
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
