import ArchiveFormat
import Support
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `A part of a body` {
    /// Noise, so that chunks are as long in the segment as in the body.
    private static let large: [UInt8] = {
        var generator = SeededGenerator(seed: 11)
        return (0..<(5 << 17)).flatMap { _ in
            let word = generator.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
    }()
    private static let small = Array("a small body".utf8)

    private static func fill(_ engine: Engine) throws {
        var pieces = [large]
        _ = try engine.put(NewRecord(name: "large", body: [])) { pieces.popLast() }
        _ = try engine.commit([NewRecord(name: "small", body: small)])
    }

    private static func record(_ name: String, in view: ArchiveView) throws -> Record {
        try #require(try view.record(named: name))
    }

    @Test func `is what stands there, wherever chunks begin and end`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                let record = try Self.record("large", in: view)
                var generator = SeededGenerator(seed: 7)
                for _ in 0..<200 {
                    let start = Int.random(in: 0..<Self.large.count, using: &generator)
                    let count = Int.random(in: 0...(Self.large.count - start), using: &generator)
                    let range = UInt64(start)..<UInt64(start + min(count, 1 << 20))
                    let part = try view.body(of: record, in: range)
                    #expect(part == Array(Self.large[start..<Int(range.upperBound)]))
                }
                let all = UInt64(Self.large.count)
                #expect(try view.body(of: record, in: 0..<all) == Self.large)
                #expect(try view.body(of: record, in: all..<all).isEmpty)
                let inline = try Self.record("small", in: view)
                #expect(try view.body(of: inline, in: 2..<7) == Array(Self.small[2..<7]))
            }
        }
    }

    @Test func `behind the end is refused`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            try archive.reading { view in
                let record = try Self.record("small", in: view)
                #expect(throws: ArchiveError(.invalid, "")) {
                    _ = try view.body(of: record, in: 5..<(record.byteCount + 1))
                }
            }
        }
    }

    @Test func `touches only the chunks that hold it`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            let path = archive.segment("0000000000000001.open")
            // The first chunk's frame stands behind the registration of its collection.
            try archive.edit(path) { $0[300_000] ^= 1 }
            try archive.reading { view in
                let record = try Self.record("large", in: view)
                let end = record.byteCount
                #expect(
                    try view.body(of: record, in: (end - 100)..<end)
                        == Array(Self.large.suffix(100))
                )
                #expect(throws: ArchiveError(.corrupt, "")) {
                    _ = try view.body(of: record, in: 0..<end)
                }
            }
        }
    }
}
