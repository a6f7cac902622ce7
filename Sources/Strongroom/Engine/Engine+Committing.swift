import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveSealing
import ArchiveSegments
import Logging
import Synchronization
import SystemPackage

extension Engine {
    /// Bytes of entries and bodies in one batch: with headers and padding it stays below the format's
    /// limit of a batch.
    package static let batchByteLimit = 12 << 20

    /// Makes records durable in one commit, and visible.
    ///
    /// All or none.
    package func commit(_ records: [NewRecord]) throws(ArchiveError) -> [Receipt] {
        try commit(try Self.prepare(records))
    }

    /// Makes entries durable in one commit, and visible; their sequences and times are given here.
    func commit(_ records: [PendingRecord]) throws(ArchiveError) -> [Receipt] {
        guard !records.isEmpty else { return [] }
        let batch = try append(records)
        absorb(batch)
        if isCheckpointDue { runBehindCommit { () throws(ArchiveError) in try checkpoint() } }
        return batch.receipts
    }

    /// Checks what callers give, and hashes it, so that the writer need not.
    static func prepare(_ records: [NewRecord]) throws(ArchiveError) -> [PendingRecord] {
        let hasher = SHA256()
        var pending: [PendingRecord] = []
        pending.reserveCapacity(records.count)
        for record in records {
            try record.validate()
            guard record.body.count <= Limits.inlineBody else {
                throw ArchiveError(
                    .invalid,
                    "a body of \(record.body.count) bytes in a batch; put what is larger than 1 MiB "
                        + "as a stream"
                )
            }
            pending.append(PendingRecord(record, hasher))
        }
        return pending
    }

    /// Makes entries durable in one commit.
    ///
    /// Readers do not see them before the batch is absorbed.
    func append(_ records: [PendingRecord]) throws(ArchiveError) -> AppendedBatch {
        let log = try writableLog()
        var records = try sealingDeletions(of: records)
        let registrations = newCollections(in: records).map {
            PendingRecord(SystemRecords.registration(of: $0), SHA256())
        }
        records.insert(contentsOf: registrations, at: 0)
        let byteCount = records.reduce(0) { $0 + $1.footprint }
        guard byteCount <= Self.batchByteLimit else {
            throw ArchiveError(
                .invalid,
                "a batch of \(byteCount) bytes; one batch takes \(Self.batchByteLimit) at most"
            )
        }
        let time = max(clock(), log.link.time)
        let first = log.link.lastSequence + 1
        for index in records.indices {
            records[index].entry.sequence = first + UInt64(index)
            records[index].entry.recorded = time
        }
        do {
            let plan = try BatchPlan(
                records.span,
                keys: keys,
                packByteCount: document.packByteCount
            )
            let committed = try log.commit(
                plan.drafts,
                lastSequence: first + UInt64(records.count) - 1,
                time: time
            )
            var batch = AppendedBatch(
                segment: committed.segment,
                records: plan.entries(of: records.span, in: committed)
            )
            batch.receipts = batch.records.dropFirst(registrations.count).map {
                Receipt(
                    sequence: $0.sequence,
                    commit: committed.link.number,
                    recorded: time.microseconds
                )
            }
            log.note(
                batch.records,
                bodyByteCount: records.reduce(0) { $0 + $1.entry.bodyByteCount },
                chunks: []
            )
            finish(&batch, log)
            return batch
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// What is left to do on the log behind a commit, which is durable whatever comes.
    func finish(_ batch: inout AppendedBatch, _ log: LogWriter) {
        runBehindCommit { () throws(LogError) in try log.flushDirectoryIfLarge() }
        batch.end = log.place
    }

    /// A failure behind a durable commit must not look like a failed commit: the next call reports it.
    func runBehindCommit<Failure: Error>(_ body: () throws(Failure) -> Void) {
        do {
            try body()
        } catch {
            let failure = ArchiveError.wrapping(error, in: "archive")
            deferredFailure.withLock { $0 = failure }
            configuration.logger?.error(
                "keeping up behind a durable commit failed",
                metadata: ["finding": "\(failure.message)"]
            )
        }
    }

    func writableLog() throws(ArchiveError) -> LogWriter {
        guard let log else {
            throw ArchiveError(.readOnly, "the archive was opened for reading only")
        }
        return log
    }

    /// Collections that no record has been in before, in the order of their first record.
    private func newCollections(in records: [PendingRecord]) -> [String] {
        var found: [String] = []
        for record in records where !knownCollections.contains(record.entry.collection) {
            knownCollections.insert(record.entry.collection)
            keys.learn(collection: record.entry.collection)
            found.append(record.entry.collection)
        }
        return found
    }

    /// Makes the head say what is durable.
    ///
    /// Called at the latest 100 ms after a commit.
    package func advanceHead(isClosed: Bool = false) throws(ArchiveError) {
        guard let log, !log.isPoisoned || isClosed, var head else { return }
        let end = log.place
        guard isClosed || head.current?.commit.number != end.link.number else { return }
        try head.advance(
            to: end.link,
            segment: end.segment,
            offset: end.offset,
            isClosed: isClosed
        )
        self.head = head
    }

    /// The index is a cache of the log, so that closing it may fail.
    private static func close(_ index: Index) {
        do throws(IndexError) {
            if index.isWasteful { return try index.closeCompacted() }
        } catch {
            // The old file stays as it is.
        }
        try? index.close()
    }

    /// A directory frame for less would cost more than reading the packs.
    private static let directoryByteCountAtClose = 256 << 10

    /// Ends writing in order: index and head are brought up to the log, reserved space is given back.
    ///
    /// The first failure is thrown when everything that still could be closed is.
    package func close() throws(ArchiveError) {
        guard let log else { return }
        var failure: ArchiveError? = nil
        if log.isPoisoned {
            self.log = nil
            return
        }
        do {
            // Who opens the archive next need not look into the packs for what the directory lacks.
            try log.flushDirectory(ifAbove: Self.directoryByteCountAtClose)
            end = log.place
            try checkpoint()
        } catch {
            failure = ArchiveError.wrapping(error)
        }
        do {
            try log.close()
            try advanceHead(isClosed: true)
        } catch {
            failure = failure ?? ArchiveError.wrapping(error)
        }
        self.log = nil
        if case .writer(let index) = index { Self.close(index) }
        try? lockFile?.close()
        if let failure { throw failure }
    }
}

extension PendingRecord {
    init(_ record: NewRecord, _ hasher: SHA256) {
        entry = record.entry(sequence: 0, recorded: Timestamp(microseconds: 0))
        entry.bodyByteCount = UInt64(record.body.count)
        entry.digest = hasher.hash(record.body.span)
        inlineBody = record.body
    }

    /// A bound on the record's plaintext in its pack.
    var footprint: Int {
        var chunks = 0
        switch entry.body {
        case .inline: break
        case .chunks(let list), .chunkLists(let list): chunks = list.count * 40
        }
        return inlineBody.count + 256 + entry.name.utf8.count + (entry.subject?.utf8.count ?? 0)
            + entry.terms.reduce(0) { $0 + $1.utf8.count + 4 }
            + entry.attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 8 }
            + (entry.source?.path.count ?? 0) + chunks
    }
}
