import ArchiveBytes
import Support
import Testing

@testable import StrongroomHealth

@Suite struct `Texts that come again` {
    @Test func `are what is made of the bytes alone, whatever came before`() {
        var generator = SeededGenerator(seed: 11)
        var pool = TextPool()
        // Few letters and lengths around those of words, so that texts come again and nearly alike
        // ones meet; now and then a byte that is no UTF-8.
        for _ in 0..<40_000 {
            let count = Int.random(in: 0...110, using: &generator)
            var bytes = [UInt8](repeating: 0x61, count: count)
            for _ in 0..<2 where count > 0 {
                let place = Int.random(in: 0..<count, using: &generator)
                bytes[place] = [0x62, 0x63, 0xff, 0x00].randomElement(using: &generator) ?? 0
            }
            let padded = [0x22] + bytes + [0x22, 0x2c]
            let range = 1..<(count + 1)
            let expected = String(decoding: bytes, as: UTF8.self)
            let (inside, alone) = (pool.text(padded.span, range), pool.text(bytes))
            #expect(inside.hasSameBytes(as: expected) && alone.hasSameBytes(as: expected))
        }
    }

    @Test func `stay apart from texts that only look alike`() {
        var pool = TextPool()
        for text in ["\u{212b}ngstr\u{f6}m", "\u{c5}ngstro\u{308}m", "A\u{30a}ngstr\u{f6}m"] {
            let made = pool.text(Array(text.utf8))
            #expect(made.hasSameBytes(as: text))
        }
    }
}
