import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveSegments
@testable import Strongroom

/// What a segment holds, added up and held against its directories, as if frames had been opened.
@Suite struct `What directories must list` {
    private static let wrongNumbers = "the batch does not hold the records that its commit numbers"
    private static let wrongDirectory = "the directory does not list what the segment holds"

    private static func record(_ sequence: UInt64, _ name: String = "n") -> ListedRecord {
        var entry = RecordEntry()
        entry.sequence = sequence
        entry.name = name
        return ListedRecord(DirectoryRecord(entry, frameOffset: 256, slot: 0))
    }

    private static func pack(_ sequences: UInt64...) -> FrameFinding {
        .records(sequences.map { record($0) }, bodyByteCount: 0, madeKnown: false)
    }

    private static func directory(_ records: ListedRecord...) -> FrameFinding {
        .directory(records, chunks: [], erasedCount: 0)
    }

    /// Findings of batches one behind the other; each batch tells the number of its last record.
    private func damages(
        _ batches: (last: UInt64, findings: [FrameFinding])...
    ) throws -> [String] {
        try SmallArchive.with { archive in
            try archive.writing { engine in try engine.put("n") }
            let engine = try Engine.openForReading(try archive.address())
            let directory = engine.layout.segmentDirectory(engine.fileSystem)
            let name = try #require(try directory.names().first)
            let (file, _) = try directory.open(name, archiveID: engine.keys.archiveID)
            let prover = BatchProver(archiveID: engine.keys.archiveID, keys: engine.keys)
            var ledger = ContentsLedger(file, name, prover: prover)
            var damages: [String] = []
            var last: UInt64 = 0
            for batch in batches {
                let link = CommitLink(
                    number: 1,
                    lastSequence: batch.last,
                    hash: .zero,
                    time: Timestamp(microseconds: 0)
                )
                let proved = ProvedBatch(
                    link: link,
                    commitOffset: 512,
                    frameCount: batch.findings.count,
                    firstSequence: last + 1,
                    directories: [],
                    findings: batch.findings.map { (offset: 256, finding: $0) }
                )
                damages += try ledger.add(proved, after: last).map(\.finding)
                last = batch.last
            }
            return damages
        }
    }

    @Test func `is what was committed, in any order and in several frames`() throws {
        let found = try damages(
            (5, [Self.pack(4, 5), Self.pack(1, 3), Self.pack(2)]),
            (7, [Self.pack(7), Self.pack(6)]),
            (7, [Self.directory(Self.record(6), Self.record(2), Self.record(4))]),
            (9, [Self.pack(8, 9), Self.directory(Self.record(1), Self.record(9))]),
            (
                10,
                [
                    Self.directory(
                        Self.record(3),
                        Self.record(8),
                        Self.record(5),
                        Self.record(7)
                    ), Self.pack(10), Self.directory(Self.record(10)),
                ]
            ),
            (11, [Self.pack(11)]),
            (11, [Self.directory(Self.record(11))])
        )
        #expect(found == [])
    }

    @Test func `is nothing else, and nothing twice`() throws {
        for wrong in [Self.record(2, "m"), Self.record(4), Self.record(0), Self.record(.max)] {
            let found = try damages(
                (3, [Self.pack(1, 2, 3)]),
                (3, [Self.directory(Self.record(1), wrong)])
            )
            #expect(found == [Self.wrongDirectory])
        }
        let twice = try damages(
            (3, [Self.pack(1, 2, 3)]),
            (3, [Self.directory(Self.record(1)), Self.directory(Self.record(1))])
        )
        #expect(twice == [Self.wrongDirectory])
    }

    @Test func `has the numbers that commits tell`() throws {
        let wrongs: [[UInt64]] = [
            [1, 2, 2], [1, 2], [1, 2, 4], [1, 2, 3, 4], [0, 1, 2], [2, 3, .max],
        ]
        for wrong in wrongs {
            let records = wrong.map { Self.record($0) }
            let found = try damages(
                (3, [.records(records, bodyByteCount: 0, madeKnown: false)])
            )
            #expect(found == [Self.wrongNumbers], "\(wrong)")
        }
        // What has a wrong number still has to be listed under it, and only there.
        let strange = try damages(
            (3, [Self.pack(1, 2, 4)]),
            (3, [Self.directory(Self.record(4), Self.record(1)), Self.directory(Self.record(4))])
        )
        #expect(strange == [Self.wrongNumbers, Self.wrongDirectory])
    }
}
