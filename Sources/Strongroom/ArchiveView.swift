package import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
package import ArchiveSealing
import ArchiveSegments

/// An archive's records as they were at one moment: what was committed up to then, and nothing that
/// came later.
///
/// A value; taking one costs nothing, and the writer never waits for it.
///
/// Its methods read from disk and block meanwhile; ``Archive`` runs them off the cooperative pool.
public struct ArchiveView: Sendable {
    let state: ReadState
    package let reader: RecordReader
    /// The highest sequence number that this view sees.
    public let lastSequence: UInt64
    /// Tells that nobody waits for an answer any more.
    var cancellation: Cancellation?

    package init(_ state: ReadState, reader: RecordReader, upTo sequence: UInt64? = nil) {
        self.state = state
        self.reader = reader
        lastSequence = min(sequence ?? .max, state.link.lastSequence)
    }

    /// The same archive as it was when `sequence` was its newest record version.
    package func limited(to sequence: UInt64) -> ArchiveView {
        var view = ArchiveView(state, reader: reader, upTo: sequence)
        view.cancellation = cancellation
        return view
    }

    /// The same view, whose walks end once something is cancelled.
    package func cancelled(by cancellation: Cancellation) -> ArchiveView {
        var view = self
        view.cancellation = cancellation
        return view
    }

    /// The highest sequence recorded at `time` or before.
    package func sequence(at time: Timestamp) throws(ArchiveError) -> UInt64 {
        let after = IndexKeys.time(
            Timestamp(microseconds: time.microseconds == .max ? .max : time.microseconds + 1),
            sequence: 0
        )
        var entry = IndexEntry()
        do {
            guard try state.index.last(before: after.span, into: &entry),
                entry.key.first == IndexKeys.Table.time.rawValue
            else { return 0 }
            let run = try TimeRun(entry.key.span, entry.value.span)
            return min(run.first.sequence + run.count - 1, lastSequence)
        } catch {
            throw ArchiveError.wrapping(error, in: "index")
        }
    }

    /// The newest version of a name, or nil if there is none or it is deleted.
    public func record(
        named name: String,
        in collection: String = "records"
    ) throws(ArchiveError) -> Record? {
        guard let place = try place(of: name, in: collection) else { return nil }
        return try reader.record(at: place, like: Self.likely(name, collection))
    }

    /// What a record most likely has in common with others: texts that are so need no memory.
    static func likely(_ name: String, _ collection: String) -> RecordEntry {
        var entry = RecordEntry()
        entry.name = name
        entry.collection = collection
        entry.mediaType = "application/fhir+json"
        return entry
    }

    /// All versions of a name, newest first, deletions included.
    public func versions(
        of name: String,
        in collection: String = "records"
    ) throws(ArchiveError) -> [Record] {
        let prefix = IndexKeys.name(collection, name)
        var found: [RecordPlace] = []
        try scan(from: prefix, to: prefix.prefixEnd) { key, value throws(DecodingError) in
            let sequence = IndexKeys.sequence(key)
            if sequence <= lastSequence {
                found.append(try IndexValue(value, sequence: sequence).place)
            }
            return true
        }
        var records: [Record] = []
        for place in found { records.append(try reader.record(at: place)) }
        return records
    }

    /// Whether `record` is what its name stands for in this view.
    package func isCurrent(_ record: Record) throws(ArchiveError) -> Bool {
        try place(of: record.name, in: record.collection) == record.place
    }

