internal import ArchiveBytes
internal import CSealing

/// A value of SHA-256 or HMAC-SHA-256.
///
/// It is four words, so that it is copied, hashed and compared without touching the heap. Order is
/// that of the bytes.
package struct Digest: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The length on disk.
    package static let byteCount = 32

    /// The digest of nothing yet: all bytes zero.
    package static let zero = Digest(words: (0, 0, 0, 0))

    fileprivate let first: UInt64
    fileprivate let second: UInt64
    fileprivate let third: UInt64
    fileprivate let fourth: UInt64

    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (first, second, third, fourth) = words
    }

    init?(_ hash: cs_hash) {
        guard hash.is_valid == 1 else { return nil }
        self.init(words: hash.words)
    }

    /// Reads `bytes`, or gives nil unless there are exactly 32.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(reading: bytes, at: 0)
    }

    /// Reads the 32 bytes at `offset`, which must be there.
    package init(reading bytes: Span<UInt8>, at offset: Int) {
        self.init(
            words: (
                bytes.bigEndianU64(at: offset), bytes.bigEndianU64(at: offset + 8),
                bytes.bigEndianU64(at: offset + 16), bytes.bigEndianU64(at: offset + 24)
            )
        )
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(digest: self)
        return bytes
    }

    /// The first four bytes, read as a little-endian integer.
    package var leadingU32: UInt32 { UInt32(truncatingIfNeeded: first.byteSwapped) }

    /// The 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }

    package static func < (left: Digest, right: Digest) -> Bool {
        if left.first != right.first { return left.first < right.first }
        if left.second != right.second { return left.second < right.second }
        if left.third != right.third { return left.third < right.third }
        return left.fourth < right.fourth
    }

    /// Tells whether both are equal without telling where they differ.
    package func constantTimeEquals(_ other: Digest) -> Bool {
        (first ^ other.first) | (second ^ other.second) | (third ^ other.third)
            | (fourth ^ other.fourth) == 0
    }

    /// Writes the first `count` bytes at `offset`: all 32, or a truncated tag.
    package func write(to bytes: inout MutableSpan<UInt8>, at offset: Int = 0, count: Int = 32) {
        precondition(count >= 0 && count <= Self.byteCount, "a digest has 32 bytes")
        for index in 0..<count { bytes[offset + index] = byte(index) }
    }

    var hash: cs_hash { cs_hash(words: (first, second, third, fourth), is_valid: 1) }

    fileprivate func byte(_ index: Int) -> UInt8 {
        let word =
            switch index >> 3 {
            case 0: first
            case 1: second
            case 2: third
            default: fourth
            }
        return UInt8(truncatingIfNeeded: word &>> UInt64(56 - (index & 7) * 8))
    }
}

extension [UInt8] {
    /// Appends the 32 bytes of `digest`.
    package mutating func append(digest: Digest) {
        append(bigEndianU64: digest.first)
        append(bigEndianU64: digest.second)
        append(bigEndianU64: digest.third)
        append(bigEndianU64: digest.fourth)
    }
}
