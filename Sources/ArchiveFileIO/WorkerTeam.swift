import Dispatch
import Glibc

/// Threads that share one piece of work while its caller waits.
package enum WorkerTeam {
    /// The processors that this machine has on line, one at least.
    package static let processorCount = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))

    // Not the threads that tasks run on: a worker may wait for a store that answers from a task.
    private static let queue = DispatchQueue(
        label: "strongroom.workers",
        qos: .utility,
        attributes: .concurrent
    )

    /// Calls `body` with each number below `count` at the same time, and returns when all calls have.
    ///
    /// The first call is made on the caller's own thread. Bodies may block.
    package static func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            let group = DispatchGroup()
            for index in 1..<count {
                queue.async(group: group) { body(index) }
            }
            body(0)
            group.wait()
        }
    }
}
