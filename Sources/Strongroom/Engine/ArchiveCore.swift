import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Dispatch
import Synchronization

/// Where the asynchronous archive meets the synchronous engine.
///
/// The engine belongs to the writer pool, which has one thread: every call that changes something runs
/// there, one after the other, and what follows a commit in ``CommitPipeline``. What readers use is safe
/// to share and goes past both.
final class ArchiveCore: @unchecked Sendable {
    /// Touched on the writer's thread only; that is why this class may be shared.
    private let engine: Engine
    private let pipeline: CommitPipeline
    private let writer = BlockingPool(label: "strongroom.writer", width: 1)
    let readers = BlockingPool(label: "strongroom.reader", width: 4)
    /// Tasks here may wait, so that what they ask for is done on their own threads.
    let executor = BlockingTaskExecutor(label: "strongroom.task", width: 4)
    let records: RecordReader
    let document: ArchiveDocument
    /// How many threads the configuration allows for one piece of work.
    let threadCount: Int
    private let queue = Mutex(Queue())
    /// How many records a caller's last batch had: the next one's has about as many.
    let lastBatchCount = Atomic(0)

    /// Opening derives keys and may recover: it takes a while and must not hold up others.
    static let opening = BlockingPool(label: "strongroom.opening", width: 4)

    /// The head is brought up to the log at the latest so long after a commit.
    private static let headDelay = DispatchTimeInterval.milliseconds(100)
    private let headIsScheduled = Mutex(false)

    /// A caller's batch that waits for the next commit.
    private struct Request: Sendable {
        let records: PendingRecords
        let answer: @Sendable (Result<[Receipt], ArchiveError>) -> Void

        /// Deleting reads what it deletes, which may fail: that must not fail other callers' records.
        var standsAlone: Bool { records.hasDeletion }
    }

    private struct Queue {
        var requests: [Request] = []
        /// Whether somebody takes what comes.
        var isDrained = false
    }

    init(_ engine: sending Engine) {
        document = engine.document
        threadCount = engine.configuration.threadCount
        records = RecordReader(
            log: engine.reader,
            keys: engine.keys,
            cacheByteCount: engine.configuration.cacheByteCount,
            sharedWith: engine.indexOpening.cacheMeter
        )
        engine.background = { SpareTime.run($0) }
        pipeline = CommitPipeline(engine)
        self.engine = engine
    }

    /// What readers see: at least everything that was acknowledged before.
    var readState: ReadState {
        pipeline.catchUp()
        return engine.readState
    }

