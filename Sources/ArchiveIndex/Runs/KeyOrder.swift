/// The order of keys: as unsigned bytes, a prefix before what it begins.
///
/// Eight bytes are compared at a time: keys of one table share long beginnings, and this is where a
/// search spends its time. The loads are spelled out here and inlined by force, because a call for
/// each would cost more than the comparison.
enum KeyOrder {
    /// The number of equal bytes at the start of two ranges, `limit` at most, which both must have.
    @inline(__always)
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
                bigEndian(left, at: leftStart &+ index) ^ bigEndian(right, at: rightStart &+ index)
            if difference != 0 { return index &+ difference.leadingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < limit, left[leftStart &+ index] == right[rightStart &+ index] { index &+= 1 }
        return index
    }

    /// Negative, zero or positive as the left range comes before, equals or follows the right one.
    @inline(__always)
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

    /// Whether two keys are equal; those that differ mostly do so at their ends.
    @inline(__always)
    static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        if count >= 8, bigEndian(left, at: count &- 8) != bigEndian(right, at: count &- 8) {
            return false
        }
        return sharedByteCount(left, at: 0, right, at: 0, limit: count) == count
    }

    /// The first sixteen bytes as a number that sorts like them: of two keys whose numbers differ, the one
    /// with the lower comes first.
    @inline(__always)
    static func head(_ key: Span<UInt8>) -> UInt128 {
        UInt128(word(key, at: 0, end: key.count)) &<< 64
            | UInt128(word(key, at: 8, end: key.count))
    }

    /// The eight bytes from `offset` as a number that sorts like them, zeros from `end` on.
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, at offset: Int, end: Int) -> UInt64 {
        let count = end &- offset
        if count >= 8 { return bigEndian(bytes, at: offset) }
        // One load wherever eight bytes are left in memory, whatever they belong to.
        if count > 0, offset &+ 8 <= bytes.count {
            return bigEndian(bytes, at: offset) & ~(UInt64.max &>> UInt64(count &* 8))
        }
        var word: UInt64 = 0
        var index = offset
        while index < end {
            word |= UInt64(bytes[index]) &<< UInt64(56 &- (index &- offset) &* 8)
            index &+= 1
        }
        return word
    }

    /// Whether a range holds nothing but zeros.
    static func isZero(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index &+ 8 <= range.upperBound {
            if bigEndian(bytes, at: index) != 0 { return false }
            index &+= 8
        }
        while index < range.upperBound {
            if bytes[index] != 0 { return false }
            index &+= 1
        }
        return true
    }

    @inline(__always)
    private static func bigEndian(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= bytes.count &- 8, "eight bytes must be there")
        return UInt64(bytes[offset]) &<< 56 | UInt64(bytes[offset &+ 1]) &<< 48
            | UInt64(bytes[offset &+ 2]) &<< 40 | UInt64(bytes[offset &+ 3]) &<< 32
            | UInt64(bytes[offset &+ 4]) &<< 24 | UInt64(bytes[offset &+ 5]) &<< 16
            | UInt64(bytes[offset &+ 6]) &<< 8 | UInt64(bytes[offset &+ 7])
    }

    /// Four bytes, most significant first.
    @inline(__always)
    static func u32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= bytes.count &- 4, "four bytes must be there")
        return UInt32(bytes[offset]) &<< 24 | UInt32(bytes[offset &+ 1]) &<< 16
            | UInt32(bytes[offset &+ 2]) &<< 8 | UInt32(bytes[offset &+ 3])
    }

    /// Two bytes, least significant first.
    @inline(__always)
    static func u16(_ bytes: Span<UInt8>, at offset: Int) -> Int {
        precondition(offset >= 0 && offset <= bytes.count &- 2, "two bytes must be there")
        return Int(bytes[offset]) | Int(bytes[offset &+ 1]) &<< 8
    }
}
