import ArchiveBytes
import ArchiveSealing

/// The plaintext of a ``DirectoryBlock`` that grows entry by entry.
package struct DirectoryBlockEncoder: Sendable {
    package let domain: KeyDomainName
    private var records: [UInt8] = []
    private var recordCount = 0
    private var chunks: [UInt8] = []
    private var chunkCount = 0
    private var last: Last

    /// What the next record's numbers and texts are differences from.
    ///
    /// The name is copied: its text is in use on other threads, and to hold it would cost more.
    private struct Last: Sendable {
        var sequence: RecordSequence = 0
        var frameOffset: UInt64 = 0
        var recorded = Timestamp(microseconds: 0)
        var eventStart: Timestamp?
        var collection = RecordEntry.defaultCollection
        var name: [UInt8] = []
    }

    package init(domain: KeyDomainName) {
        self.domain = domain
        last = Last()
        if case .collection(let name) = domain { last.collection = name }
    }

    package mutating func append(_ record: borrowing DirectoryRecord) {
        encode(record)
        last.sequence = record.sequence
        last.frameOffset = record.frameOffset
        last.recorded = record.recorded
        last.eventStart = record.eventStart
        recordCount += 1
    }

    package mutating func append(_ chunk: DirectoryChunk) {
        chunks.append(digest: chunk.id)
        chunks.append(varint: chunk.frameOffset / UInt64(FrameHeader.alignment))
        chunkCount += 1
    }

    /// What the block holds so far.
    package var plaintext: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count + chunks.count + Limits.subject + 32)
        switch domain {
        case .collection(let name):
            bytes.append(0)
            bytes.append(prefixed: name)
        case .subject(let name):
            bytes.append(1)
            bytes.append(prefixed: name)
        }
        bytes.append(varint: recordCount)
        bytes.append(contentsOf: records)
        bytes.append(varint: chunkCount)
        bytes.append(contentsOf: chunks)
        return bytes
    }

    private mutating func encode(_ record: borrowing DirectoryRecord) {
        let namesCollection = !record.collection.hasSameBytes(as: last.collection)
        var flags: UInt8 = 0
        if record.isTombstone { flags |= DirectoryBlock.Flag.tombstone }
        if let event = record.eventStart {
            flags |= DirectoryBlock.Flag.event
            if event.isWholeSeconds { flags |= DirectoryBlock.Flag.wholeSeconds }
        }
        if namesCollection { flags |= DirectoryBlock.Flag.collection }
        records.append(flags)
        records.append(zigzag: Int64(bitPattern: record.sequence &- last.sequence))
        records.append(
            zigzag: Int64(record.frameOffset / 8) - Int64(last.frameOffset / 8)
        )
        records.append(varint: record.slot)
        records.append(zigzag: record.recorded.microseconds &- last.recorded.microseconds)
        if let event = record.eventStart {
            records.append(
                zigzag: event.isWholeSeconds
                    ? event.wholeSeconds - (last.eventStart?.wholeSeconds ?? 0) : event.microseconds
            )
        }
        if namesCollection {
            last.collection = record.collection
            records.append(prefixed: last.collection)
        }
        let name = record.name
        let utf8 = name.utf8Span.span
        let shared = utf8.sharedByteCount(with: last.name.span)
        let rest = utf8.extracting(shared...)
        records.append(varint: shared)
        records.append(varint: rest.count)
        records.append(copying: rest)
        last.name.replace(from: shared, copying: rest)
        records.append(varint: record.terms.count)
        records.append(copying: record.terms.bytes.span)
    }
}

extension [UInt8] {
    /// Appends a signed number as a varint of its zigzag form: small magnitudes are short.
    fileprivate mutating func append(zigzag value: Int64) {
        append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Appends a text behind its length.
    fileprivate mutating func append(prefixed text: String) {
        let span = text.utf8Span.span
        append(varint: span.count)
        append(copying: span)
    }
}