    /// Runs a change on the writer's thread.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Engine) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        try await write { engine, _ throws(ArchiveError) in try body(engine) }
    }

    /// Runs a change, which may ask whether its task was cancelled, on the writer's thread.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Engine, Cancellation) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        let result = try await writer.run(isHere: executor.isHere) {
            [self] cancellation throws(ArchiveError) in
            pipeline.rest()
            if engine.mustRemakeIndex { try engine.checkpoint() }
            return try body(engine, cancellation)
        }
        scheduleHead()
        return result
    }

    /// What failed behind acknowledged commits and was not made good since.
    var unfinished: [ArchiveError] { engine.unfinished.withLock { Array($0.values) } }

    /// Runs a question that needs the engine's own state.
    func inspect<Result: Sendable>(
        _ body: @escaping @Sendable (Engine) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        try await writer.run { [self] () throws(ArchiveError) in
            pipeline.rest()
            return try body(engine)
        }
    }

    /// Commits a caller's records together with whatever else waits at the moment.
    ///
    /// While one commit syncs, the next one's batches gather: no timer, no delay.
    func submit(_ records: PendingRecords) async throws(ArchiveError) -> [Receipt] {
        guard !records.isEmpty else { return [] }
        // From here on the records belong to a commit with those of others, which is not undone.
        guard !Task.isCancelled else {
            throw ArchiveError(.cancelled, "the task was cancelled before anything was written")
        }
        let result = await withCheckedContinuation { continuation in
            let request = Request(
                records: records,
                answer: { continuation.resume(returning: $0) }
            )
            let isFirst = queue.withLock { queue in
                defer { queue.isDrained = true }
                queue.requests.append(request)
                return !queue.isDrained
            }
            if isFirst, !executor.isHere || !writer.runHere(drainOnce) { startDrain() }
        }
        return try result.get()
    }

    /// Commits what waits on a caller's thread, which is not held for what comes meanwhile.
    private func drainOnce() {
        commit(next())
        scheduleHead()
        let isMore = queue.withLock { queue in
            queue.isDrained = !queue.requests.isEmpty
            return queue.isDrained
        }
        if isMore { startDrain() }
    }

    private func startDrain() {
        writer.start { [self] in
            drain()
            scheduleHead()
        }
    }

    /// Takes what waits, as much as one batch holds, and commits it; until nothing comes any more, or
    /// others wait for the writer's thread.
    private func drain() {
        while true {
            let batch = next()
            guard !batch.isEmpty else { return }
            commit(batch)
            if writer.isWaitedFor { return startDrain() }
        }
    }

    private func next() -> [Request] {
        queue.withLock { queue in
            queue.isDrained = !queue.requests.isEmpty
            var count = 0
            var byteCount = 0
            for request in queue.requests {
                byteCount += request.records.packedByteCount
                let fits = byteCount <= Engine.batchByteLimit * 3 / 4
                if count > 0, request.standsAlone || !fits { break }
                count += 1
                if request.standsAlone { break }
            }
            let batch = Array(queue.requests.prefix(count))
            queue.requests.removeFirst(count)
            return batch
        }
    }

    private func commit(_ batch: [Request]) {
        do throws(ArchiveError) {
            var records = batch.first?.records ?? PendingRecords()
            for request in batch.dropFirst() { records.append(contentsOf: request.records) }
            try pipeline.makeRoom()
            // Where they go depends on what they delete.
            if batch.contains(where: \.standsAlone) { pipeline.rest() }
            let appended = try engine.append(records)
            pipeline.absorb(appended)
            answer(batch, appended.receipts)
            engine.followUp(records)
        } catch {
            for request in batch { request.answer(.failure(error)) }
        }
    }

    private func answer(_ batch: [Request], _ receipts: [Receipt]) {
        if batch.count == 1 { return batch[0].answer(.success(receipts)) }
        var receipts = receipts[...]
        for request in batch {
            request.answer(.success(Array(receipts.prefix(request.records.count))))
            receipts = receipts.dropFirst(request.records.count)
        }
    }

    private func scheduleHead() {
        let isNew = headIsScheduled.withLock { isScheduled in
            defer { isScheduled = true }
            return !isScheduled
        }
        guard isNew else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.headDelay) { [weak self] in
            guard let self else { return }
            self.writer.start {
                self.headIsScheduled.withLock { $0 = false }
                self.engine.advanceHeadLater()
            }
        }
    }

    func close() async throws(ArchiveError) {
        try await writer.run { [self] () throws(ArchiveError) in
            pipeline.rest()
            try engine.close()
        }
    }
}

extension Engine {
    /// What is done behind an acknowledged commit.
    enum Chore: Hashable, Sendable {
        case directory
        case head
        case index
    }

    /// Advances the head behind nobody's back: whoever asks hears of a failure, and closing tries again.
    func advanceHeadLater() {
        runBehindCommit(.head) { () throws(ArchiveError) in try advanceHead() }
    }
}

extension Archive {
    /// What failed behind acknowledged commits and was not made good since, such as a checkpoint of the
    /// index on a full disk.
    ///
    /// No record is in danger: the next opening reads the log instead. But the cause will hit commits
    /// next. Calls that change something do not throw it, for their own change is done.
    public func unfinished() async -> [ArchiveError] {
        core.unfinished.sorted { $0.message < $1.message }
    }
}
