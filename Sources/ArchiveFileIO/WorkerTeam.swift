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
    /// Runs `work` on another thread; nobody hears when it is done.
    package static func start(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    /// Begins `work` on another thread; what comes of it is asked for later.
    ///
    /// Whoever has waited for it may count on it that nothing is held any more for its sake: no file
    /// stays open and no lock taken.
    package static func begin<Product: Sendable>(
        _ work: @escaping @Sendable () -> Product
    ) -> Begun<Product> {
        let begun = Begun(work)
        queue.async { begun.run() }
        return begun
    }

    /// Works on all items with so many threads, and hands over what came of them in order.
    ///
    /// `work` gets the number of the thread that it runs on and the item; `take` is called on the
    /// caller's thread while the others work on. Of `ahead` items at most the products wait in memory.
    /// What fails first, in the order of the items, is thrown when all threads have ended.
    package static func inOrder<Item: Sendable, Product: Sendable, Failure: Error>(
        _ items: [Item],
        threadCount: Int,
        ahead: Int,
        _ work: @Sendable (Int, Item) throws(Failure) -> Product,
        _ take: (Product) throws(Failure) -> Void
    ) throws(Failure) {
        let line = AssemblyLine<Product, Failure>(count: items.count, ahead: max(1, ahead))
        let helperCount = max(0, min(threadCount, items.count) - 1)
        var failure: Failure?
        withoutActuallyEscaping(work) { work in
            let group = DispatchGroup()
            for number in 0..<helperCount {
                queue.async(group: group) {
                    while let index = line.begin(waiting: true) {
                        line.finish(index, outcome(of: work, number + 1, items[index]))
                    }
                }
            }
            do throws(Failure) {
                for place in items.indices {
                    var product = line.product(at: place)
                    // Whoever waits for a product may as well make one.
                    while product == nil {
                        if let index = line.begin(waiting: false) {
                            line.finish(index, outcome(of: work, 0, items[index]))
                        } else {
                            line.waitForProduct()
                        }
                        product = line.product(at: place)
                    }
                    if let product { try take(product.get()) }
                }
            } catch {
                failure = error
            }
            line.stop(helperCount)
            group.wait()
        }
        if let failure { throw failure }
    }

    private static func outcome<Item, Product, Failure: Error>(
        of work: (Int, Item) throws(Failure) -> Product,
        _ number: Int,
        _ item: Item
    ) -> Result<Product, Failure> {
        do throws(Failure) {
            return .success(try work(number, item))
        } catch {
            return .failure(error)
        }
    }
}

/// Work that another thread does.
package final class Begun<Product: Sendable>: Sendable {
    private let product = Mutex<Product?>(nil)
    private let isDone = DispatchSemaphore(value: 0)
    private let work: Mutex<(@Sendable () -> Product)?>

    fileprivate init(_ work: @escaping @Sendable () -> Product) { self.work = Mutex(work) }

    fileprivate func run() {
        let product = perform()
        self.product.withLock { $0 = product }
        isDone.signal()
    }

    // Not inlined: what the work holds goes when this returns, before anybody hears that it is done.
    @inline(never)
    private func perform() -> Product? {
        let work = work.withLock { $0.take() }
        return work?()
    }

    /// Waits for what comes of it.
    package func wait() -> Product {
        while true {
            if let product = product.withLock({ $0 }) { return product }
            isDone.wait()
            // For the next who waits.
            isDone.signal()
        }
    }
}

/// Who works on what, and what waits to be taken.
private final class AssemblyLine<Product: Sendable, Failure: Error>: Sendable {
    private struct State {
        var begun = 0
        var isStopped = false
        var products: [Int: Result<Product, Failure>] = [:]
    }

    private let count: Int
    private let state = Mutex(State())
    /// Items that may still be begun before the next is taken.
    private let room: DispatchSemaphore
    private let made = DispatchSemaphore(value: 0)

    init(count: Int, ahead: Int) {
        self.count = count
        // Signals may bring it below what it began with only while somebody waits.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<ahead { room.signal() }
    }

    /// The next item to work on; nil if there is none, or none at the moment and nobody is to wait.
    func begin(waiting: Bool) -> Int? {
        if waiting {
            room.wait()
        } else if room.wait(timeout: .now()) == .timedOut {
            return nil
        }
        return state.withLock { state in
            guard !state.isStopped, state.begun < count else { return nil }
            defer { state.begun += 1 }
            return state.begun
        }
    }

    func finish(_ index: Int, _ outcome: Result<Product, Failure>) {
        state.withLock { $0.products[index] = outcome }
        made.signal()
    }

    /// What came of an item, once; then there is room for another.
    func product(at index: Int) -> Result<Product, Failure>? {
        guard let product = state.withLock({ $0.products.removeValue(forKey: index) }) else {
            return nil
        }
        room.signal()
        return product
    }

    func waitForProduct() { made.wait() }

    /// Lets so many helpers that wait for room go.
    func stop(_ helperCount: Int) {
        state.withLock { $0.isStopped = true }
        for _ in 0..<helperCount { room.signal() }
    }
}
