import ArchiveBytes
import Support
import Testing

@Suite struct `Texts in one piece of memory` {
    private static let texts =
        ["", "a", "type:Größe", "", "caf\u{e9}"]
        + [126, 127, 128, 129, 16_383, 16_384, 70_000].map { String(repeating: "x", count: $0) }

    /// The bytes of each, for Swift's == holds for texts that only look alike.
    private static func bytes(_ texts: some Sequence<String>) -> [[UInt8]] {
        texts.map { Array($0.utf8) }
    }

    @Test func `come back in order, whatever their lengths`() {
        let list = TextList(Self.texts)
        #expect(Self.bytes(list.texts) == Self.bytes(Self.texts))
        #expect(list.count == Self.texts.count)
        var lent: [[UInt8]] = []
        list.visit { lent.append([UInt8](copying: $0)) }
        #expect(lent == Self.bytes(Self.texts))
        #expect(TextList().texts.isEmpty && TextList().isEmpty)
        #expect(["a", "", "b"] as TextList == TextList(["a", "", "b"]))
        #expect(["a", ""] as TextList != ["a"])
    }

    @Test func `are told apart by their bytes`() {
        let list = TextList(Self.texts)
        for text in Self.texts { #expect(list.contains(text)) }
        #expect(!list.contains("cafe\u{301}"))
        #expect(!list.contains("x") && !list.contains("type"))
        #expect(!TextList().contains(""))
    }

    @Test func `are found by how they begin`() {
        let list: TextList = ["type:A", "status:b", "type:", "type", "type:Größe"]
        #expect(list.rests(behind: "type:") == ["A", "", "Größe"])
        #expect(list.rests(behind: "code:").isEmpty)
    }

    /// As records are decoded one after the other into the same entry.
    @Test func `take the place of another record's, of which nothing is left`() throws {
        var generator = SeededGenerator(seed: 5)
        var list = TextList()
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...4, using: &generator)
            let texts = (0..<count).map { _ in
                ["", "a", "b", "bb", String(repeating: "y", count: 200)]
                    .randomElement(using: &generator) ?? ""
            }
            // Somebody may hold the last record.
            let held = Bool.random(using: &generator) ? list : nil
            let before = held?.texts
            var place = 0
            for (number, text) in texts.enumerated() {
                let bytes = Array(text.utf8)
                try list.set(number, to: bytes.span, at: &place)
            }
            list.remove(from: count, at: place)
            #expect(list == TextList(texts))
            #expect(list.texts == texts)
            #expect(held?.texts == before)
        }
    }

    @Test func `that are no UTF-8 are refused, and what was there stays`() throws {
        var list: TextList = ["a", "b"]
        let broken: [UInt8] = [0x62, 0xff]
        var place = 2
        #expect(throws: DecodingError.malformedText) {
            try list.set(1, to: broken.span, at: &place)
        }
        #expect(list == ["a", "b"])
    }
}
