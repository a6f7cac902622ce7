import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Synchronization
import SystemPackage

/// Entries on their way into the index on disk.
struct Checkpoint: Sendable {
    let runs: [SortedRun]
    let end: LogPlace
    let byteCount: UInt64
}

/// What follows a commit. The three steps of a checkpoint may run on three threads: only the middle
/// one takes long, and it touches nothing but the index on disk.
extension Engine {
    /// Brings a durable batch into memory and before the readers' eyes.
    func absorb(_ batch: AppendedBatch) {
        memory.insert(batch.entries.indexed())
        reach(batch.end)
    }

    /// Takes the log up to `place` as known.
    func reach(_ place: LogPlace) {
        uncoveredByteCount +=
            place.segment == end.segment ? place.offset - end.offset : place.offset
        end = place
        publish()
    }

    /// Whether memory, or the log that opening would have to read again, has grown to its bound.
    var isCheckpointDue: Bool {
        guard case .writer = index else { return false }
        return memory.byteCount >= configuration.checkpointByteCount
            || uncoveredByteCount >= UInt64(configuration.checkpointLogByteCount)
    }

    /// Entries in memory that may wait for an index that cannot be written.
    var memoryByteLimit: Int { 4 * configuration.checkpointByteCount }

    /// Refuses to go on where memory would grow without an end because the index cannot be written.
    func requireRoomInMemory() throws(ArchiveError) {
        guard case .writer = index, memory.byteCount >= memoryByteLimit else { return }
        do {
            try checkpoint()
            unfinished.withLock { $0[.index] = nil }
        } catch {
            throw ArchiveError(
                error.code,
                "nothing was written: \(memory.byteCount) bytes of entries wait in memory for the "
                    + "index, which cannot be written: \(error.message)"
            )
        }
    }

    /// Brings the index on disk up to the log.
    package func checkpoint() throws(ArchiveError) {
        guard case .writer = index, !memory.isEmpty || covered != end else { return }
        if mustRemakeIndex { return try remakeIndex() }
        let checkpoint = beginCheckpoint()
        do {
            try write(checkpoint)
        } catch  where error.isHealedInAnotherFile {
            // Making the index anew may fail as well; then the next checkpoint takes all of it.
            memory.thaw()
            return try remakeIndex()
        } catch {
            memory.thaw()
            throw ArchiveError.wrapping(error, in: layout.index.string)
        }
        try finish(checkpoint)
    }

    /// Takes what is in memory now; batches may be absorbed meanwhile.
    func beginCheckpoint() -> Checkpoint {
        Checkpoint(runs: memory.freeze(), end: end, byteCount: uncoveredByteCount)
    }

    /// Makes the index on disk hold a checkpoint.
    func write(_ checkpoint: Checkpoint) throws(IndexError) {
        guard case .writer(let index) = index else { return }
        try index.checkpoint(applying: checkpoint.runs, covering: checkpoint.end.coverage)
    }

    /// Ends a checkpoint that another thread has written, or could not write.
    ///
    /// What is in memory stays there then, and the next checkpoint takes it. An index that has to be made
    /// anew waits for the writer's thread: the log must not grow while it is read.
    func end(_ checkpoint: Checkpoint, _ outcome: Result<Void, IndexError>) {
        runBehindCommit(.index) { () throws(ArchiveError) in
            switch outcome {
            case .success: try finish(checkpoint)
            case .failure(let error):
                memory.thaw()
                mustRemakeIndex = error.isHealedInAnotherFile
                if !mustRemakeIndex {
                    throw ArchiveError.wrapping(error, in: layout.index.string)
                }
            }
        }
    }

    /// Lets go of what is on disk now.
    private func finish(_ checkpoint: Checkpoint) throws(ArchiveError) {
        memory.dropFrozen()
        covered = checkpoint.end
        uncoveredByteCount -= checkpoint.byteCount
        do { view = try index.view() } catch { throw ArchiveError(error) }
        publish()
    }
}
