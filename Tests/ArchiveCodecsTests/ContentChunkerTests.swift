import ArchiveCodecs
import Testing

@Suite struct `Cutting by content` {
    private static let lengths = ContentChunker.Lengths(
        minimum: 256,
        target: 1024,
        maximum: 4096
    )

    private func chunker(key: UInt64 = 1) -> ContentChunker {
        ContentChunker(
            keyStream: noise(ContentChunker.keyStreamByteCount, seed: key).span,
            lengths: Self.lengths
        )
    }

    /// All cut positions of `body`, of which `step` bytes more are shown at a time.
    private func cuts(
        _ body: [UInt8],
        _ chunker: ContentChunker,
        step: Int = .max / 2
    ) -> [Int] {
        var cuts: [Int] = []
        var start = 0
        var shown = 0
        while start < body.count {
            shown = min(body.count, shown + step)
            while let length = chunker.cut(
                in: body.span.extracting(start..<shown),
                isLast: shown == body.count
            ) {
                start += length
                cuts.append(start)
            }
        }
        return cuts
    }

    @Test(arguments: [1, 64, 255, 1000, 4096])
    func `equal bodies are cut alike whatever is shown at a time`(step: Int) {
        let body = noise(8000)
        #expect(cuts(body, chunker(), step: step) == cuts(body, chunker()))
    }

    @Test func `chunks keep to their bounds and come near the target`() {
        let body = noise(2_000_000)
        let ends = cuts(body, chunker())
        let sizes = zip(ends, [0] + ends).map { $0 - $1 }
        #expect(sizes.reduce(0, +) == body.count)
        #expect(sizes.dropLast().allSatisfy { (257...4096).contains($0) })
        let mean = body.count / sizes.count
        #expect((900...1400).contains(mean))
    }

    @Test(arguments: [0, 1, 255, 256, 257, 5000])
    func `a body of one byte value is cut at the longest length`(count: Int) {
        let ends = cuts([UInt8](repeating: 0, count: count), chunker())
        let expected = count == 0 ? [] : count <= 4096 ? [count] : [4096, count]
        #expect(ends == expected)
    }

    @Test(arguments: [5000, 30_000, 55_000])
    func `a byte put in changes only the cuts near it`(place: Int) {
        let body = noise(60_000)
        var changed = body
        changed.insert(0x55, at: place)
        let before = Set(cuts(body, chunker()))
        let after = Set(cuts(changed, chunker()).map { $0 > place ? $0 - 1 : $0 })
        let moved = before.symmetricDifference(after)
        #expect(moved.allSatisfy { $0 > place - 4096 && $0 < place + 5 * 4096 })
        #expect(moved.count <= 8)
    }

    @Test func `another key cuts elsewhere`() {
        let body = noise(60_000)
        let first = Set(cuts(body, chunker(key: 1)).dropLast())
        let second = Set(cuts(body, chunker(key: 2)).dropLast())
        #expect(first.intersection(second).count <= 2)
    }

    @Test func `more bytes are asked for until the cut is sure`() {
        let body = noise(8192)
        let length = chunker().cut(in: body.span, isLast: true) ?? 0
        #expect(length > 256)
        for count in 0..<length {
            let early = chunker().cut(in: body.span.extracting(..<count), isLast: false)
            #expect(early == nil)
        }
        let nothing = chunker().cut(in: Span(), isLast: true)
        #expect(nothing == nil)
    }

    @Test func `the lengths of the format are half a mebibyte, one and eight`() {
        let lengths = ContentChunker.Lengths()
        #expect(lengths.minimum == 524_288)
        #expect(lengths.target == 1_048_576)
        #expect(lengths.maximum == 8_388_608)
    }

    @Test func `a key stream of another length stops the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = ContentChunker(keyStream: [UInt8](repeating: 1, count: 2047).span)
        }
    }

    @Test func `lengths that do not grow stop the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = ContentChunker.Lengths(minimum: 1024, target: 1024, maximum: 4096)
        }
    }
}
