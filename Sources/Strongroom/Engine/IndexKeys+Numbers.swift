import ArchiveBytes
import ArchiveFormat

/// Numbers in keys, which sort as what they stand for.
extension IndexKeys {
    /// How many bytes sequence numbers have.
    ///
    /// The first and the last two bits tell which of these it is: the first, so that longer ones sort
    /// behind; the last, so that a key can be taken apart from its end.
    private static let sequenceByteCounts = [3, 4, 5, 9]

    /// Appends a sequence number; `descending` turns all bits, so that higher ones sort first.
    static func append(sequence: UInt64, to key: inout [UInt8], descending: Bool = false) {
        let code = code(sequence: sequence, descending: descending)
        if code.byteCount == 9 { append(code.lead, byteCount: 1, to: &key) }
        append(code.word, byteCount: min(code.byteCount, 8), to: &key)
    }

    /// A number as it stands in a key: of more than eight bytes the first, and the others as a word, most
    /// significant first.
    struct NumberCode: Equatable {
        var lead: UInt64 = 0
        let word: UInt64
        let byteCount: Int
    }

    /// A sequence number as it stands in a key.
    @inline(__always)
    static func code(sequence: UInt64, descending: Bool) -> NumberCode {
        let turned: UInt64 = descending ? .max : 0
        if sequence < 1 << 20 {
            return NumberCode(word: (sequence &<< 2 ^ turned) & 0xff_ffff, byteCount: 3)
        }
        if sequence < 1 << 28 {
            let word = (1 &<< 30 | sequence &<< 2 | 1) ^ turned
            return NumberCode(word: word & 0xffff_ffff, byteCount: 4)
        }
        if sequence < 1 << 36 {
            let word = (2 &<< 38 | sequence &<< 2 | 2) ^ turned
            return NumberCode(word: word & 0xff_ffff_ffff, byteCount: 5)
        }
        return NumberCode(
            lead: ((3 &<< 6 | sequence &>> 62) ^ turned) & 0xff,
            word: (sequence &<< 2 | 3) ^ turned,
            byteCount: 9
        )
    }

    /// The code that a key of any table but ``Table/chunk`` ends with, as it is there; the key has eight
    /// bytes at least.
    @inline(__always)
    static func sequenceCode(_ key: Span<UInt8>) -> NumberCode {
        let count = sequenceByteCount(key)
        let word = key.bigEndianU64(at: key.count &- 8)
        guard count > 8 else {
            return NumberCode(
                word: word & (1 &<< UInt64(8 &* count) &- 1),
                byteCount: count
            )
        }
        let lead = key.count > 8 ? key[key.count &- 9] : 0
        return NumberCode(lead: UInt64(lead), word: word, byteCount: count)
    }

    /// The sequence number at the end of a key of any table but ``Table/chunk``.
    static func sequence(_ key: Span<UInt8>) -> UInt64 {
        let turned: UInt64 = key[0] == Table.name.rawValue ? .max : 0
        let count = sequenceByteCount(key)
        var word: UInt64 = 0
        for index in (key.count &- min(count, 8))..<key.count {
            word = word &<< 8 | UInt64(key[index])
        }
        word = (word ^ turned) &>> 2
        switch count {
        case 3: return word & (1 &<< 20 &- 1)
        case 4: return word & (1 &<< 28 &- 1)
        case 5: return word & (1 &<< 36 &- 1)
        default:
            let first = (UInt64(key[key.count &- 9]) ^ turned) & 3
            return word | first &<< 62
        }
    }

    /// The bytes of a key of any table but ``Table/chunk`` before its sequence number.
    static func byteCountBeforeSequence(_ key: Span<UInt8>) -> Int {
        key.count &- sequenceByteCount(key)
    }

    /// The bytes of a key that are looked for although they may not be there: all of a name, or of a chunk.
    @Sendable
    static func stemByteCount(_ key: Span<UInt8>) -> Int {
        guard !key.isEmpty else { return 0 }
        return switch Table(rawValue: key[0]) {
        case .name: max(0, byteCountBeforeSequence(key))
        case .chunk: key.count
        default: 0
        }
    }

    private static func sequenceByteCount(_ key: Span<UInt8>) -> Int {
        let last = Int(key[key.count &- 1] & 3)
        return sequenceByteCounts[key[0] == Table.name.rawValue ? 3 &- last : last]
    }

    /// Appends a moment so that earlier ones sort first, those before 1970 included.
    ///
    /// Most events begin at a whole second, and need no bytes for less than that.
    static func append(_ time: Timestamp, to key: inout [UInt8]) {
        let code = code(time)
        append(code.seconds, byteCount: 6, to: &key)
        if code.rest != 0 { append(code.rest, byteCount: 3, to: &key) }
    }

    /// A moment as it stands in a key: six bytes whose last bit tells whether three more follow.
    @inline(__always)
    static func code(_ time: Timestamp) -> (seconds: UInt64, rest: UInt64) {
        let (quotient, remainder) = time.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let seconds = remainder < 0 ? quotient &- 1 : quotient
        let rest = remainder < 0 ? remainder &+ 1_000_000 : remainder
        let word = UInt64(bitPattern: seconds &+ 1 &<< 46) &<< 1
        return ((word | (rest == 0 ? 0 : 1)) & 0xffff_ffff_ffff, UInt64(rest))
    }

    /// Appends the last bytes of a number, most significant first.
    @inline(__always)
    private static func append(_ word: UInt64, byteCount: Int, to key: inout [UInt8]) {
        key.append(addingCapacity: byteCount) { key in
            var shift = 8 &* byteCount
            while shift > 0 {
                shift &-= 8
                key.append(UInt8(truncatingIfNeeded: word &>> UInt64(shift)))
            }
        }
    }
}
