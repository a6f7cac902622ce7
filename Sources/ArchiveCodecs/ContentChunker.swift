import ArchiveBytes

// Large bodies are cut where their content says so, so that equal stretches give equal chunks
// wherever they lie. A rolling sum over the last 64 bytes decides: a cut falls where its top bits
// are all zero. Until the target length more bits must be zero than after it ("normalised
// chunking"), which keeps most chunks near the target. The sum adds up secret numbers, one for each
// byte value, so that the lengths of the chunks do not tell which known file was stored.

/// Cuts a body into chunks by its content.
package struct ContentChunker: Sendable {
    /// The shortest and longest chunk, and the length most are near to.
    package struct Lengths: Equatable, Sendable {
        package let minimum: Int
        package let target: Int
        package let maximum: Int

        package init(minimum: Int = 512 << 10, target: Int = 1 << 20, maximum: Int = 8 << 20) {
            precondition(
                64 <= minimum && minimum < target && target < maximum,
                "lengths must grow, and the shortest holds the window of 64 bytes"
            )
            self.minimum = minimum
            self.target = target
            self.maximum = maximum
        }
    }

    /// The number of key-stream bytes that ``init(keyStream:lengths:)`` wants.
    package static let keyStreamByteCount = 2048

    private let gear: [UInt64]
    private let lengths: Lengths
    private let maskBeforeTarget: UInt64
    private let maskBehindTarget: UInt64

    /// Makes a chunker of 256 secret numbers, one for each byte value.
    package init(gear: [UInt64], lengths: Lengths = Lengths()) {
        precondition(gear.count == 256, "one number for each byte value")
        self.gear = gear
        self.lengths = lengths
        let bitCount = Int.bitWidth - 1 - lengths.target.leadingZeroBitCount
        maskBeforeTarget = Self.topBits(bitCount + 2)
        maskBehindTarget = Self.topBits(bitCount - 2)
    }

    /// Makes a chunker of ``keyStreamByteCount`` secret bytes, read as little-endian numbers.
    package init(keyStream: Span<UInt8>, lengths: Lengths = Lengths()) {
        precondition(keyStream.count == Self.keyStreamByteCount, "eight bytes for each byte value")
        self.init(gear: (0..<256).map { keyStream.u64(at: $0 * 8) }, lengths: lengths)
    }

    private static func topBits(_ count: Int) -> UInt64 { ~UInt64(0) << UInt64(64 - count) }

    /// The length of the chunk that `bytes` begin with, or nil if more bytes are needed to tell.
    ///
    /// `bytes` start where the last chunk ended. With `isLast` they go to the end of the body and the
    /// answer is nil only if there are none. The answer never depends on how many bytes more than
    /// needed are shown; the cost is that of looking at the bytes from the shortest length on, so
    /// show as many as the longest chunk has.
    package func cut(in bytes: Span<UInt8>, isLast: Bool) -> Int? {
        let end = min(bytes.count, lengths.maximum)
        if end > lengths.minimum {
            let target = min(lengths.target, end)
            // The window is full where the first cut may be, so a cut depends on 64 bytes alone.
            var sum: UInt64 = 0
            let start = lengths.minimum - 64
            for index in start..<lengths.minimum { sum = sum &<< 1 &+ gear[Int(bytes[index])] }
            if let length = firstCut(
                bytes,
                lengths.minimum..<target,
                mask: maskBeforeTarget,
                sum: &sum
            ) {
                return length
            }
            if let length = firstCut(bytes, target..<end, mask: maskBehindTarget, sum: &sum) {
                return length
            }
        }
        if end == lengths.maximum { return end }
        return isLast && end > 0 ? end : nil
    }

    /// The length up to and with the first byte of `range` at which the bits of `mask` are zero.
    private func firstCut(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        mask: UInt64,
        sum: inout UInt64
    ) -> Int? {
        let gear = gear.span
        let bytes = bytes.extracting(range)
        var rolling = sum
        for index in bytes.indices {
            rolling = rolling &<< 1 &+ gear[Int(bytes[index])]
            if rolling & mask == 0 { return range.lowerBound + index + 1 }
        }
        sum = rolling
        return nil
    }
}
