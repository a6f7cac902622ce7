// Every integer on disk is little-endian. Decoding spells the shifts out after one range check:
// the optimizer turns them into a single load, and no pointer is needed. Encoding appends a whole
// word, for one check of the array's room.

extension Span where Element == UInt8 {
    /// Decodes two bytes at `offset`.
    @inlinable package func u16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset <= count - 2, "two bytes must be there")
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    /// Decodes four bytes at `offset`.
    @inlinable package func u32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= count - 4, "four bytes must be there")
        return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8
            | UInt32(self[offset + 2]) << 16 | UInt32(self[offset + 3]) << 24
    }

    /// Decodes eight bytes at `offset`.
    // Scanners call it for every eighth byte; the optimizer alone leaves a call there.
    @inlinable @inline(__always) package func u64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8, "eight bytes must be there")
        return UInt64(self[offset]) | UInt64(self[offset + 1]) << 8
            | UInt64(self[offset + 2]) << 16 | UInt64(self[offset + 3]) << 24
            | UInt64(self[offset + 4]) << 32 | UInt64(self[offset + 5]) << 40
            | UInt64(self[offset + 6]) << 48 | UInt64(self[offset + 7]) << 56
    }

    /// Decodes eight bytes at `offset`, most significant first: the order that keys sort in.
    @inlinable package func bigEndianU64(at offset: Int) -> UInt64 { u64(at: offset).byteSwapped }
}

extension [UInt8] {
    /// Appends two bytes, least significant first.
    @inlinable package mutating func append(u16 value: UInt16) {
        append(bytesOf: value.littleEndian)
    }

    /// Appends four bytes, least significant first.
    @inlinable package mutating func append(u32 value: UInt32) {
        append(bytesOf: value.littleEndian)
    }

    /// Appends eight bytes, least significant first.
    @inlinable package mutating func append(u64 value: UInt64) {
        append(bytesOf: value.littleEndian)
    }

    /// Appends eight bytes, most significant first.
    @inlinable package mutating func append(bigEndianU64 value: UInt64) {
        append(u64: value.byteSwapped)
    }

    /// Replaces four bytes at `offset`.
    @inlinable package mutating func set(u32 value: UInt32, at offset: Int) {
        for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }

    /// Replaces eight bytes at `offset`.
    @inlinable package mutating func set(u64 value: UInt64, at offset: Int) {
        for byte in 0..<8 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
}
