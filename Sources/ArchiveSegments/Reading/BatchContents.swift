import ArchiveBytes
package import ArchiveFormat

/// What a batch or directory adds to the index.
package struct LogEntries: Sendable {
    package let segment: SegmentNumber
    package var records: [DirectoryRecord] = []
    package var chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)] = []
    /// Sum of the records' body lengths, where packs were opened.
    package var bodyByteCount: UInt64 = 0
    /// Frames or blocks of erased subjects, which no key opens.
    package var erasedCount = 0

    package init(segment: SegmentNumber) { self.segment = segment }
}

/// Opens the frames of a batch to learn what it holds.
package struct BatchContents {
    private let opener: FrameOpener
    private let keys: any LogKeys

    package init(keys: any LogKeys, directory: SegmentDirectory) {
        self.init(opener: FrameOpener(keys: keys, directory: directory), keys: keys)
    }

    package init(opener: FrameOpener, keys: any LogKeys) {
        self.opener = opener
        self.keys = keys
    }

    /// The entries of all records and chunk frames of the batch that `scanner` returned last.
    package func entries(
        of batch: ScannedBatch,
        in scanner: borrowing BatchScanner
    ) throws(LogError) -> LogEntries {
        var entries = LogEntries(segment: scanner.segment)
        for frame in batch.frames where frame.kind == .records || frame.kind == .chunk {
            do {
                let header = scanner.header(of: frame)
                let plain = try scanner.withFrame(frame) { bytes throws(LogError) in
                    try opener.open(
                        bytes,
                        header: header,
                        segment: scanner.segment,
                        offset: frame.offset
                    )
                }
                try add(plain, of: frame, to: &entries)
            } catch  where error.code == .erased {
                entries.erasedCount += 1
            }
        }
        return entries
    }

    private func add(
        _ plain: [UInt8],
        of frame: ScannedBatch.Frame,
        to entries: inout LogEntries
    ) throws(LogError) {
        do {
            if frame.kind == .chunk {
                let chunk = try ChunkPlaintext(decoding: plain.span)
                entries.chunks.append(
                    (DirectoryChunk(id: chunk.id, frameOffset: frame.offset), chunk.domain)
                )
                return
            }
            let pack = try Pack(decoding: plain)
            for slot in pack.slots.indices {
                let entry = try pack.entry(slot)
                let record = DirectoryRecord(entry, frameOffset: frame.offset, slot: slot)
                if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                    keys.learn(collection: collection)
                }
                entries.bodyByteCount += entry.bodyByteCount
                entries.records.append(record)
            }
        } catch {
            throw LogError(error, segment: entries.segment, offset: frame.offset)
        }
    }
}
