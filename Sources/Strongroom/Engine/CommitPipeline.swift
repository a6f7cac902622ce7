import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Dispatch
import Synchronization

/// What follows a commit, behind the writer's back.
///
/// A batch is acknowledged when it is durable. The indexer's thread brings it before the readers' eyes
/// and into the directory of its segment, and a reader that comes meanwhile waits for that:
/// microseconds a record. Batches of a record or two gather until there are some or a reader comes, for
/// waking a thread after each costs the next commit more than it saves. The entries of a larger batch
/// are made while its sync is waited for. When memory is full, a third thread writes it to the index on
/// disk, and commits go on.
///
///     writer:        append N ─ sync ── append N+1 ─ sync ── append N+2 ──
///     indexer:                  make N ─ absorb N  ── make N+1 ─ absorb N+1 ──
///     checkpointer:                  ──────── checkpoint ────────
///
/// Memory is bounded: two batches at most wait to be absorbed and a few small ones, no batch is begun
/// while a checkpoint runs and twice its size has come in, and none is taken while the index cannot be
/// written and four times that size waits for it.
///
/// Sendable because each of the engine's parts is touched by its own thread only, or by the writer's
/// while the others rest.
final class CommitPipeline: @unchecked Sendable {
    private let engine: Engine
    private let indexer = DispatchQueue(label: "strongroom.indexer")
    private let checkpointer = DispatchQueue(label: "strongroom.checkpointer")
    /// Batches that were appended and not absorbed.
    private let waitingCount = Atomic(0)
    /// Those of them that no thread was told of.
    private let gathered = Mutex<[AppendedBatch]>([])
    private static let gatheringLimit = 16
    /// The entries of fewer records are made in less time than a sync takes.
    private static let preparedCount = 64
    private let room = DispatchSemaphore(value: 2)
    private let running = DispatchGroup()
    /// The indexer's.
    private var isCheckpointRunning = false
    private let isFull = Atomic(false)
    /// The index must be made anew before there can be another checkpoint.
    private let isStuck = Atomic(false)
    /// So much waits for the index that no batch may come before a checkpoint has.
    private let isOverfull = Atomic(false)
    /// The indexer's, or the writer's while that rests: how large memory is when a checkpoint, after one
    /// that failed, is tried once more.
    private var retryByteCount = 0

    init(_ engine: Engine) {
        self.engine = engine
        engine.settle = { [weak self] body in
            guard let self else { return body() }
            settle(body)
        }
        engine.prepare = { [weak self] entries in self?.prepare(entries) }
        engine.log?.settle = { [weak self] in self?.settle {} }
    }

    /// Waits, on the writer's thread, until there is room in memory for another batch; throws if none
    /// can be made.
    func makeRoom() throws(ArchiveError) {
        if isFull.load(ordering: .acquiring) { running.wait() }
        if isStuck.exchange(false, ordering: .acquiringAndReleasing) {
            rest()
            engine.runBehindCommit(.index) { () throws(ArchiveError) in try engine.checkpoint() }
            // Reading the whole log again for every batch would end all writing.
            retryByteCount = 2 * engine.memory.byteCount
        }
        guard isOverfull.load(ordering: .acquiring) else { return }
        rest()
        try engine.requireRoomInMemory()
        retryByteCount = 0
        isOverfull.store(false, ordering: .releasing)
    }

    /// Takes a durable batch over from the writer's thread.
    func absorb(_ batch: AppendedBatch) {
        waitingCount.add(1, ordering: .acquiringAndReleasing)
        let isDue = gathered.withLock { batches in
            batches.append(batch)
            return !batch.isSmall || batches.count >= Self.gatheringLimit
        }
        guard isDue else { return }
        room.wait()
        handOver { [room] in room.signal() }
    }

    /// Makes a batch's entries on the indexer's thread, while the writer's waits for the disk.
    ///
    /// Until the batch is absorbed nobody sees them; should it not become durable, the log takes no batch
    /// any more, and no directory is made of them.
    private func prepare(_ entries: BatchEntries) {
        guard entries.count >= Self.preparedCount else { return }
        indexer.async { entries.make() }
    }

    /// Gives the indexer what has gathered; `done` is called when it is absorbed.
    private func handOver(_ done: @escaping @Sendable () -> Void = {}) {
        gathered.withLock { gathered in
            let batches = gathered
            gathered = []
            // Under the lock, for batches are absorbed in the order of their commits.
            indexer.async { [self] in
                for batch in batches { engine.absorb(batch) }
                waitingCount.subtract(batches.count, ordering: .acquiringAndReleasing)
                done()
                startCheckpointIfDue()
            }
        }
    }

    /// Runs `body` on the indexer's thread once all before it is absorbed.
    private func settle(_ body: () -> Void) {
        handOver()
        indexer.sync(execute: body)
    }

    /// Waits until readers see everything that was acknowledged.
    func catchUp() {
        if waitingCount.load(ordering: .acquiring) > 0 { settle {} }
    }

    /// Waits, on the writer's thread, until nothing is under way any more.
    func rest() {
        settle {}
        running.wait()
        indexer.sync {}
    }

    // MARK: On the indexer's thread

    private func startCheckpointIfDue() {
        let limit = engine.configuration.checkpointByteCount
        isFull.store(
            isCheckpointRunning && engine.memory.byteCount >= 2 * limit,
            ordering: .releasing
        )
        isOverfull.store(
            engine.memory.byteCount >= engine.memoryByteLimit,
            ordering: .releasing
        )
        guard !isCheckpointRunning, engine.isCheckpointDue,
            engine.memory.byteCount >= retryByteCount
        else { return }
        guard !engine.mustRemakeIndex else { return isStuck.store(true, ordering: .releasing) }
        isCheckpointRunning = true
        running.enter()
        let checkpoint = engine.beginCheckpoint()
        checkpointer.async { [self] in
            let outcome = Result { () throws(IndexError) in try engine.write(checkpoint) }
            indexer.async { [self] in
                isCheckpointRunning = false
                engine.end(checkpoint, outcome)
                retryByteCount = 0
                if case .failure = outcome, !engine.mustRemakeIndex {
                    // At once it would fail again, and again, and nobody's wait would end.
                    retryByteCount = engine.memory.byteCount + limit / 2
                }
                isStuck.store(engine.mustRemakeIndex, ordering: .releasing)
                startCheckpointIfDue()
                running.leave()
            }
        }
    }
}
