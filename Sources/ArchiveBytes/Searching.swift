extension Span where Element == UInt8 {
    /// The first place of `byte` at or after `start`, or nil.
    package func firstIndex(ofByte byte: UInt8, from start: Int = 0) -> Int? {
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        var offset = start
        while offset &+ 8 <= count {
            // Only bytes above a real hit can be marked wrongly, so the lowest mark is true.
            let word = u64(at: offset) ^ pattern
            let marks = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if marks != 0 { return offset &+ (marks.trailingZeroBitCount &>> 3) }
            offset &+= 8
        }
        while offset < count {
            if self[offset] == byte { return offset }
            offset &+= 1
        }
        return nil
    }

    /// Tells whether `byte` is among these.
    package func contains(byte: UInt8) -> Bool { firstIndex(ofByte: byte) != nil }
}
