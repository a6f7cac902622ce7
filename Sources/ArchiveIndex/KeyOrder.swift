internal import ArchiveBytes

/// The order of keys: as unsigned bytes, a prefix before what it begins.
///
/// Eight bytes are compared at a time; keys of one table share long beginnings, so this is where a
/// search spends its time.
enum KeyOrder {
    /// The number of equal bytes at the start of two ranges, `limit` at most, which both must have.
    static func sharedByteCount(
        _ left: Span<UInt8>,
        at leftStart: Int,
        _ right: Span<UInt8>,
        at rightStart: Int,
        limit: Int
    ) -> Int {
        var index = 0
        while index &+ 8 <= limit {
            let difference =
                left.u64(at: leftStart &+ index) ^ right.u64(at: rightStart &+ index)
            if difference != 0 { return index &+ difference.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < limit, left[leftStart &+ index] == right[rightStart &+ index] { index &+= 1 }
        return index
    }

    /// Negative, zero or positive as the left range comes before, equals or follows the right one.
    static func compare(
        _ left: Span<UInt8>,
        _ leftRange: Range<Int>,
        _ right: Span<UInt8>,
        _ rightRange: Range<Int>
    ) -> Int {
        let limit = min(leftRange.count, rightRange.count)
        let shared = sharedByteCount(
            left,
            at: leftRange.lowerBound,
            right,
            at: rightRange.lowerBound,
            limit: limit
        )
        guard shared < limit else { return leftRange.count &- rightRange.count }
        return Int(left[leftRange.lowerBound &+ shared])
            &- Int(right[rightRange.lowerBound &+ shared])
    }

    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        compare(left, 0..<left.count, right, 0..<right.count)
    }

    /// The eight bytes from `offset` as a number that sorts like them, zeros beyond `end`.
    static func word(_ bytes: Span<UInt8>, at offset: Int, end: Int) -> UInt64 {
        if offset &+ 8 <= end { return bytes.bigEndianU64(at: offset) }
        var word: UInt64 = 0
        var shift: UInt64 = 56
        var index = offset
        while index < end {
            word |= UInt64(bytes[index]) &<< shift
            shift &-= 8
            index &+= 1
        }
        return word
    }
}
