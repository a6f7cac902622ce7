import ArchiveFileIO
import ArchiveSegments
import SystemPackage
import Testing

@testable import Strongroom

/// An active segment that is long enough to be read by several threads at a time.
@Suite struct `A log of several megabytes` {
    private static let batchCount = 300
    private static let bodyByteCount = 16_000
    private static let active = "0000000000000001.open"

    /// A new collection every fifth batch: no key opens its records before it is known.
    private static func collection(_ batch: Int) -> String { "group-\(batch / 5)" }

    /// Bytes that no compression makes smaller.
    private static func noise(_ seed: Int) -> [UInt8] {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<bodyByteCount).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    private static func fill(_ engine: Engine) throws {
        for batch in 0..<batchCount {
            _ = try engine.commit([
                NewRecord(
                    name: "r\(batch)",
                    body: noise(batch),
                    collection: collection(batch),
                    subject: batch % 7 == 0 ? "s\(batch % 5)" : nil
                )
            ])
        }
    }

    @Test func `gives an index made anew everything, in order, whoever reads it first`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            #expect(try archive.read(archive.segment(Self.active)).count > 4 << 20)
            try archive.files.remove(archive.path.appending("index/records.btree"))
            try archive.writing { _ in }
            try archive.reading { view in
                var sequences: [UInt64] = []
                for batch in 0..<Self.batchCount {
                    let found = try view.recordWithBody(
                        named: "r\(batch)",
                        in: Self.collection(batch)
                    )
                    #expect(found?.body == Self.noise(batch))
                    sequences.append(found?.record.sequence ?? 0)
                }
                #expect(sequences == sequences.sorted())
            }
        }
    }

    /// A directory that is opened before the one that makes its collection known is no damage.
    @Test func `sealed in many segments, each with a new collection, is indexed anew`() throws {
        let names = (0..<24).map { "r\($0)" }
        try SmallArchive.with { engine in
            for name in names {
                _ = try engine.commit([
                    NewRecord(name: name, body: Self.noise(name.count), collection: name)
                ])
                _ = try engine.snapshot(label: "")
            }
        } _: { archive in
            for _ in 0..<4 {
                try archive.files.remove(archive.path.appending("index/records.btree"))
                try archive.writing { _ in }
                try archive.reading { view in
                    for name in names {
                        let found = try view.recordWithBody(named: name, in: name)
                        #expect(found?.body == Self.noise(name.count))
                    }
                }
            }
        }
    }

    @Test func `is proved to its last commit, and damage names the first that is lost`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            let engine = try Engine.openForReading(try archive.address())
            let sound = try engine.verify()
            #expect(sound.findings == [])
            #expect(sound.recordCount >= UInt64(Self.batchCount))

            let place = 2_500_000
            try archive.edit(archive.segment(Self.active)) { $0[place] ^= 1 }
            let report = try Engine.openForReading(try archive.address()).verify()
            let damage = try #require(report.damages.first { $0.file.contains(Self.active) })
            let offset = try #require(damage.offset)
            #expect(offset <= UInt64(place))
            #expect(offset + UInt64(Self.bodyByteCount + 4_096) > UInt64(place))
            // A batch a commit, each about as long: the commit is the one at that place.
            let expected = UInt64(place / (Self.bodyByteCount + 512))
            let commit = try #require(damage.commits?.lowerBound)
            #expect((expected - 8...expected + 8).contains(commit))
            #expect(report.recordCount >= commit - 8)
        }
    }
}
