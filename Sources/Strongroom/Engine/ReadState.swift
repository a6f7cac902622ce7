import ArchiveBytes
package import ArchiveFormat
package import ArchiveIndex
import ArchiveSealing
import ArchiveSegments

/// What readers see: the index with everything that is committed, as of one commit.
///
/// A value: once taken it does not change, whatever the writer does.
package struct ReadState: Sendable {
    package let index: IndexSnapshot
    /// The last commit that the index holds.
    package let link: CommitLink
}

extension LogPlace {
    /// The place as the index keeps it: which part of the log its tree covers.
    var coverage: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u64: segment.value)
        bytes.append(u64: offset)
        bytes.append(u64: link.number)
        bytes.append(u64: link.lastSequence)
        bytes.append(digest: link.hash)
        bytes.append(u64: UInt64(bitPattern: link.time.microseconds))
        return bytes
    }

    /// Nil unless the bytes are a place's.
    init?(coverage bytes: [UInt8]) {
        guard bytes.count == 72 else { return nil }
        let span = bytes.span
        self.init(
            segment: SegmentNumber(span.u64(at: 0)),
            offset: span.u64(at: 8),
            link: CommitLink(
                number: span.u64(at: 16),
                lastSequence: span.u64(at: 24),
                hash: Digest(reading: span, at: 32),
                time: Timestamp(microseconds: Int64(bitPattern: span.u64(at: 64)))
            )
        )
    }
}

extension RunBuilder {
    /// Adds everything that the index holds of a batch.
    mutating func append(_ entries: LogEntries) {
        append(entries.records, segment: entries.segment)
        for (chunk, _) in entries.chunks {
            append(chunk: chunk.id, segment: entries.segment, offset: chunk.frameOffset)
        }
    }

    mutating func append(_ records: [DirectoryRecord], segment: SegmentNumber) {
        var indexer = RecordIndexer(segment)
        let records = records.span
        for index in records.indices { indexer.append(records[index], to: &self) }
        indexer.finish(to: &self)
    }

    mutating func append(chunk id: Digest, segment: SegmentNumber, offset: UInt64) {
        var value: [UInt8] = []
        let place = RecordPlace(segment: segment, frameOffset: offset, slot: 0)
        IndexValue(place).encode(appendingTo: &value)
        append(key: IndexKeys.chunk(id).span, value: value.span)
    }
}
