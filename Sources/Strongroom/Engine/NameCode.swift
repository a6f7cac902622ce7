import ArchiveBytes

/// Names as they stand in keys of the index: short, and in the order of their bytes.
///
/// Most names are numbers, UUIDs and hashes, which have four bits in a byte. So each byte has a code
/// of bits of its own, from four bits for a digit up to eleven, and the code of the zero byte, which
/// no name holds, ends a name. Codes rise with the bytes that they stand for and none begins
/// another, so two coded names differ where the names do, and the same way.
enum NameCode {
    /// How many bits the codes have, up to each byte: what is frequent in names has few.
    private static let bitCounts: [(through: UInt8, bitCount: Int)] = [
        (0x00, 6), (UInt8(ascii: ","), 11), (UInt8(ascii: "/"), 7), (UInt8(ascii: "7"), 4),
        (UInt8(ascii: "9"), 5), (UInt8(ascii: "@"), 10), (UInt8(ascii: "Z"), 9),
        (UInt8(ascii: "`"), 11), (UInt8(ascii: "f"), 5), (UInt8(ascii: "m"), 9),
        (UInt8(ascii: "u"), 8), (UInt8(ascii: "z"), 9), (0xff, 11),
    ]
    private static let longestBitCount = 11

    private struct Code: BitwiseCopyable {
        let bits: UInt16
        let bitCount: UInt16
    }

    /// The code of each byte: of its number of bits the lowest that is above all before.
    private static let codes: [Code] = {
        var codes: [Code] = []
        // How much of all codes is taken, in those of the longest kind.
        var taken = 0
        for byte in 0...255 {
            guard let kind = bitCounts.first(where: { byte <= $0.through }) else { break }
            let shift = longestBitCount - kind.bitCount
            let bits = (taken + (1 << shift) - 1) >> shift
            codes.append(Code(bits: UInt16(bits), bitCount: UInt16(kind.bitCount)))
            taken = (bits + 1) << shift
        }
        precondition(codes.count == 256 && taken <= 1 << longestBitCount, "all bytes have codes")
        return codes
    }()

    /// Appends a whole name, with zeros to the end of the last byte.
    static func append(_ name: Span<UInt8>, to key: inout [UInt8]) {
        key.append(addingCapacity: byteCountLimit(name.count + 1)) { key in
            var bits = PendingBits()
            let codes = codes.span
            var index = 0
            while index &+ 2 <= name.count {
                let (one, other) = (codes[Int(name[index])], codes[Int(name[index &+ 1])])
                bits.append(one, other, to: &key)
                index &+= 2
            }
            if index < name.count { bits.append(codes[Int(name[index])], to: &key) }
            bits.append(codes[0], to: &key)
            bits.finish(to: &key)
        }
    }

    /// Appends what the codes of all names that begin so begin with, zeros to the end of the last byte;
    /// the number of these zeros.
    static func append(beginning: Span<UInt8>, to key: inout [UInt8]) -> Int {
        var zeroCount = 0
        key.append(addingCapacity: byteCountLimit(beginning.count)) { key in
            var bits = PendingBits()
            for index in beginning.indices { bits.append(codes[Int(beginning[index])], to: &key) }
            zeroCount = bits.finish(to: &key)
        }
        return zeroCount
    }

    /// The bytes that so many codes take at most.
    private static func byteCountLimit(_ count: Int) -> Int { count * longestBitCount / 8 + 1 }

    /// The name that `code` begins with; nil if there is none.
    static func name(_ code: Span<UInt8>) -> [UInt8]? {
        var name: [UInt8] = []
        var place = 0
        while place < 8 * code.count {
            // The byte with the last code that is not above the next bits.
            let next = bits(code, at: place)
            var (low, high) = (0, 256)
            while high - low > 1 {
                let middle = (low + high) / 2
                let shift = longestBitCount - Int(codes[middle].bitCount)
                if Int(codes[middle].bits) << shift <= next { low = middle } else { high = middle }
            }
            if low == 0 { return name }
            name.append(UInt8(low))
            place += Int(codes[low].bitCount)
        }
        return nil
    }

    /// As many bits as the longest code has, zeros behind the end.
    private static func bits(_ code: Span<UInt8>, at place: Int) -> Int {
        var word = 0
        for index in (place / 8)..<(place / 8 + 3) {
            word = word << 8 | (index < code.count ? Int(code[index]) : 0)
        }
        return word >> (24 - place % 8 - longestBitCount) & (1 << longestBitCount - 1)
    }

    /// The last bits of a code that is being written.
    private struct PendingBits {
        private var word: UInt64 = 0
        private var bitCount = 0

        @inline(__always)
        mutating func append(_ code: Code, to key: inout OutputSpan<UInt8>) {
            word = word &<< UInt64(code.bitCount) | UInt64(code.bits)
            bitCount &+= Int(code.bitCount)
            writeWhole(to: &key)
        }

        /// Two at a time, put together before they wait for the bits before; 53 bits at most wait then.
        @inline(__always)
        mutating func append(_ one: Code, _ other: Code, to key: inout OutputSpan<UInt8>) {
            let both = UInt64(one.bits) &<< UInt64(other.bitCount) | UInt64(other.bits)
            let count = one.bitCount &+ other.bitCount
            word = word &<< UInt64(count) | both
            bitCount &+= Int(count)
            writeWhole(to: &key)
        }

        /// Leaves fewer than 32 bits.
        @inline(__always)
        private mutating func writeWhole(to key: inout OutputSpan<UInt8>) {
            guard bitCount >= 32 else { return }
            bitCount &-= 32
            key.append(bigEndianU32: UInt32(truncatingIfNeeded: word &>> UInt64(bitCount)))
        }

        /// Writes the bits that are left; how many zeros follow them.
        @discardableResult
        mutating func finish(to key: inout OutputSpan<UInt8>) -> Int {
            while bitCount >= 8 {
                bitCount &-= 8
                key.append(UInt8(truncatingIfNeeded: word &>> UInt64(bitCount)))
            }
            guard bitCount > 0 else { return 0 }
            let zeroCount = 8 - bitCount
            key.append(UInt8(truncatingIfNeeded: word &<< UInt64(zeroCount)))
            return zeroCount
        }
    }
}