    /// The body of a small record.
    ///
    /// For larger ones read it in pieces: ``forEachPiece(of:_:)``.
    public func body(of record: Record) throws(ArchiveError) -> [UInt8] {
        if record.entry.body == .inline {
            let body = try reader.inlineBody(at: record.place)
            guard UInt64(body.count) == record.byteCount else {
                throw ArchiveError(.corrupt, "record \(record.sequence) is not where it was")
            }
            return body
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(min(record.byteCount, 64 << 20)))
        try forEachPiece(of: record) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Hands over the body in order, in pieces of at most 8 MiB; the digest of the whole is checked at
    /// the end, so use nothing before this returns if it must be whole.
    public func forEachPiece(
        of record: Record,
        _ body: (ArraySlice<UInt8>) throws -> Void
    ) throws(ArchiveError) {
        do {
            let hasher = SHA256()
            var count: UInt64 = 0
            func take(_ piece: ArraySlice<UInt8>) throws {
                piece.withContiguousSpan { hasher.update($0) }
                count += UInt64(piece.count)
                try body(piece)
            }
            switch record.entry.body {
            case .inline:
                let bytes = try self.body(of: record)
                if !bytes.isEmpty { try take(bytes[...]) }
            case .chunks(let chunks):
                for chunk in chunks { try take(try bytes(of: chunk)) }
            case .chunkLists(let lists):
                for list in lists {
                    let references = try bytes(of: list).withContiguousSpan {
                        try ChunkList.decode($0)
                    }
                    for chunk in references { try take(try bytes(of: chunk)) }
                }
            }
            guard count == record.byteCount, hasher.finish() == record.entry.digest else {
                throw ArchiveError(
                    .corrupt,
                    "the body of record \(record.sequence) is not what was put"
                )
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    func bytes(of chunk: RecordEntry.Chunk) throws(ArchiveError) -> ArraySlice<UInt8> {
        try checkCancellation()
        guard let place = try place(ofChunk: chunk.id) else {
            throw ArchiveError(.corrupt, "a chunk is not in the index; run rebuild-index")
        }
        let bytes = try reader.chunk(at: place, id: chunk.id)
        guard bytes.count == chunk.byteCount else {
            throw ArchiveError(.corrupt, "a chunk has another length than its record says")
        }
        return bytes
    }

    package func place(ofChunk id: Digest) throws(ArchiveError) -> RecordPlace? {
        do {
            guard let value = try state.index.value(for: IndexKeys.chunk(id).span) else {
                return nil
            }
            return try IndexValue(value.span).place
        } catch {
            throw ArchiveError.wrapping(error, in: "index")
        }
    }

    /// Where the newest version of a name that this view sees is; nil if there is none, or it says
    /// that the record was deleted.
    package func place(
        of name: String,
        in collection: String
    ) throws(ArchiveError) -> RecordPlace? {
        do {
            return try reader.withSearch { start, entry in
                start.removeAll(keepingCapacity: true)
                IndexKeys.append(name, in: collection, to: &start)
                let count = start.count
                IndexKeys.append(sequence: lastSequence, to: &start, descending: true)
                let isFound = try state.index.newest(
                    atOrAfter: start.span,
                    beginningWith: count,
                    into: &entry
                )
                guard isFound else { return nil }
                let value = try IndexValue(
                    entry.value.span,
                    sequence: IndexKeys.sequence(entry.key.span)
                )
                return value.note & IndexKeys.tombstone != 0 ? nil : value.place
            }
        } catch {
            throw ArchiveError.wrapping(error, in: "index")
        }
    }

    /// Ends a walk between its steps.
    private func checkCancellation() throws(ArchiveError) {
        if cancellation?.isCancelled == true {
            throw ArchiveError(.cancelled, "reading was cancelled")
        }
    }

    /// Visits the index's entries from one key up to another until `visit` answers false.
    func scan(
        from start: [UInt8],
        to end: [UInt8],
        visit: (Span<UInt8>, Span<UInt8>) throws(DecodingError) -> Bool
    ) throws(ArchiveError) {
        try checkCancellation()
        do {
            var cursor = state.index.cursor()
            var isThere = try cursor.seek(atOrAfter: start.span)
            while isThere {
                let goesOn = try cursor.withEntry { key, value throws(DecodingError) in
                    guard key.precedes(end.span) else { return false }
                    return try visit(key, value)
                }
                guard goesOn else { return }
                isThere = try cursor.next()
            }
        } catch {
            throw ArchiveError.wrapping(error, in: "index")
        }
    }
}

extension ArraySlice where Element == UInt8 {
    /// Lends the slice's bytes as one span.
    func withContiguousSpan<Result>(
        _ body: (Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        let span = self.span
        return try body(span)
    }
}
