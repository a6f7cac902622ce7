import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Testing

@testable import Strongroom

@Suite struct `The cache of packs` {
    private static func place(_ number: UInt64) -> RecordPlace {
        RecordPlace(segment: SegmentNumber(1), frameOffset: number * 4_096, slot: 0)
    }

    /// A pack of about 4 KiB.
    private static func pack() -> SealedPack {
        SealedPack(
            content: Array(repeating: 7, count: 4_000),
            compression: FrameHeader(
                kind: .records,
                bodyByteCount: 4_000,
                firstSequence: 1,
                epoch: 1
            ).compression
        )
    }

    /// A third is left to the allocator.
    @Test func `keeps to its bytes, whatever comes`() {
        let cache = PackCache(byteLimit: 64 << 10)
        let pack = Self.pack()
        for number in 0..<100 as Range<UInt64> {
            cache[Self.place(number)] = pack
            #expect(cache.byteCount <= 44 << 10)
        }
        #expect(cache.byteCount > 40 << 10)
        #expect(cache[Self.place(99)] != nil)
        #expect(cache[Self.place(0)] == nil)
    }

    /// Once the newest pack was always the next to leave, and nothing new ever stayed.
    @Test func `keeps what came last, and longer what is asked for`() {
        let cache = PackCache(byteLimit: 64 << 10)
        let pack = Self.pack()
        for number in 0..<100 as Range<UInt64> {
            cache[Self.place(number)] = pack
            _ = cache[Self.place(7)]
        }
        #expect(cache[Self.place(7)] != nil)
        for number in 91..<100 as Range<UInt64> { #expect(cache[Self.place(number)] != nil) }
        #expect(cache[Self.place(80)] == nil)
    }

    @Test func `gives a reader the whole of a pack that was wiped for the cache`() throws {
        let cache = PackCache(byteLimit: 64 << 10)
        cache[Self.place(0)] = Self.pack()
        let held = try #require(cache[Self.place(0)])
        for number in 1..<100 as Range<UInt64> { cache[Self.place(number)] = Self.pack() }
        #expect(cache[Self.place(0)] == nil)
        #expect(held.content == Self.pack().content)
    }

    @Test func `knows whose records a pack holds once it was told, and forgets it with the pack`() {
        let cache = PackCache(byteLimit: 64 << 10)
        cache.note("Patient/1", at: Self.place(0))
        cache[Self.place(0)] = Self.pack()
        #expect(cache[Self.place(0)]?.subject == nil)
        cache.note("Patient/1", at: Self.place(0))
        #expect(cache[Self.place(0)]?.subject == "Patient/1")
        for number in 1..<100 as Range<UInt64> { cache[Self.place(number)] = Self.pack() }
        cache[Self.place(0)] = Self.pack()
        #expect(cache[Self.place(0)]?.subject == nil)
    }
}
