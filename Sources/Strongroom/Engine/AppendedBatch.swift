import ArchiveFormat
import ArchiveIndex
import ArchiveSegments

/// A batch that is durable and that readers do not see yet.
struct AppendedBatch: Sendable {
    let segment: SegmentNumber
    /// Where the batch's entries wait for their directory frame.
    let directory: PendingDirectory
    var records: PlacedRecords?
    var chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)] = []
    var receipts: [Receipt] = []
    /// Where the log ends behind it.
    let end: LogPlace

    init(_ committed: CommittedBatch, end: LogPlace) {
        segment = committed.segment
        directory = committed.directory
        self.end = end
    }

    /// Whether absorbing it takes less time than waking a thread for it.
    var isSmall: Bool { (records?.slots.count ?? 0) + chunks.count <= 2 }

    /// What the index holds of the batch; its entries are in the directory then, too.
    func indexed() -> SortedRun {
        directory.add { directory in
            var builder = RunBuilder()
            var indexer = RecordIndexer(segment)
            records?.visit { record in
                indexer.append(record, to: &builder)
                directory.append(record)
            }
            indexer.finish(to: &builder)
            for (chunk, domain) in chunks {
                builder.append(chunk: chunk.id, segment: segment, offset: chunk.frameOffset)
                directory.append(chunk, domain: domain)
            }
            return builder.finish()
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
        let records = batch.records.span
        for index in records.indices {
            let slot = slots[index]
            // Field by field: to lend an entry whole would copy it first.
            let record = DirectoryRecord(
                sequence: batch.firstSequence + UInt64(index),
                frameOffset: offsets[slot.draft],
                slot: slot.slot,
                collection: records[index].entry.collection,
                name: records[index].entry.name,
                subject: records[index].entry.subject,
                recorded: batch.time,
                eventStart: records[index].entry.eventStart,
                isTombstone: records[index].entry.isTombstone,
                terms: records[index].entry.terms
            )
            body(record)
        }
    }
}
