import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Synchronization

/// A batch that is durable and that readers do not see yet.
struct AppendedBatch: Sendable {
    let entries: BatchEntries
    var receipts: [Receipt] = []
    /// Where the log ends behind it.
    let end: LogPlace

    /// Whether absorbing it takes less time than waking a thread for it.
    var isSmall: Bool { entries.count <= 2 }
}

/// What the index and the directory hold of a batch, made while the log waits for the disk or later, but
/// once.
final class BatchEntries: Sendable {
    private let placed: PlacedBatch
    private let records: PlacedRecords?
    private let chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)]
    private let room: RunRoom
    private let run = Mutex<SortedRun?>(nil)

    init(
        _ placed: PlacedBatch,
        records: PlacedRecords? = nil,
        chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)] = [],
        in room: RunRoom
    ) {
        self.placed = placed
        self.room = room
        self.records = records
        self.chunks = chunks
    }

    var count: Int { (records?.slots.count ?? 0) + chunks.count }

    /// Makes them, unless they are there.
    func make() { _ = indexed() }

    /// What the index holds of the batch; its entries are in the directory then, too.
    func indexed() -> SortedRun {
        run.withLock { run in
            if let run { return run }
            let made = makeRun()
            run = made
            return made
        }
    }

    private func makeRun() -> SortedRun {
        placed.directory.add { directory in
            var builder = room.take()
            defer { room.give(&builder) }
            var indexer = RecordIndexer(placed.segment)
            records?.visit { record in
                indexer.append(record, to: &builder)
                directory.append(record)
            }
            indexer.finish(to: &builder)
            for (chunk, domain) in chunks {
                builder.append(
                    chunk: chunk.id,
                    segment: placed.segment,
                    offset: chunk.frameOffset
                )
                directory.append(chunk, domain: domain)
            }
            return builder.takeRun()
        }
    }
}

/// Memory in which the entries of one batch after the other are made.
final class RunRoom: Sendable {
    private let builder = Mutex(RunBuilder())

    /// An empty builder; another thread that takes one meanwhile gets new memory.
    func take() -> RunBuilder { exchange(for: RunBuilder()) }

    func give(_ used: inout RunBuilder) {
        var kept = RunBuilder()
        swap(&kept, &used)
        _ = exchange(for: kept)
    }

    private func exchange(for other: RunBuilder) -> RunBuilder {
        builder.withLock { builder in
            let taken = builder
            builder = other
            return taken
        }
    }
}

/// The records of a batch, and the places that they got in the log.
struct PlacedRecords: Sendable {
    let batch: RecordBatch
    /// For each record its frame among the batch's and its slot in it.
    let slots: [BatchPlan.Slot]
    let offsets: [UInt64]

    /// Visits what the directory and the index hold of each record.
    func visit(_ body: (borrowing DirectoryRecord) -> Void) {
        guard !batch.records.isEmpty else { return }
        let entries = batch.records.entries.span
        // One after the other in the same place: what stays the same is not taken from other threads, and
        // to lend an entry whole would copy it.
        var record = DirectoryRecord(entries[0], frameOffset: 0, slot: 0)
        record.recorded = batch.time
        var draft = slots[0].draft
        for index in entries.indices {
            let slot = slots[index]
            record.sequence = batch.firstSequence + UInt64(index)
            record.frameOffset = offsets[slot.draft]
            record.slot = slot.slot
            if !record.collection.hasSameBytes(as: entries[index].collection) {
                record.collection = entries[index].collection
            }
            record.name = entries[index].name
            // A pack has one subject's records, or nobody's.
            if slot.draft != draft { record.subject = entries[index].subject }
            draft = slot.draft
            record.eventStart = entries[index].eventStart
            record.isTombstone = entries[index].isTombstone
            if !record.terms.isEmpty || !entries[index].terms.isEmpty {
                record.terms = entries[index].terms
            }
            body(record)
        }
    }
}
