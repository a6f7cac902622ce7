// Every integer on disk is little-endian. Decoding is one check and one load: shifts spelled out become
// a single load as well, but keep a check for each byte. Encoding appends a whole word, for one check of
// the array's room.

extension Span where Element == UInt8 {
    /// Decodes two bytes at `offset`.
    @inlinable @inline(__always) package func u16(at offset: Int) -> UInt16 {
        UInt16(littleEndian: word(at: offset, as: UInt16.self))
    }

    /// Decodes four bytes at `offset`.
    @inlinable @inline(__always) package func u32(at offset: Int) -> UInt32 {
        UInt32(littleEndian: word(at: offset, as: UInt32.self))
    }

    /// Decodes eight bytes at `offset`.
    @inlinable @inline(__always) package func u64(at offset: Int) -> UInt64 {
        UInt64(littleEndian: word(at: offset, as: UInt64.self))
    }

    /// Decodes eight bytes at `offset`, most significant first: the order that keys sort in.
    @inlinable @inline(__always) package func bigEndianU64(at offset: Int) -> UInt64 {
        u64(at: offset).byteSwapped
    }
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
