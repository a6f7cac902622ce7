import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Synchronization

/// Records that become durable together, all or none.
public struct WriteBatch: Sendable {
    private var records: PendingRecords
    /// Why the batch cannot be written: the first record that the format cannot hold.
    private var failure: ArchiveError?

    /// An empty batch.
    public init() { self.init(isDigestedAhead: false) }

    /// The same; what is put in may be hashed on another thread, while more comes.
    package init(isDigestedAhead: Bool) {
        records = PendingRecords(isDigestedAhead: isDigestedAhead)
    }

    /// How many records and deletions are in the batch.
    public var count: Int { records.count }

    /// Whether bodies are hashed on another thread, while more come.
    var isDigestedAhead: Bool { records.isDigestedAhead }

    /// The name of a record in the batch, by its place.
    package func name(at index: Int) -> String { records.entries[index].name }

    /// Lends the body of a record in the batch.
    package func withBody<Result>(at index: Int, _ read: (Span<UInt8>) -> Result) -> Result {
        records.withBody(at: index, read)
    }

    /// Adds a record.
    ///
    /// One that no archive can hold makes writing the batch throw.
    public mutating func put(_ record: consuming NewRecord) {
        let body = record.takeBody()
        put(moving: &record, body: body.span)
    }

    /// Adds a record with a body that stands elsewhere; the entry is moved out of `record`.
    package mutating func put(moving record: inout NewRecord, body: Span<UInt8>) {
        do throws(ArchiveError) {
            try record.validate()
            try NewRecord.checkInline(body.count)
            let entry = record.takeEntry(bodyByteCount: body.count)
            records.append(entry, inlineBody: body)
        } catch {
            failure = failure ?? error
        }
    }

    /// Makes room for so many records.
    package mutating func reserveCapacity(_ count: Int) { records.reserveCapacity(count) }

    /// Adds the deletion of a name: a version that says so.
    ///
    /// Older versions stay readable as of then.
    public mutating func delete(_ name: String, in collection: String = "records") {
        delete(name, in: collection, of: nil)
    }

    /// Adds the deletion of a name whose subject is known.
    package mutating func delete(_ name: String, in collection: String, of subject: String?) {
        var record = NewRecord(name: name, body: [], collection: collection, subject: subject)
        record.isTombstone = true
        put(record)
    }

    /// What is in the batch, in the order of the receipts.
    ///
    /// - Throws: `invalid` if a record is none that an archive can hold.
    consuming func checked() throws(ArchiveError) -> PendingRecords {
        if let failure { throw failure }
        return records
    }
}

extension PendingRecords {
    /// One record, whose body is moved.
    init(_ record: consuming NewRecord) {
        let body = record.takeBody()
        self.init(record.takeEntry(bodyByteCount: body.count), inlineBody: body)
    }
}

extension NewRecord {
    /// Refuses a body that no pack may hold.
    fileprivate static func checkInline(_ byteCount: Int) throws(ArchiveError) {
        guard byteCount <= Limits.inlineBody else {
            throw ArchiveError(
                .invalid,
                "a body of \(byteCount) bytes in a batch; put what is larger than 1 MiB as a stream"
            )
        }
    }
}

extension Archive {
    /// Puts one record.
    ///
    /// Durable when it returns. A task that was cancelled before writes nothing; one that is cancelled
    /// while it waits gets its receipt all the same.
    @discardableResult
    public func put(_ record: NewRecord) async throws(ArchiveError) -> Receipt {
        guard record.body.count <= Limits.inlineBody else {
            let body = record.body
            var rest = record
            rest.body = []
            let source = BodyPieces(body)
            return try await put(rest) { source.next() }
        }
        try record.validate()
        let receipts = try await core.submit(PendingRecords(record))
        guard let receipt = receipts.first else {
            throw ArchiveError(.invalid, "one record makes one receipt")
        }
        return receipt
    }

    /// Puts bytes under a name.
    ///
    /// Durable when it returns.
    @discardableResult
    public func put(
        _ body: [UInt8],
        name: String,
        subject: String? = nil,
        mediaType: String? = nil
    ) async throws(ArchiveError) -> Receipt {
        try await put(
            NewRecord(name: name, body: body, subject: subject, mediaType: mediaType)
        )
    }

    /// Puts a record whose body comes in pieces, of any length, in bounded memory; nil ends it.
    ///
    /// `next` runs on the writer's thread, where it may block: other writers wait for it. A task that is
    /// cancelled before the last piece puts no record, and throws `cancelled` when the next piece is due.
    @discardableResult
    public func put(
        _ record: NewRecord,
        body next: @escaping @Sendable () throws -> [UInt8]?
    ) async throws(ArchiveError) -> Receipt {
        guard !Task.isCancelled else {
            throw ArchiveError(.cancelled, "the task was cancelled before anything was written")
        }
        return try await core.write { engine, cancellation throws(ArchiveError) in
            try engine.put(record) {
                if cancellation.isCancelled {
                    throw ArchiveError(.cancelled, "the task was cancelled before the body's end")
                }
                return try next()
            }
        }
    }

    /// Puts many records in one commit, all or none.
    ///
    /// The receipts are in the order of the batch.
    ///
    /// A batch takes at most 12 MiB of bodies and entries.
    @discardableResult
    public func write(
        _ fill: (inout WriteBatch) throws(ArchiveError) -> Void
    ) async throws(ArchiveError) -> [Receipt] {
        var batch = WriteBatch(isDigestedAhead: core.threadCount > 1)
        batch.reserveCapacity(min(core.lastBatchCount.load(ordering: .relaxed), 1_024))
        try fill(&batch)
        core.lastBatchCount.store(batch.count, ordering: .relaxed)
        return try await write(batch)
    }

    /// Puts the records of a batch in one commit.
    package func write(_ batch: consuming WriteBatch) async throws(ArchiveError) -> [Receipt] {
        try await core.submit(try batch.checked())
    }

    /// Deletes a name: adds a version that says so.
    ///
    /// What was there stays readable as of before.
    @discardableResult
    public func delete(
        _ name: String,
        in collection: String = "records"
    ) async throws(ArchiveError) -> Receipt {
        var batch = WriteBatch()
        batch.delete(name, in: collection)
        let receipts = try await write(batch)
        guard let receipt = receipts.first else {
            throw ArchiveError(.invalid, "one deletion makes one receipt")
        }
        return receipt
    }
}
