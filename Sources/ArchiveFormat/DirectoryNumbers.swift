import ArchiveBytes

/// What a record of a directory block says in numbers, most of them as differences from the record
/// before.
struct DirectoryNumbers {
    private(set) var sequence: RecordSequence = 0
    private(set) var frameOffset: UInt64 = 0
    private(set) var slot = 0
    private(set) var recorded = Timestamp(microseconds: 0)
    private(set) var eventStart: Timestamp?
    private var flags: UInt8 = 0

    var isTombstone: Bool { flags & DirectoryBlock.Flag.tombstone != 0 }
    /// Whether the record is of another collection than the one before, whose name follows the numbers.
    var namesCollection: Bool { flags & DirectoryBlock.Flag.collection != 0 }

    /// Takes the numbers of the next record; see ``DirectoryBlockEncoder``.
    mutating func advance(
        _ bytes: Span<UInt8>,
        _ cursor: inout ByteCursor
    ) throws(DecodingError) {
        flags = try cursor.byte(bytes)
        sequence &+= UInt64(bitPattern: try cursor.zigzag(bytes))
        let unit = UInt64(FrameHeader.alignment)
        let offset = Int64(frameOffset / unit).addingReportingOverflow(try cursor.zigzag(bytes))
        guard !offset.overflow, offset.partialValue >= 0,
            offset.partialValue <= Int64(Limits.frameOffset / unit)
        else { throw .overLimit }
        frameOffset = UInt64(offset.partialValue) * unit
        slot = try cursor.count(bytes, limit: Limits.recordsPerPack)
        let elapsed = try cursor.zigzag(bytes)
        recorded = Timestamp(microseconds: recorded.microseconds &+ elapsed)
        eventStart = try event(bytes, &cursor)
    }

    /// Most events are whole seconds; those are told by how far they are from the one before.
    private func event(
        _ bytes: Span<UInt8>,
        _ cursor: inout ByteCursor
    ) throws(DecodingError) -> Timestamp? {
        guard flags & DirectoryBlock.Flag.event != 0 else { return nil }
        let value = try cursor.zigzag(bytes)
        guard flags & DirectoryBlock.Flag.wholeSeconds != 0 else {
            return Timestamp(microseconds: value)
        }
        let seconds = value.addingReportingOverflow(eventStart?.wholeSeconds ?? 0)
        let event = seconds.partialValue.multipliedReportingOverflow(by: 1_000_000)
        guard !seconds.overflow, !event.overflow else { throw .overLimit }
        return Timestamp(microseconds: event.partialValue)
    }
}

extension ByteCursor {
    fileprivate mutating func zigzag(_ bytes: Span<UInt8>) throws(DecodingError) -> Int64 {
        let value = try varint(bytes)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
