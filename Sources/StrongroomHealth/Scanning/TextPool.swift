import ArchiveBytes

/// Strings that were made lately: a text that comes again costs no memory, and nobody looks at its
/// characters again.
///
/// Neighbouring records of an export name the same patient and visit, the same systems and codes. Each
/// text has one place, which the next text that belongs there takes over, so that memory is bounded.
struct TextPool {
    /// What is compared first.
    private struct Key: BitwiseCopyable {
        var byteCount = 0
        var head: UInt64 = 0
        var tail: UInt64 = 0
    }

    private static let slotCount = 512
    /// Longer texts hardly come again.
    private static let byteLimit = 96
    private static let wordCount = byteLimit / 8

    private var keys = [Key](repeating: Key(), count: slotCount)
    /// The texts' bytes, in words, as far as the key does not have them.
    private var words = [UInt64](repeating: 0, count: slotCount * wordCount)
    private var texts = [String](repeating: "", count: slotCount)

    /// The text of a range of bytes; those that are not UTF-8 become U+FFFD.
    mutating func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        guard let key = Self.key(bytes, range) else { return TextDecoder.string(bytes, range) }
        let slot = Self.slot(of: key)
        return holds(bytes, range, key, slot) ? texts[slot] : take(bytes, range, key, slot)
    }

    /// The same of all bytes of an array.
    mutating func text(_ bytes: [UInt8]) -> String { text(bytes.span, 0..<bytes.count) }

    /// What is compared first of a text; nil for one that is not kept.
    @inline(__always)
    private static func key(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Key? {
        let (start, count) = (range.lowerBound, range.count)
        guard count > 0, count <= byteLimit else { return nil }
        guard count >= 8 else {
            return Key(byteCount: count, head: bytes.word(at: start, byteCount: count))
        }
        return Key(
            byteCount: count,
            head: bytes.u64(at: start),
            tail: bytes.u64(at: range.upperBound &- 8)
        )
    }

    @inline(__always)
    private static func slot(of key: Key) -> Int {
        let mixed =
            (key.head &* 0x9e37_79b9_7f4a_7c15) ^ (key.tail &* 0xc2b2_ae3d_27d4_eb4f)
            &+ UInt64(truncatingIfNeeded: key.byteCount)
        return Int(truncatingIfNeeded: (mixed &* 0xff51_afd7_ed55_8ccd) &>> 55)
    }

    /// Tells whether the text of a slot has the key and, between head and tail, the same bytes.
    @inline(__always)
    private func holds(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ key: Key,
        _ slot: Int
    ) -> Bool {
        let known = keys[slot]
        guard known.head == key.head, known.tail == key.tail, known.byteCount == key.byteCount
        else { return false }
        var (at, word) = (range.lowerBound &+ 8, slot &* Self.wordCount)
        while at &+ 8 < range.upperBound {
            guard words[word] == bytes.u64(at: at) else { return false }
            at &+= 8
            word &+= 1
        }
        return true
    }

    private mutating func take(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ key: Key,
        _ slot: Int
    ) -> String {
        let text = TextDecoder.string(bytes, range)
        var (at, word) = (range.lowerBound + 8, slot * Self.wordCount)
        while at + 8 < range.upperBound {
            words[word] = bytes.u64(at: at)
            at += 8
            word += 1
        }
        keys[slot] = key
        texts[slot] = text
        return text
    }
}

extension Span where Element == UInt8 {
    /// The `byteCount` bytes at `start`, eight at most, as one word, the rest of it zero.
    @inline(__always)
    func word(at start: Int, byteCount: Int) -> UInt64 {
        if start &+ 8 <= count {
            return u64(at: start) & (~0 &>> UInt64(64 &- 8 &* byteCount))
        }
        var word: UInt64 = 0
        for offset in 0..<byteCount {
            word |= UInt64(self[start + offset]) << UInt64(8 * offset)
        }
        return word
    }
}
