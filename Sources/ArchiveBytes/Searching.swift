extension Span where Element == UInt8 {
    /// The first place of `byte` at or after `start`, or nil.
    package func firstIndex(ofByte byte: UInt8, from start: Int = 0) -> Int? {
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        var offset = start
        while offset &+ 32 <= count {
            let some = marks(pattern, at: offset) | marks(pattern, at: offset &+ 8)
            let more = marks(pattern, at: offset &+ 16) | marks(pattern, at: offset &+ 24)
            if some | more != 0 { break }
            offset &+= 32
        }
        while offset &+ 8 <= count {
            let marks = marks(pattern, at: offset)
            if marks != 0 { return offset &+ (marks.trailingZeroBitCount &>> 3) }
            offset &+= 8
        }
        while offset < count {
            if self[offset] == byte { return offset }
            offset &+= 1
        }
        return nil
    }

    /// The top bit of each of eight bytes that are as in `pattern`.
    ///
    /// Only bytes above a real hit can be marked wrongly, so the lowest mark is true.
    @inline(__always)
    private func marks(_ pattern: UInt64, at offset: Int) -> UInt64 {
        let word = u64(at: offset) ^ pattern
        return (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// Tells whether `byte` is among these.
    package func contains(byte: UInt8) -> Bool { firstIndex(ofByte: byte) != nil }
}
