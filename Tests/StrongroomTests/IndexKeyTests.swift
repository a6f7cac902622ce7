import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import Support
import Testing

@testable import Strongroom

@Suite struct `Keys of the index` {
    /// Texts in which what has short codes, what has long ones, and what begins alike all meet.
    private static func texts(_ generator: inout SeededGenerator) -> [String] {
        let alphabets = ["0123456789abcdef", "ab-/", "08\u{1}~", "éß日\u{10FFFF}z", "AZaz09_ .:"]
        var texts = ["", "0", "00", "a", "é", "\u{1}", "\u{10FFFF}"]
        for number in 0..<400 {
            let alphabet = Array(alphabets[number % alphabets.count])
            let count = Int.random(in: 0...40, using: &generator)
            var text = ""
            for _ in 0..<count { text.append(alphabet.randomElement(using: &generator) ?? "a") }
            texts.append(text)
            texts.append(String(text.dropLast()))
        }
        return texts
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.span.precedes(right.span)
    }

    @Test func `of two names sort as the names' bytes do, and are alike for one name only`() {
        var generator = SeededGenerator(seed: 1)
        let texts = Self.texts(&generator)
        let keys = texts.map { IndexKeys.name("records", $0) }
        for (left, leftKey) in zip(texts, keys) {
            for (right, rightKey) in zip(texts, keys) {
                let isBefore = Self.precedes(Array(left.utf8), Array(right.utf8))
                #expect(Self.precedes(leftKey, rightKey) == isBefore, "\(left), \(right)")
                // Whatever follows a key cannot bring it to another place.
                #expect(leftKey == rightKey || !leftKey.starts(with: rightKey))
            }
        }
    }

    @Test func `that begin so are found by the beginning, and no others`() {
        var generator = SeededGenerator(seed: 2)
        let texts = Self.texts(&generator)
        let keys = texts.map { IndexKeys.name("records", $0) }
        for beginning in texts.prefix(100) {
            let (start, end) = IndexKeys.names("records", beginning: beginning)
            for (text, key) in zip(texts, keys) {
                let isFound = !Self.precedes(key, start) && Self.precedes(key, end)
                #expect(isFound == text.utf8.starts(with: beginning.utf8), "\(beginning), \(text)")
                let isBehind = !Self.precedes(Array(text.utf8), Array(beginning.utf8))
                #expect(isBehind == !Self.precedes(key, start), "\(beginning), \(text)")
            }
        }
    }

    @Test func `tell the name that they were made of`() {
        var generator = SeededGenerator(seed: 3)
        let prefix = IndexKeys.collectionPrefix("records")
        for text in Self.texts(&generator) {
            var key = IndexKeys.name("records", text)
            #expect(IndexKeys.name(key.span, behind: prefix) == text)
            IndexKeys.append(sequence: 7, to: &key, descending: true)
            #expect(IndexKeys.name(key.span, behind: prefix) == text)
        }
    }

    @Test func `hold the longest name of the rarest bytes`() {
        let name = String(repeating: "\u{10FFFF}", count: Limits.name / 4)
        let collection = String(repeating: "c", count: Limits.collection)
        var key = IndexKeys.name(collection, name)
        IndexKeys.append(sequence: .max, to: &key, descending: true)
        #expect(key.count <= IndexLimits.keyByteCount)
    }

    @Test func `give a hexadecimal digit four and a half bits`() {
        let name = "0123456789abcdef0123456789abcdef"
        let prefix = IndexKeys.collectionPrefix("records")
        #expect(IndexKeys.name("records", name).count - prefix.count == 19)
    }

    @Test func `sort by sequence number, names the other way, and tell it`() {
        var generator = SeededGenerator(seed: 4)
        var numbers: [UInt64] = [0, 1, .max, .max - 1, 1 << 62]
        for bits in [8, 20, 28, 36, 63] {
            let limit: UInt64 = 1 << UInt64(bits)
            numbers += [limit - 1, limit, limit + 1, .random(in: 0..<limit, using: &generator)]
        }
        for (table, descending) in [(IndexKeys.Table.time, false), (.name, true)] {
            let keys = numbers.map { number in
                var key = [table.rawValue, 5]
                IndexKeys.append(sequence: number, to: &key, descending: descending)
                return key
            }
            for (left, leftKey) in zip(numbers, keys) {
                #expect(IndexKeys.sequence(leftKey.span) == left)
                #expect(IndexKeys.byteCountBeforeSequence(leftKey.span) == 2)
                for (right, rightKey) in zip(numbers, keys) {
                    let isBefore = descending ? left > right : left < right
                    #expect(Self.precedes(leftKey, rightKey) == isBefore, "\(left), \(right)")
                }
            }
        }
    }

    @Test func `sort by time, and at one time by sequence number`() {
        var generator = SeededGenerator(seed: 5)
        var moments: [Int64] = [.min, .max, 0, -1, 1, 999_999, 1_000_000, -1_000_000, -1_000_001]
        for _ in 0..<40 {
            let second = Int64.random(in: -4_000_000_000...4_000_000_000, using: &generator)
            moments += [second * 1_000_000, second * 1_000_000 + 1, second * 1_000_000 - 1]
        }
        let keys = moments.map { moment in
            [0, 1 << 40].map { IndexKeys.time(Timestamp(microseconds: moment), sequence: $0) }
        }
        for (left, leftKeys) in zip(moments, keys) {
            #expect(Self.precedes(leftKeys[0], leftKeys[1]))
            for (right, rightKeys) in zip(moments, keys) where left < right {
                #expect(Self.precedes(leftKeys[1], rightKeys[0]), "\(left), \(right)")
            }
        }
    }
}

@Suite struct `Values of the index` {
    @Test(arguments: [UInt64(0), 8, 800, 1 << 29, Limits.frameOffset])
    func `are read as they were written`(offset: UInt64) throws {
        for (slot, note, sequence) in [(0, UInt64(0), UInt64(0)), (63, 1, 7), (64, 300, 1 << 40)] {
            let place = RecordPlace(
                segment: SegmentNumber(UInt64(slot) + 1),
                frameOffset: offset / 8 * 8,
                slot: slot,
                sequence: sequence
            )
            var bytes: [UInt8] = []
            IndexValue(place, note: note).encode(appendingTo: &bytes)
            let read = try IndexValue(bytes.span, sequence: sequence)
            #expect(read == IndexValue(place, note: note) && read.place.sequence == sequence)
        }
    }

    @Test func `that lead out of a segment or say nothing are refused`() {
        for bytes: [UInt8] in [
            [], [0], [1], [0, 1, 0, 0, 0, 255], [0] + [UInt8](repeating: 1, count: 10),
        ] {
            #expect(throws: DecodingError.self) { try IndexValue(bytes.span) }
        }
    }
}
