// What other modules shall inline must be in types that are usable from there inline: without the word at
// the type the compiler calls each function, however short.

/// Why bytes could not be decoded.
@usableFromInline package enum DecodingError: Error, Equatable {
    /// Fewer bytes are left than the structure needs.
    case truncated
    /// A varint has more than ten bytes, or bits beyond 64.
    case overlongVarint
    /// A length or count is above the limit of the structure.
    case overLimit
    /// A text is not UTF-8, or holds a character that is not allowed there.
    case malformedText
    /// A value has no meaning in its place.
    case malformed
}

/// A position in untrusted bytes that are read from front to back.
///
/// The cursor holds no bytes, so it can be stored: each step names the span it reads. Nothing that
/// it returns lies outside that span.
@usableFromInline package struct ByteCursor {
    /// The offset of the next byte.
    @usableFromInline package var offset: Int

    @inlinable package init(at offset: Int = 0) { self.offset = offset }

    /// Takes one byte.
    @inlinable package mutating func byte(_ bytes: Span<UInt8>) throws(DecodingError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// Takes a little-endian integer of four bytes.
    @inlinable package mutating func u32(_ bytes: Span<UInt8>) throws(DecodingError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw .truncated }
        defer { offset += 4 }
        return bytes.u32(at: offset)
    }

    /// Takes a little-endian integer of eight bytes.
    @inlinable package mutating func u64(_ bytes: Span<UInt8>) throws(DecodingError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw .truncated }
        defer { offset += 8 }
        return bytes.u64(at: offset)
    }

    /// Takes a varint: seven bits a byte, least significant first, the top bit set on all but the last.
    @inlinable @inline(__always)
    package mutating func varint(_ bytes: Span<UInt8>) throws(DecodingError) -> UInt64 {
        // Tags and most lengths take one byte.
        if offset < bytes.count, bytes[offset] < 0x80 {
            defer { offset &+= 1 }
            return UInt64(bytes[offset])
        }
        return try longVarint(bytes)
    }

    @usableFromInline
    mutating func longVarint(_ bytes: Span<UInt8>) throws(DecodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if shift == 63 && byte > 1 { throw .overlongVarint }
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw .truncated
    }

    /// Takes a varint that must not be above `limit`, which protects what is allocated from it.
    @inlinable @inline(__always)
    package mutating func count(
        _ bytes: Span<UInt8>,
        limit: Int
    ) throws(DecodingError) -> Int {
        let value = try varint(bytes)
        guard value <= UInt64(limit) else { throw .overLimit }
        return Int(value)
    }

    /// Takes the range of the next `count` bytes.
    @inlinable @inline(__always)
    package mutating func range(
        _ bytes: Span<UInt8>,
        count: Int
    ) throws(DecodingError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - offset else { throw .truncated }
        defer { offset += count }
        return offset..<(offset + count)
    }
}

extension [UInt8] {
    /// Appends a varint: seven bits a byte, least significant first.
    @inlinable package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a varint of a count, which is never negative.
    @inlinable package mutating func append(varint value: Int) { append(varint: UInt64(value)) }
}

/// The number of bytes of `value` as a varint.
@inlinable package func varintByteCount(_ value: UInt64) -> Int {
    value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7
}
