import ArchiveFileIO
import Strongroom
import Synchronization

/// Batches that are being filled while others are committed.
///
/// They are filled on a thread of their own, which goes on with the next as long as one is wanted:
/// neither reading nor writing then waits for the other for as long as both have something to do.
///
///     reading:      fill 1 ── fill 2 ── fill 3 ── fill 4 ──
///     committing:             commit 1 ── commit 2 ── commit 3 ──
struct ReadAhead {
    /// How many batches are full or being filled besides the one that is being committed.
    static let count = 2

    /// A batch that is wanted.
    private struct Order: Sendable {
        let coming: ComingSight
        let lists: [NewRecord]
        let filling = Filling()
    }

    private let archive: Archive
    private let orders: AsyncStream<Order>.Continuation
    /// In the order of the batches.
    private var fillings: [Filling] = []
    private var latest: Task<ArchiveView, Never>?
    private let reading: Task<Void, Never>

    init(_ reader: ImportReader, of archive: Archive, _ cancellation: Cancellation) {
        self.archive = archive
        let (stream, orders) = AsyncStream.makeStream(of: Order.self)
        self.orders = orders
        let thread = BlockingPool(label: "strongroom.import", width: 1)
        reading = Task {
            var hasFailed = false
            for await order in stream {
                // Behind a failure a part of a file would be missing.
                let outcome: Filling.Outcome =
                    hasFailed
                    ? .success(nil) : await Self.fill(order, by: reader, on: thread, cancellation)
                if case .failure = outcome { hasFailed = true }
                order.filling.finish(outcome)
            }
        }
    }

    /// Fills a batch; whoever hears of the outcome may count on it that its view is held no more.
    private static func fill(
        _ order: Order,
        by reader: ImportReader,
        on thread: BlockingPool,
        _ cancellation: Cancellation
    ) async -> Filling.Outcome {
        var sight = await order.coming.sight
        sight.view = sight.view.cancelled(by: cancellation)
        let (seen, lists) = (sight, order.lists)
        do throws(ArchiveError) {
            return .success(
                try await thread.run { () throws(ArchiveError) in
                    try reader.nextBatch(seen, after: lists)
                }
            )
        } catch {
            let isUnwanted = error.code == .cancelled && cancellation.isCancelled
            return isUnwanted ? .success(nil) : .failure(error)
        }
    }

    /// Begins to fill a batch behind those that were begun before.
    ///
    /// What is seen must be everything but ``count`` batches and the one before them.
    mutating func begin(_ coming: ComingSight, after lists: [NewRecord] = []) {
        let order = Order(coming: coming, lists: lists)
        fillings.append(order.filling)
        orders.yield(order)
    }

    /// The next batch; nil if all files are read, or nobody wants the rest.
    mutating func next() async throws(ArchiveError) -> ImportBatch? {
        while !fillings.isEmpty {
            // One that was begun later may hold the lists of files.
            if let batch = try await fillings.removeFirst().outcome.get() { return batch }
        }
        return nil
    }

    /// Begins to take a view of what is acknowledged, which may wait for the index.
    mutating func look() -> Task<ArchiveView, Never> {
        let archive = archive
        let latest = Task { await archive.latest() }
        self.latest = latest
        return latest
    }

    /// Waits until nothing is read any more.
    mutating func finish() async {
        orders.finish()
        for filling in fillings { _ = await filling.outcome }
        fillings = []
        await reading.value
        _ = await latest?.value
    }
}

/// What comes of filling a batch: another thread tells, one task waits for it.
private final class Filling: Sendable {
    typealias Outcome = Result<ImportBatch?, ArchiveError>

    private struct State {
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome, Never>?
    }

    private let state = Mutex(State())

    func finish(_ outcome: Outcome) {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.outcome = outcome }
            return state.waiter.take()
        }
        waiter?.resume(returning: outcome)
    }

    /// Waited for once.
    var outcome: Outcome {
        get async {
            await withCheckedContinuation { waiter in
                let known = state.withLock { state in
                    if state.outcome == nil { state.waiter = waiter }
                    return state.outcome.take()
                }
                if let known { waiter.resume(returning: known) }
            }
        }
    }
}
