import ArchiveBytes
import ArchiveSealing

/// The plaintext of a ``DirectoryBlock`` that grows entry by entry.
package struct DirectoryBlockEncoder: Sendable {
    package let domain: KeyDomainName
    private var records: [UInt8] = []
    private var recordCount = 0
    private var chunks: [UInt8] = []
    private var chunkCount = 0
    /// What the next record's numbers and texts are differences from.
    private var last: DirectoryRecord

    package init(domain: KeyDomainName) {
        self.domain = domain
        last = DirectoryRecord(domain: domain)
    }

    package mutating func append(_ record: DirectoryRecord) {
        Self.encode(record, after: last, appendingTo: &records)
        last = record
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

    private static func encode(
        _ record: borrowing DirectoryRecord,
        after last: borrowing DirectoryRecord,
        appendingTo bytes: inout [UInt8]
    ) {
        var flags: UInt8 = 0
        if record.isTombstone { flags |= DirectoryBlock.Flag.tombstone }
        if let event = record.eventStart {
            flags |= DirectoryBlock.Flag.event
            if event.isWholeSeconds { flags |= DirectoryBlock.Flag.wholeSeconds }
        }
        if record.collection != last.collection { flags |= DirectoryBlock.Flag.collection }
        bytes.append(flags)
        bytes.append(zigzag: Int64(bitPattern: record.sequence &- last.sequence))
        bytes.append(
            zigzag: Int64(record.frameOffset / 8) - Int64(last.frameOffset / 8)
        )
        bytes.append(varint: record.slot)
        bytes.append(zigzag: record.recorded.microseconds &- last.recorded.microseconds)
        if let event = record.eventStart {
            bytes.append(
                zigzag: event.isWholeSeconds
                    ? event.wholeSeconds - (last.eventStart?.wholeSeconds ?? 0) : event.microseconds
            )
        }
        if flags & DirectoryBlock.Flag.collection != 0 {
            bytes.append(prefixed: record.collection)
        }
        let (name, lastName) = (record.name, last.name)
        let utf8 = name.utf8Span.span
        let shared = utf8.sharedByteCount(with: lastName.utf8Span.span)
        bytes.append(varint: shared)
        bytes.append(varint: utf8.count - shared)
        bytes.append(copying: utf8.extracting(shared...))
        bytes.append(varint: record.terms.count)
        for term in record.terms { bytes.append(prefixed: term) }
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
