import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import Synchronization

/// What an archive's clock says while records are copied into it: when they were first recorded.
final class CopyingClock: Sendable {
    private let time = Mutex<Timestamp?>(nil)
    private let other: @Sendable () -> Timestamp

    init(_ other: @escaping @Sendable () -> Timestamp) { self.other = other }

    func set(_ time: Timestamp) { self.time.withLock { $0 = time } }

    func now() -> Timestamp { time.withLock { $0 } ?? other() }
}

/// Copies record versions into a new archive, in their order and with their times.
///
/// What was recorded together is committed together. It is used by one thread.
final class RecordCopying {
    private let engine: Engine
    private let clock: CopyingClock
    private let source: RecordReader
    /// Where each chunk of a large body is.
    private let chunks: Mutex<[Digest: RecordPlace]>
    /// Versions that an interrupted run has copied.
    private var present: UInt64
    private var lastPresent: Record?
    private var batch = WriteBatch()
    private var batchByteCount = 0
    private var batchTime: Int64 = 0

    private(set) var recordCount: UInt64 = 0
    private(set) var recordByteCount: UInt64 = 0

    private static let batchByteLimit = 4 << 20
    private static let batchCountLimit = 4_096

    init(
        _ source: RecordReader,
        into engine: Engine,
        _ clock: CopyingClock
    ) throws(ArchiveError) {
        self.engine = engine
        self.clock = clock
        self.source = source
        chunks = Mutex([:])
        (present, lastPresent) = try Self.contents(of: engine)
    }

    /// How many versions there are, and the last.
    private static func contents(of engine: Engine) throws(ArchiveError) -> (UInt64, Record?) {
        let records = RecordReader(log: engine.reader, keys: engine.keys)
        let view = ArchiveView(engine.readState, reader: records)
        var count: UInt64 = 0
        var last: Record?
        try view.forEachInOrder { record in
            guard record.collection != SystemRecords.collection else { return true }
            count += 1
            last = record
            return true
        }
        return (count, last)
    }

    /// Makes known where a chunk is; from any thread.
    func learn(_ id: Digest, at place: RecordPlace) {
        chunks.withLock { $0[id] = place }
    }

    /// Copies a version; false if its body is not there any more.
    func copy(_ place: RecordPlace) throws(ArchiveError) -> Bool {
        let (record, inlineBody) = try source.recordWithBody(at: place)
        guard let pieces = try pieces(of: record.entry) else { return false }
        recordCount += 1
        recordByteCount += record.byteCount
        if present > 0 { return try pass(record) }
        if batchTime != record.recorded || batchByteCount > Self.batchByteLimit
            || batch.count >= Self.batchCountLimit
        {
            try flush()
        }
        batchTime = record.recorded
        if record.isDeleted {
            batch.delete(record.name, in: record.collection, of: record.subject)
            return true
        }
        guard let body = inlineBody else {
            try flush()
            try copy(record, pieces)
            return true
        }
        guard SHA256.hash(body.span) == record.entry.digest else {
            throw ArchiveError(
                .corrupt,
                "the body of record \(record.sequence) is not what was put"
            )
        }
        batch.put(Self.new(record, body))
        batchByteCount += body.count
        return true
    }

    /// Commits what has been gathered.
    func flush() throws(ArchiveError) {
        guard batch.count > 0 else { return }
        clock.set(Timestamp(microseconds: batchTime))
        _ = try engine.commit(batch)
        batch = WriteBatch()
        batchByteCount = 0
    }

    /// Passes over a version that was copied before.
    ///
    /// The last of them must be the archive's last: else the vault gave other records then.
    private func pass(_ record: Record) throws(ArchiveError) -> Bool {
        present -= 1
        guard present == 0, let last = lastPresent else { return true }
        guard last.name.hasSameBytes(as: record.name),
            last.collection.hasSameBytes(as: record.collection),
            last.recorded == record.recorded, last.sha256 == record.sha256
        else {
            throw ArchiveError(
                .invalid,
                "the vault gives other records than when this recovery was begun; remove what it "
                    + "has made so far, and begin again"
            )
        }
        return true
    }

    private static func new(_ record: Record, _ body: [UInt8]) -> NewRecord {
        var new = NewRecord(
            name: record.name,
            body: body,
            collection: record.collection,
            subject: record.subject,
            mediaType: record.mediaType,
            eventStart: record.eventStart,
            eventEnd: record.eventEnd,
            attributes: record.attributes,
            source: record.source
        )
        new.termList = record.entry.terms
        return new
    }

    // MARK: Large bodies

    /// The chunks of a large body in order, none for a small one; nil if any is lost.
    private func pieces(
        of entry: RecordEntry
    ) throws(ArchiveError) -> [RecordEntry.Chunk]? {
        var found: [RecordEntry.Chunk] = []
        switch entry.body {
        case .inline: return []
        case .chunks(let chunks): found = chunks
        case .chunkLists(let lists):
            for list in lists {
                guard let bytes = try bytes(of: list) else { return nil }
                do {
                    found += try ChunkList.decode(bytes.span)
                } catch {
                    throw ArchiveError(.corrupt, "a list of chunks is damaged (\(error))")
                }
            }
        }
        let isWhole = chunks.withLock { known in found.allSatisfy { known[$0.id] != nil } }
        return isWhole ? found : nil
    }

    private func bytes(
        of chunk: RecordEntry.Chunk
    ) throws(ArchiveError) -> ArraySlice<UInt8>? {
        guard let place = chunks.withLock({ $0[chunk.id] }) else { return nil }
        return try source.chunk(at: place, id: chunk.id)
    }

    private func copy(
        _ record: Record,
        _ pieces: [RecordEntry.Chunk]
    ) throws(ArchiveError) {
        clock.set(Timestamp(microseconds: record.recorded))
        let hasher = SHA256()
        var rest = pieces[...]
        _ = try engine.put(Self.new(record, [])) { () throws -> [UInt8]? in
            guard let chunk = rest.popFirst() else {
                guard hasher.finish() == record.entry.digest else {
                    throw ArchiveError(
                        .corrupt,
                        "the body of record \(record.sequence) is not what was put"
                    )
                }
                return nil
            }
            let bytes = Array(try self.bytes(of: chunk) ?? [])
            hasher.update(bytes.span)
            return bytes
        }
    }
}
