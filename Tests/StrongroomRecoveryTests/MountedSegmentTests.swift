import ArchiveBytes
import ArchiveFileIO
import Support
import Synchronization
import SystemPackage
import Testing

@testable import StrongroomRecovery

/// A segment of a vault that is read through a cache.
@Suite struct `A mounted segment` {
    private let files = SimulatedFileSystem()
    private let bytes: [UInt8]

    init() throws {
        try files.makeDirectory("/cache")
        var generator = SeededGenerator(seed: 11)
        bytes = generator.bytes(3 << 20)
    }

    private func mount(
        byteLimit: UInt64 = 1 << 30
    ) -> (segment: MountedSegment, source: CountedFile) {
        let source = CountedFile(bytes)
        let cache = BlockCache("/cache", byteLimit: byteLimit, on: files)
        let length = UInt64(bytes.count)
        return (MountedSegment(source, byteCount: length, path: "/v/1.seg", cache), source)
    }

    private func read(_ segment: MountedSegment, _ range: Range<Int>) throws -> Bool {
        let found = try segment.read(at: UInt64(range.lowerBound), byteCount: range.count)
        return found == Array(bytes[range])
    }

    @Test func `asks for a long piece in one request of its length, and not again`() throws {
        let (first, source) = mount()
        for range in [1_000..<301_000, 500_001..<700_000, 2_900_000..<3 << 20] {
            #expect(try read(first, range))
        }
        #expect(source.reads == [1_000..<301_000, 500_001..<700_000, 2_900_000..<3 << 20])
        let (second, other) = mount()
        #expect(try read(second, 1_000..<301_000))
        #expect(try read(second, 500_001..<700_000))
        #expect(other.reads.isEmpty)
    }

    @Test func `asks for short pieces with what stands beside them, once`() throws {
        let (segment, source) = mount()
        for start in stride(from: 0, to: 131_072, by: 9_000) {
            #expect(try read(segment, start..<start + 2_048))
        }
        #expect(try read(segment, 131_000..<131_100))
        #expect(source.reads == [0..<131_072, 131_072..<262_144])
    }

    @Test func `does not keep what is so long that it would push out the rest`() throws {
        let (segment, source) = mount()
        for _ in 0..<2 { #expect(try read(segment, 0..<2 << 20)) }
        #expect(source.reads.count == 2)
        #expect(files.filePaths.isEmpty)
    }

    @Test func `asks again for pieces that are damaged, cut or somebody else's`() throws {
        #expect(try read(mount().segment, 0..<200_000))
        let path = try #require(files.filePaths.first)
        let whole = try #require(files.bytes(of: path))
        var flipped = whole
        flipped[150_000] ^= 1
        for wrong in [flipped, Array(whole.dropLast()), whole + [0], []] {
            files.replaceBytes(of: path, with: wrong)
            let (segment, source) = mount()
            #expect(try read(segment, 0..<200_000))
            #expect(source.reads.count == 1)
            #expect(files.bytes(of: path) == whole)
        }
        try files.replace("/cache/1.7", with: [1])
        try files.replace("/cache/1.0-99999999999", with: [1])
        _ = mount()
        #expect(files.filePaths == [path])
    }

    @Test func `keeps pieces up to the limit, those that were used last`() throws {
        // The least that is kept: two mebibytes.
        let (segment, source) = mount(byteLimit: 1)
        for start in 0..<15 {
            #expect(try read(segment, 0..<150_000))
            #expect(try read(segment, start * 160_000 + 200_000..<start * 160_000 + 360_000))
        }
        let kept = files.filePaths.compactMap { files.bytes(of: $0)?.count }.reduce(0, +)
        #expect(kept <= 2 << 20 && kept > 1 << 20)
        #expect(source.reads.count == 16)
    }
}

/// A file in memory that remembers what was read of it.
final class CountedFile: ReadOnlyFile {
    let path: FilePath = "/v/1.seg"
    private let bytes: [UInt8]
    private let state = Mutex<[Range<Int>]>([])

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var reads: [Range<Int>] { state.withLock { $0 } }

    func byteCount() throws(SystemError) -> UInt64 { UInt64(bytes.count) }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        let range = Int(offset)..<min(bytes.count, Int(offset) + target.count)
        state.withLock { $0.append(range) }
        let bytes = bytes
        target.copy(bytes.span.extracting(range))
        return range.count
    }
}
