import ArchiveBytes
import ArchiveFormat

/// What an entry of the index leads to: where a record version or a chunk is, and a small number that
/// its table gives a meaning.
struct IndexValue: Equatable {
    var place: RecordPlace
    /// Of a name 1 if the version says that the record was deleted; of a time how many more record
    /// versions follow it; else 0.
    var note: UInt64 = 0

    init(_ place: RecordPlace, note: UInt64 = 0) {
        self.place = place
        self.note = note
    }

    /// Numbers that are mostly small come first; the frame's offset has the bytes that are left.
    func encode(appendingTo bytes: inout [UInt8]) {
        bytes.append(varint: 2 * UInt64(place.slot) + (note == 0 ? 0 : 1))
        if note != 0 { bytes.append(varint: note) }
        bytes.append(varint: place.segment.value)
        var rest = place.frameOffset / UInt64(FrameHeader.alignment)
        while rest != 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest &>>= 8
        }
    }

    /// Decodes the value of an entry, whose key tells the number of the record version.
    init(_ bytes: Span<UInt8>, sequence: UInt64 = 0) throws(DecodingError) {
        var cursor = ByteCursor()
        let slot = try cursor.count(bytes, limit: 2 * Limits.recordsPerPack + 1)
        note = slot & 1 == 0 ? 0 : try cursor.varint(bytes)
        let segment = SegmentNumber(try cursor.varint(bytes))
        guard bytes.count &- cursor.offset <= 8 else { throw .overLimit }
        var offset: UInt64 = 0
        for index in (cursor.offset..<bytes.count).reversed() {
            offset = offset &<< 8 | UInt64(bytes[index])
        }
        guard offset <= Limits.frameOffset / UInt64(FrameHeader.alignment) else {
            throw .overLimit
        }
        place = RecordPlace(
            segment: segment,
            frameOffset: offset &* UInt64(FrameHeader.alignment),
            slot: slot &>> 1,
            sequence: sequence
        )
    }
}
