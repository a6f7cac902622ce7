import Dispatch
import Glibc
import Synchronization

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

extension WorkerTeam {
    /// Works on all items with so many threads, and hands over what came of them in order.
    ///
    /// `work` gets the number of the thread that it runs on and the item; `take` is called on the
    /// caller's thread. Of each `groupCount` items the products are in memory at a time.
    package static func inOrder<Item: Sendable, Product: Sendable, Failure: Error>(
        _ items: [Item],
        threadCount: Int,
        groupCount: Int,
        _ work: @Sendable (Int, Item) throws(Failure) -> Product,
        _ take: (Product) throws(Failure) -> Void
    ) throws(Failure) {
        for start in stride(from: 0, to: items.count, by: max(1, groupCount)) {
            let group = items[start..<min(start + max(1, groupCount), items.count)]
            let next = Atomic(start)
            let outcomes = Mutex<[Result<Product, Failure>?]>(
                Array(repeating: nil, count: group.count)
            )
            perform(min(threadCount, group.count)) { worker in
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < group.endIndex else { return }
                    let outcome: Result<Product, Failure>
                    do throws(Failure) {
                        outcome = .success(try work(worker, group[index]))
                    } catch {
                        outcome = .failure(error)
                    }
                    outcomes.withLock { $0[index - start] = outcome }
                }
            }
            for case .some(let outcome) in outcomes.withLock({ $0 }) { try take(outcome.get()) }
        }
    }
}
