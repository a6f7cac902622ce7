import ArchiveFormat
import ArchiveSegments
import Testing

@testable import ArchiveIndex
@testable import Strongroom

@Suite struct `The cache of packs` {
    private static func place(_ number: UInt64) -> RecordPlace {
        RecordPlace(segment: SegmentNumber(1), frameOffset: number * 4_096, slot: 0)
    }

    /// What a pack of about 4 KiB holds.
    private static let content = [UInt8](repeating: 7, count: 4_000)
    private static let compression = FrameHeader(
        kind: .records,
        bodyByteCount: 4_000,
        firstSequence: 1,
        epoch: 1
    ).compression

    private static func offer(_ numbers: Range<UInt64>, to cache: PackCache) {
        for number in numbers { cache.offer(content, compression, at: place(number)) }
    }

    /// A third is left to the allocator.
    @Test func `keeps to its bytes, whatever comes`() {
        let cache = PackCache(byteLimit: 64 << 10)
        for number in 0..<100 as Range<UInt64> {
            Self.offer(number..<number + 1, to: cache)
            Self.offer(number..<number + 1, to: cache)
            #expect(cache.byteCount <= 44 << 10)
        }
        #expect(cache.byteCount > 40 << 10)
        #expect(cache[Self.place(99)] != nil)
        #expect(cache[Self.place(0)] == nil)
    }

    /// Once the newest pack was always the next to leave, and nothing new ever stayed.
    @Test func `keeps what came last, and longer what is asked for`() {
        let cache = PackCache(byteLimit: 64 << 10)
        for number in 0..<100 as Range<UInt64> {
            Self.offer(number..<number + 1, to: cache)
            Self.offer(number..<number + 1, to: cache)
            _ = cache[Self.place(7)]
        }
        #expect(cache[Self.place(7)] != nil)
        for number in 91..<100 as Range<UInt64> { #expect(cache[Self.place(number)] != nil) }
        #expect(cache[Self.place(80)] == nil)
    }

    /// Once each pack that was read drove out another, and a walk through an archive all that was in use.
    @Test func `keeps what is in use while much is read that is not asked for again`() {
        let cache = PackCache(byteLimit: 64 << 10)
        Self.offer(0..<100, to: cache)
        let kept = (0..<100 as Range<UInt64>).filter { cache[Self.place($0)] != nil }
        #expect(kept.count == 10)
        Self.offer(1_000..<2_000, to: cache)
        for number in kept { #expect(cache[Self.place(number)] != nil) }
        Self.offer(1_990..<2_000, to: cache)
        for number in 1_990..<2_000 as Range<UInt64> { #expect(cache[Self.place(number)] != nil) }
    }

    /// Once packs that were read for the first time left those alone that had no room any more.
    @Test func `gives up packs as the pages of the index come to take more`() {
        let meter = CacheMeter()
        let cache = PackCache(byteLimit: 256 << 10, sharedWith: meter)
        Self.offer(0..<100, to: cache)
        #expect(cache.byteCount > 160 << 10)
        meter.add(128 << 10)
        Self.offer(200..<201, to: cache)
        #expect(cache.byteCount <= 86 << 10)
        #expect(cache.byteCount > 80 << 10)
    }

    @Test func `gives a reader the whole of a pack that was wiped for the cache`() throws {
        let cache = PackCache(byteLimit: 64 << 10)
        Self.offer(0..<1, to: cache)
        let held = try #require(cache[Self.place(0)])
        for number in 1..<100 as Range<UInt64> {
            Self.offer(number..<number + 1, to: cache)
            Self.offer(number..<number + 1, to: cache)
        }
        #expect(cache[Self.place(0)] == nil)
        #expect(held.content == Self.content)
    }

    @Test func `knows whose records a pack holds once it was told, and forgets it with the pack`() {
        let cache = PackCache(byteLimit: 64 << 10)
        cache.note("Patient/1", at: Self.place(0))
        Self.offer(0..<1, to: cache)
        #expect(cache[Self.place(0)]?.subject == nil)
        cache.note("Patient/1", at: Self.place(0))
        #expect(cache[Self.place(0)]?.subject == "Patient/1")
        for number in 1..<100 as Range<UInt64> {
            Self.offer(number..<number + 1, to: cache)
            Self.offer(number..<number + 1, to: cache)
        }
        Self.offer(0..<1, to: cache)
        Self.offer(0..<1, to: cache)
        #expect(cache[Self.place(0)]?.subject == nil)
    }
}
