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
        var batch = WriteBatch()
        for record in records { batch.put(record) }
        return try commit(batch)
    }

    /// The same for what a batch has gathered.
    package func commit(_ batch: WriteBatch) throws(ArchiveError) -> [Receipt] {
        try commit(try batch.checked())
    }

    /// Makes entries durable in one commit, and visible; their sequences and times are given here.
    func commit(_ records: PendingRecords) throws(ArchiveError) -> [Receipt] {
        guard !records.isEmpty else { return [] }
        try requireRoomInMemory()
        let batch = try append(records)
        absorb(batch)
        keepUp(with: records)
        return batch.receipts
    }

    /// Does at once, on one thread, what has become due behind a commit.
    func keepUp(with records: PendingRecords) {
        followUp(records)
        guard isCheckpointDue else { return }
        runBehindCommit(.index) { () throws(ArchiveError) in try checkpoint() }
    }

    /// Makes entries durable in one commit.
    ///
    /// Readers do not see them before the batch is absorbed.
    func append(_ records: PendingRecords) throws(ArchiveError) -> AppendedBatch {
        let log = try writableLog()
        let records = try sealingDeletions(of: records)
        let collections = untoldCollections(in: records.entries.span, of: log.nextSegment)
        let trained = try dictionaryForLog(besides: records)
        var own = trained.map(SystemRecords.pending) ?? PendingRecords()
        for collection in collections {
            own.append(contentsOf: PendingRecords(SystemRecords.registration(of: collection)))
        }
        let ownCount = own.count
        if ownCount > 0 { own.append(contentsOf: records) }
        let batch = RecordBatch(
            ownCount > 0 ? own : records,
            firstSequence: log.link.lastSequence + 1,
            time: max(clock(), log.link.time)
        )
        try checkSize(batch)
        do {
            let plan = BatchPlan(
                batch,
                packByteCount: document.packByteCount,
                dictionary: dictionaries.dictionary(for:)
            )
            var entries: BatchEntries?
            let placed = try log.commit(
                plan.drafts,
                of: batch,
                lastSequence: log.link.lastSequence + UInt64(batch.records.count),
                time: batch.time
            ) { placed in
                let made = BatchEntries(
                    placed,
                    records: PlacedRecords(
                        batch: batch,
                        slots: plan.slots,
                        offsets: placed.offsets
                    ),
                    in: runRoom
                )
                prepare(made)
                entries = made
            }
            // Not before: a refused batch has made nothing known.
            for collection in collections {
                knownCollections.add(collection, in: placed.segment)
            }
            if let trained { adopt(trained, log) }
            log.count(batch.totals, directoryByteCount: batch.records.entryByteCount)
            guard let entries else { preconditionFailure("what is written was placed") }
            var appended = AppendedBatch(entries: entries, end: log.place)
            let commit = log.link.number
            appended.receipts = (ownCount..<batch.records.count).map {
                Receipt(
                    sequence: batch.firstSequence + UInt64($0),
                    commit: commit,
                    recorded: batch.time.microseconds
                )
            }
            return appended
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    private func checkSize(_ batch: RecordBatch) throws(ArchiveError) {
        let byteCount = batch.records.packedByteCount
        guard byteCount <= Self.batchByteLimit else {
            throw ArchiveError(
                .invalid,
                "a batch of \(byteCount) bytes; one batch takes \(Self.batchByteLimit) at most"
            )
        }
    }

    /// What is left to do with the log behind a commit, which is durable whatever comes.
    func followUp(_ records: PendingRecords) {
        if let log, log.isDirectoryDue {
            runBehindCommit(.directory) { () throws(LogError) in try log.flushDirectory() }
            let place = log.place
            settle { reach(place) }
        }
        train(on: records)
    }

    /// A failure behind a durable commit must not look like a failed commit: the next call reports it.
    func runBehindCommit<Failure: Error>(
        _ chore: Chore,
        _ body: () throws(Failure) -> Void
    ) {
        do {
            try body()
            unfinished.withLock { $0[chore] = nil }
        } catch {
            let failure = ArchiveError.wrapping(error, in: "archive")
            unfinished.withLock { $0[chore] = failure }
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
        do {
            guard let loss = try footing?.loss() else { return log }
            log.stop("the archive is not where it was opened")
            throw ArchiveError(.poisoned, loss)
        } catch {
            throw ArchiveError.wrapping(error, in: layout.root.string)
        }
    }

    /// Collections that the segment does not tell of yet, in the order of their first record.
    private func untoldCollections(
        in entries: Span<RecordEntry>,
        of segment: SegmentNumber
    ) -> [String] {
        var found: [String] = []
        var last = (collection: "", isDomain: false)
        for index in entries.indices {
            let isDomain = entries[index].subject == nil
            if isDomain == last.isDomain,
                entries[index].collection.hasSameBytes(as: last.collection)
            {
                continue
            }
            last = (entries[index].collection, isDomain)
            guard
                knownCollections.mustBeTold(of: last.collection, isDomain: isDomain, in: segment),
                !found.contains(where: { $0.hasSameBytes(as: last.collection) })
            else { continue }
            keys.learn(collection: last.collection)
            found.append(last.collection)
        }
        return found
    }

    /// Makes the head say what is durable.
    ///
    /// Called at the latest 100 ms after a commit.
    package func advanceHead(isClosed: Bool = false) throws(ArchiveError) {
        guard let log, !log.isPoisoned || isClosed, footing?.isCopy != true, var head else {
            return
        }
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

    /// Brings the index up to the log and closes it.
    ///
    /// It is a cache of the log, so that only a checkpoint that fails is worth telling.
    private func closeIndex() throws(ArchiveError) {
        guard case .writer(let index) = index else { return }
        if !mustRemakeIndex, !memory.isEmpty, index.isWasteful(after: memory.runs) {
            do throws(IndexError) {
                return try index.closeCompacted(applying: memory.runs, covering: end.coverage)
            } catch {
                // The old file stays as it is, and takes a checkpoint instead.
            }
        }
        defer { closeIndexAsItIs() }
        try checkpoint()
    }

    private func closeIndexAsItIs() {
        guard case .writer(let index) = index else { return }
        if index.isWasteful(), (try? index.closeCompacted()) != nil { return }
        try? index.close()
    }

    /// A directory frame for less would cost more than reading the packs.
    private static let directoryByteCountAtClose = 256 << 10

    /// Ends writing in order: index and head are brought up to the log, reserved space is given back.
    ///
    /// The first failure is thrown when everything that still could be closed is.
    package func close() throws(ArchiveError) {
        guard let log else { return }
        // The other process has the lock, the log and the head.
        if footing?.isCopy == true {
            self.log = nil
            return
        }
        var failure: ArchiveError? = nil
        if (try? footing?.loss()) != nil { log.stop("the archive is not where it was opened") }
        if log.isPoisoned {
            self.log = nil
            return giveBackLock()
        }
        do {
            // Who opens the archive next need not look into the packs for what the directory lacks.
            try log.flushDirectory(ifAbove: Self.directoryByteCountAtClose)
            end = log.place
            try closeIndex()
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
        giveBackLock()
        if let failure { throw failure }
    }

    private func giveBackLock() {
        // A child process that is just being made holds the file until it runs its program: closing
        // alone would leave it locked so long.
        try? lockFile?.unlock(byte: 0)
        try? lockFile?.close()
    }
}

extension RecordBatch {
    /// Bytes are those of bodies, those in chunks included.
    fileprivate var totals: SegmentTotals {
        let entries = records.entries.span
        var sum = SegmentTotals(recordCount: UInt64(entries.count))
        for index in entries.indices { sum.recordByteCount += entries[index].bodyByteCount }
        return sum
    }
}
