import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveIndex
import ArchiveSealing
import ArchiveSegments

extension Engine {
    /// Puts one record whose body comes in pieces, of any length, in bounded memory.
    ///
    /// Chunks are committed before the record that names them: until then nobody sees them, and if it
    /// never comes they are waste.
    package func put(
        _ record: NewRecord,
        body next: () throws -> [UInt8]?
    ) throws(ArchiveError) -> Receipt {
        try record.validate()
        do {
            var writer = try bodyWriter(for: record)
            while let piece = try next() { try writer.append(piece) }
            return try put(record, body: try writer.finish())
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// A writer for the body of `record`, which commits its chunks here.
    func bodyWriter(for record: NewRecord) throws(ArchiveError) -> BodyWriter {
        try BodyWriter(
            subject: record.subject,
            collection: record.collection,
            keys: keys
        ) { try self.commit(chunks: $0) }
    }

    /// Commits the record of a finished body.
    package func put(
        _ record: NewRecord,
        body: BodyWriter.Result
    ) throws(ArchiveError) -> Receipt {
        try record.validate()
        var entry = record.entry
        entry.body = body.body
        entry.bodyByteCount = body.byteCount
        entry.digest = body.digest
        let pending = PendingRecords(entry, inlineBody: body.inlineBody, isDigested: true)
        guard let receipt = try commit(pending).first else {
            throw ArchiveError(.invalid, "one record makes one receipt")
        }
        return receipt
    }

    /// Makes the segment that the next commit is in tell of a collection.
    private func tell(of collection: String, _ log: LogWriter) throws(ArchiveError) {
        func isUntold() -> Bool {
            knownCollections.mustBeTold(of: collection, isDomain: true, in: log.nextSegment)
        }
        // Twice, if telling has filled the segment.
        for _ in 0..<2 where isUntold() {
            let receipts = try commit([SystemRecords.registration(of: collection)])
            guard !receipts.isEmpty else { return }
            knownCollections.add(collection, in: log.place.segment)
        }
    }

    /// Makes chunks durable that the archive does not hold yet.
    package func commit(chunks: [PendingChunk]) throws(ArchiveError) {
        let log = try writableLog()
        try requireRoomInMemory()
        do {
            var fresh: [PendingChunk] = []
            var ids: Set<Digest> = []
            for chunk in chunks where !ids.contains(chunk.id) {
                ids.insert(chunk.id)
                let key = IndexKeys.chunk(chunk.id)
                if try readState.index.value(for: key.span) == nil { fresh.append(chunk) }
            }
            guard !fresh.isEmpty else { return }
            if case .collection(let collection)? = fresh.first?.domain {
                try tell(of: collection, log)
            }
            let drafts = fresh.map { chunk in
                FrameDraft(
                    kind: .chunk,
                    .bytes(
                        ChunkPlaintext.encode(
                            domain: chunk.domain,
                            id: chunk.id,
                            bytes: chunk.bytes.span
                        )
                    ),
                    domain: chunk.domain,
                    firstSequence: log.link.lastSequence + 1,
                    codec: .zstandard
                )
            }
            let placed = try log.commit(
                drafts,
                lastSequence: log.link.lastSequence,
                time: max(clock(), log.link.time)
            )
            let entries = BatchEntries(
                placed,
                chunks: zip(fresh, placed.offsets).map {
                    (DirectoryChunk(id: $0.id, frameOffset: $1), $0.domain)
                },
                in: runRoom
            )
            log.count(
                SegmentTotals(),
                directoryByteCount: fresh.count * DirectoryChunk.footprint
            )
            absorb(AppendedBatch(entries: entries, end: log.place))
            keepUp(with: PendingRecords())
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }
}
