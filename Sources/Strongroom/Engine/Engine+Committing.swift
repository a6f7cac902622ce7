import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveSealing
import ArchiveSegments
import Logging
import SystemPackage

extension Engine {
    /// Bytes of entries and bodies in one batch: with headers and padding it stays below the format's
    /// limit of a batch.
    package static let batchByteLimit = 12 << 20

    /// Makes records durable in one commit, and visible.
    ///
    /// All or none.
    package func commit(_ records: [NewRecord]) throws(ArchiveError) -> [Receipt] {
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
        }
        for record in try sealingDeletions(of: records) { pending.append(PendingRecord(record)) }
        return try commit(pending)
    }

    /// Makes entries durable in one commit; their sequences and times are given here.
    func commit(_ records: [PendingRecord]) throws(ArchiveError) -> [Receipt] {
        guard !records.isEmpty else { return [] }
        let log = try writableLog()
        let registrations = newCollections(in: records).map {
            PendingRecord(SystemRecords.registration(of: $0))
        }
        var records = registrations + records
        let byteCount = records.reduce(0) { $0 + $1.footprint }
        guard byteCount <= Self.batchByteLimit else {
            throw ArchiveError(
                .invalid,
                "a batch of \(byteCount) bytes; one batch takes \(Self.batchByteLimit) at most"
            )
        }
        let time = max(clock(), end.link.time)
        let hasher = SHA256()
        for index in records.indices {
            records[index].number(
                end.link.lastSequence + UInt64(index) + 1,
                at: time,
                hasher: hasher
            )
        }
        do {
            let plan = try BatchPlan(
                records,
                keys: keys,
                packByteCount: document.packByteCount
            )
            let batch = try log.commit(
                plan.drafts,
                lastSequence: end.link.lastSequence + UInt64(records.count),
                time: time
            )
            try absorb(records, plan, batch)
            return records.dropFirst(registrations.count).map {
                Receipt(
                    sequence: $0.entry.sequence,
                    commit: batch.link.number,
                    recorded: $0.entry.recorded.microseconds
                )
            }
        } catch {
            throw ArchiveError.wrapping(error)
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

    /// Brings a durable batch into memory and before the readers' eyes.
    private func absorb(
        _ records: [PendingRecord],
        _ plan: BatchPlan,
        _ batch: CommittedBatch
    ) throws {
        var builder = RunBuilder()
        var directory: [DirectoryRecord] = []
        directory.reserveCapacity(records.count)
        var bodyByteCount: UInt64 = 0
        for (record, slot) in zip(records, plan.slots) {
            let place = RecordPlace(
                segment: batch.segment,
                frameOffset: batch.offsets[slot.draft],
                slot: slot.slot
            )
            let found = DirectoryRecord(
                record.entry,
                frameOffset: place.frameOffset,
                slot: place.slot
            )
            builder.append(found, at: place)
            directory.append(found)
            bodyByteCount += record.entry.bodyByteCount
        }
        try absorb(
            builder.finish(),
            directory,
            bodyByteCount: bodyByteCount,
            chunks: [],
            batch
        )
    }

    /// The same for what is already in the index's form.
    func absorb(
        _ run: SortedRun,
        _ directory: [DirectoryRecord],
        bodyByteCount: UInt64,
        chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)],
        _ batch: CommittedBatch
    ) throws {
        guard let log else { return }
        memory.insert(run)
        log.note(directory, bodyByteCount: bodyByteCount, chunks: chunks)
        try settle(log)
    }

    /// After each commit: readers see it, memory stays bounded.
    private func settle(_ log: LogWriter) throws {
        let before = end
        end = LogPlace(segment: log.end.segment, offset: log.end.offset, link: log.link)
        uncoveredByteCount +=
            end.segment == before.segment ? end.offset - before.offset : end.offset
        try publish()
        // The batch is durable: a failure from here on must not look like a failed commit.
        do {
            try log.flushDirectoryIfLarge()
            end = LogPlace(segment: log.end.segment, offset: log.end.offset, link: log.link)
            if memory.byteCount >= configuration.checkpointByteCount
                || uncoveredByteCount >= UInt64(configuration.checkpointLogByteCount)
            {
                try checkpoint()
            }
        } catch {
            let failure = ArchiveError.wrapping(error, in: "archive")
            deferredFailure = failure
            configuration.logger?.error(
                "keeping up behind a durable commit failed",
                metadata: ["finding": "\(failure.message)"]
            )
        }
    }

    /// Brings the index on disk up to the log.
    package func checkpoint() throws(ArchiveError) {
        guard case .writer(let index) = index, !memory.isEmpty || covered != end else { return }
        do {
            try index.checkpoint(applying: memory.freeze(), covering: end.coverage)
        } catch  where error.isHealedByRebuilding {
            return try remakeIndex()
        } catch {
            throw ArchiveError.wrapping(error, in: layout.index.string)
        }
        memory.dropFrozen()
        covered = end
        uncoveredByteCount = 0
        try publish()
    }

    /// Makes the head say what is durable.
    ///
    /// Called at the latest 100 ms after a commit.
    package func advanceHead(isClosed: Bool = false) throws(ArchiveError) {
        guard let log, !log.isPoisoned || isClosed, var head else { return }
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
        do throws(ArchiveError) { try checkpoint() } catch { failure = error }
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
    init(_ record: NewRecord) {
        entry = record.entry(sequence: 0, recorded: Timestamp(microseconds: 0))
        entry.bodyByteCount = UInt64(record.body.count)
        inlineBody = record.body
    }

    /// A bound on the record's plaintext in its pack.
    fileprivate var footprint: Int {
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

    fileprivate mutating func number(
        _ sequence: RecordSequence,
        at time: Timestamp,
        hasher: SHA256
    ) {
        entry.sequence = sequence
        entry.recorded = time
        if entry.body == .inline { entry.digest = hasher.hash(inlineBody.span) }
    }
}
