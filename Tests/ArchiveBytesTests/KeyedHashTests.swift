import ArchiveBytes
import Testing

@Suite struct `A keyed hash` {
    private static func hash(_ parts: [UInt8]...) -> UInt64 {
        var hash = KeyedHash.empty
        for part in parts { hash.combine(part.span) }
        return hash.value
    }

    @Test func `is the same for the same bytes, wherever they lie`() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 73) }
        for count in 0...100 {
            for offset in 0..<8 {
                let part = bytes.span.extracting(offset..<(offset + count))
                var hash = KeyedHash.empty
                hash.combine(part)
                #expect(hash.value == Self.hash(Array(bytes[offset..<(offset + count)])))
            }
        }
    }

    @Test func `differs for every bit, every length and every end of a part`() {
        var seen: [UInt64: String] = [:]
        func see(_ hash: UInt64, _ what: String) {
            let other = seen.updateValue(what, forKey: hash)
            #expect(other == nil, "\(what) has the hash of \(other ?? "")")
        }
        see(Self.hash(), "nothing")
        for count in 0...70 {
            let zeros = [UInt8](repeating: 0, count: count)
            see(Self.hash(zeros), "\(count) zeros")
            for bit in 0..<(count * 8) {
                var flipped = zeros
                flipped[bit / 8] ^= 1 << (bit % 8)
                see(Self.hash(flipped), "bit \(bit) of \(count) bytes")
            }
        }
        let bytes = (1...70).map { UInt8($0) }
        for end in bytes.indices {
            see(
                Self.hash(Array(bytes[..<end]), Array(bytes[end...])),
                "\(end) bytes, then the rest"
            )
        }
        for number in 0..<100 as Range<UInt64> {
            for other in 0..<100 as Range<UInt64> {
                var hash = KeyedHash.empty
                hash.combine(number, other)
                see(hash.value, "numbers \(number) and \(other)")
            }
        }
    }

    @Test func `tells sets apart whose members have swapped their ends`() {
        // A hash that only added up its parts would not.
        let (one, other) = ([UInt8](repeating: 1, count: 40), [UInt8](repeating: 2, count: 40))
        let (short, long) = ([3, 4, 5] as [UInt8], [UInt8](repeating: 6, count: 17))
        #expect(
            Self.hash(one, short) &+ Self.hash(other, long)
                != Self.hash(one, long) &+ Self.hash(other, short)
        )
    }
}
