import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Testing

@testable import Strongroom

@Suite struct `The index held against the log` {
    private static func compare(
        _ archive: SmallArchive,
        _ change: (inout DirectoryRecord) -> Void
    ) throws -> (isEqual: Bool, wrong: Int) {
        let engine = try Engine.openForReading(try archive.address())
        let comparison = IndexComparison(engine.readState)
        let log = LogReplay(engine.layout.segmentDirectory(engine.fileSystem), keys: engine.keys)
        let expected = FileSum()
        _ = try log.run(from: .start) { entries, _ in
            var builder = RunBuilder()
            var value: [UInt8] = []
            for record in entries.records {
                var changed = record
                change(&changed)
                IndexKeys.append(changed, in: entries.segment, to: &builder, &value)
                let place = RecordPlace(changed, in: entries.segment)
                TimeRun(place, recorded: changed.recorded).append(to: &builder, &value)
            }
            builder.visit { expected.add($0, $1) }
        }
        let sum = try #require(try comparison.sumOfIndex())
        return (sum.records == expected.sum?.records, try comparison.wrongRecords(of: log).count)
    }

    @Test func `is asked for the very entries that are put into it`() throws {
        var plain = RecordEntry()
        plain.sequence = 4
        plain.name = "n"
        plain.recorded = Timestamp(microseconds: -5)
        var full = plain
        full.sequence = 5
        full.collection = "letters"
        full.name = "größe"
        full.subject = "Patient/1"
        full.eventStart = Timestamp(microseconds: 1 << 50)
        full.terms = ["", "type:Observation", String(repeating: "x", count: 200)]
        var deleted = full
        deleted.sequence = 6
        deleted.isTombstone = true
        let pack = try Pack(decoding: Pack.encode([plain, full, deleted].map { ($0, []) }))
        let opened = try OpenedPack(pack, segment: SegmentNumber(300), frameOffset: 1 << 20)
        var builder = RunBuilder()
        var value: [UInt8] = []
        for record in opened.records {
            IndexKeys.append(record, in: opened.segment, to: &builder, &value)
            let place = RecordPlace(record, in: opened.segment)
            TimeRun(place, recorded: record.recorded).append(to: &builder, &value)
        }
        let index = FileSum()
        builder.visit { index.add($0, $1) }
        let expected = try #require(index.sum).records
        let log = LogSum()
        log.take(opened)
        #expect(log.sum == expected)
        #expect(expected.entryCount == 2 + 2 * (2 + 1 + 3))
        log.take(opened, upTo: 4)
        #expect(log.sum.entryCount == expected.entryCount + 2)
    }

    /// Entries are hashed part by part: nothing may move from one part into another.
    @Test func `tells entries apart wherever their bytes stand`() throws {
        let entries: [(key: [UInt8], value: [UInt8])] = [
            ([2, 9, 9, 0, 7], [5]), ([4, 9, 9, 0, 7], [5]), ([2, 9, 0, 9, 7], [5]),
            ([2, 9, 9, 7, 0], [5]), ([2, 9, 9, 0], [7, 5]), ([2, 9, 9, 0, 7, 5], []),
            ([2, 9, 9, 7], [5]), ([2, 0, 9, 9, 7], [5]), ([2, 9, 9, 0, 7], [6]),
            ([2, 9, 9, 0, 7, 0], [5]), ([2, 9, 9, 0, 7], [5, 0]), ([2], [9, 9, 0, 7, 5]),
        ]
        let sums = try entries.map { entry in
            let file = FileSum()
            file.add(entry.key.span, entry.value.span)
            return try #require(file.sum).records
        }
        for (index, sum) in sums.enumerated() {
            #expect(sum.entryCount == 1 && sums.firstIndex(of: sum) == index)
        }
    }

    @Test func `is the same where every entry is there, and tells of one that is not`() throws {
        try SmallArchive.with { engine in
            for number in 0..<50 { try engine.put("n\(number)", subject: "s\(number % 3)") }
        } _: { archive in
            let same = try Self.compare(archive) { _ in }
            #expect(same.isEqual && same.wrong == 0)
            let subject = try Self.compare(archive) { if $0.name == "n7" { $0.subject = "s9" } }
            #expect(!subject.isEqual)
            let name = try Self.compare(archive) { if $0.name == "n7" { $0.name = "n70" } }
            #expect(!name.isEqual)
        }
    }

    @Test func `finds each record version that was committed with others`() throws {
        try SmallArchive.with { engine in
            for start in [0, 100] {
                _ = try engine.commit(
                    (start..<(start + 100)).map { number in
                        NewRecord(
                            name: "n\(number)",
                            body: Array("text".utf8),
                            subject: "s\(number % 40 / 20)"
                        )
                    }
                )
            }
        } _: { archive in
            let same = try Self.compare(archive) { _ in }
            #expect(same.isEqual && same.wrong == 0)
            let slot = try Self.compare(archive) { if $0.name == "n7" { $0.slot += 1 } }
            #expect(!slot.isEqual)
            let sequence = try Self.compare(archive) { if $0.name == "n7" { $0.sequence = 1 } }
            #expect(!sequence.isEqual)
        }
    }
}
