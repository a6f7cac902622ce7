/// A hash of short messages that tells them apart within one process, in a fraction of `Hasher`'s time.
///
/// Sums of it stand for sets of messages: as many messages with the same sum are the same messages. Its key
/// is drawn anew in each process, so that nobody who writes a file knows what would collide, and chance
/// finds a collision once in about 2^60. It is for nothing that leaves the process.
///
/// Each step multiplies two words that the key hides and folds the 128 bits of the product.
@usableFromInline package struct KeyedHash: Sendable, BitwiseCopyable {
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64
    @usableFromInline var state: UInt64

    /// The process's key, and no message yet.
    package static let empty = KeyedHash()

    private init() {
        first = .random(in: .min ... .max)
        second = .random(in: .min ... .max)
        state = .random(in: .min ... .max)
    }

    /// The hash of all that was combined.
    @inlinable @inline(__always)
    package var value: UInt64 { Self.fold(state ^ first, second) }

    /// Takes two numbers.
    @inlinable @inline(__always)
    package mutating func combine(_ number: UInt64, _ other: UInt64 = 0) {
        state = Self.fold(number ^ first, other ^ state)
    }

    /// Takes bytes, and where they end.
    @inlinable @inline(__always)
    package mutating func combine(_ bytes: Span<UInt8>) {
        let count = bytes.count
        var offset = 0
        while count &- offset > 16 {
            combine(bytes.u64(at: offset), bytes.u64(at: offset &+ 8))
            offset &+= 16
        }
        // What is left may be taken twice in part: the count tells how it is meant.
        let rest = count &- offset
        state ^= UInt64(truncatingIfNeeded: count &+ 1) &* second
        if rest >= 8 {
            combine(bytes.u64(at: offset), bytes.u64(at: count &- 8))
        } else if rest >= 4 {
            combine(UInt64(bytes.u32(at: offset)), UInt64(bytes.u32(at: count &- 4)))
        } else {
            var word: UInt64 = 0
            while offset < count {
                word = word << 8 | UInt64(bytes[offset])
                offset &+= 1
            }
            combine(word)
        }
    }

    @inlinable @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension Hasher {
    /// Takes the bytes of a text, as `String.hasSameBytes(as:)` compares them.
    ///
    /// Texts that only look alike have one hash of Swift's: of seventeen letters with accents there are a
    /// hundred thousand, which would all be sought in one place of a table.
    package mutating func combine(bytesOf text: String) {
        var hash = KeyedHash.empty
        hash.combine(text.utf8Span.span)
        combine(hash.value)
    }
}
