import ArchiveBytes

/// The 16 random bytes that name an archive for ever.
package struct ArchiveID: Hashable, Sendable, BitwiseCopyable {
    package static let byteCount = 16
    private let first: UInt64
    private let second: UInt64

    /// Nil unless there are exactly 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(bytes.span, at: 0)
    }

    /// Reads the 16 bytes at `offset`, which must be there.
    package init(_ bytes: Span<UInt8>, at offset: Int) {
        first = bytes.u64(at: offset)
        second = bytes.u64(at: offset + 8)
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(archiveID: self)
        return bytes
    }

    package var hex: String { Hex.encode(bytes) }

    fileprivate var words: (UInt64, UInt64) { (first, second) }
}

extension [UInt8] {
    /// Appends the 16 bytes of an archive's identity.
    package mutating func append(archiveID: ArchiveID) {
        append(u64: archiveID.words.0)
        append(u64: archiveID.words.1)
    }
}

/// A segment's number: from 1, rising, never used twice.
package struct SegmentNumber: Hashable, Comparable, Sendable, BitwiseCopyable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// Sixteen hexadecimal digits: the stem of the segment's file name, so that names sort.
    package var stem: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package init?(stem: String) {
        // The library's parser takes a sign.
        guard stem.utf8.count == 16, stem == stem.lowercased(),
            stem.utf8.first != UInt8(ascii: "+"), let value = UInt64(stem, radix: 16), value > 0
        else { return nil }
        self.value = value
    }
}

/// A record version's number in the archive: from 1, rising by one, in the order of commits.
package typealias RecordSequence = UInt64

/// A commit's number in the archive: from 1, rising by one.
package typealias CommitNumber = UInt64

/// The twelve masked bytes in a frame header that lead, with keys, to the frame's key domain.
package struct MaskedTag: Hashable, Sendable, BitwiseCopyable {
    package static let byteCount = 12
    package static let zero = MaskedTag(head: 0, tail: 0)
    /// The bytes as little-endian integers.
    package let head: UInt64
    package let tail: UInt32

    package init(head: UInt64, tail: UInt32) {
        self.head = head
        self.tail = tail
    }

    /// Reads the twelve bytes at `offset`, which must be there.
    package init(_ bytes: Span<UInt8>, at offset: Int) {
        head = bytes.u64(at: offset)
        tail = bytes.u32(at: offset + 8)
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(maskedTag: self)
        return bytes
    }
}

/// The 24 bytes of an XAES-256-GCM nonce: the batch's 20 random bytes and a frame's index in it.
package struct FrameNonce: Hashable, Sendable, BitwiseCopyable {
    package static let byteCount = 24
    package static let saltByteCount = 20
    package static let zero = FrameNonce(words: (0, 0, 0))
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64

    private init(words: (UInt64, UInt64, UInt64)) { (first, second, third) = words }

    package init(_ bytes: Span<UInt8>, at offset: Int) {
        first = bytes.u64(at: offset)
        second = bytes.u64(at: offset + 8)
        third = bytes.u64(at: offset + 16)
    }

    /// The nonce of frame `index` in the batch whose salt is `salt`.
    package init(salt: Span<UInt8>, index: UInt32) {
        precondition(salt.count == Self.saltByteCount, "a salt is 20 bytes")
        let tail = UInt64(salt.u32(at: 16)) | UInt64(index.byteSwapped) << 32
        self.init(words: (salt.u64(at: 0), salt.u64(at: 8), tail))
    }

    /// The same salt with another index.
    package func at(index: UInt32) -> FrameNonce {
        FrameNonce(
            words: (first, second, third & 0xffff_ffff | UInt64(index.byteSwapped) << 32)
        )
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(nonce: self)
        return bytes
    }

    fileprivate var words: (UInt64, UInt64, UInt64) { (first, second, third) }

    /// The last sixteen bytes, the part that differs from frame to frame, as little-endian integers.
    var tail: (UInt64, UInt64) { (second, third) }
}

extension [UInt8] {
    /// Appends the twelve bytes of a masked tag.
    package mutating func append(maskedTag: MaskedTag) {
        append(u64: maskedTag.head)
        append(u32: maskedTag.tail)
    }

    /// Appends the 24 bytes of a nonce.
    package mutating func append(nonce: FrameNonce) {
        append(u64: nonce.words.0)
        append(u64: nonce.words.1)
        append(u64: nonce.words.2)
    }
}
