import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Support
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
        let index = FileSum()
        for (key, value) in Self.entries(of: opened) { index.add(key.span, value.span) }
        let expected = try #require(index.sum).records
        let log = LogSum()
        log.take(opened)
        #expect(log.sum == expected)
        #expect(expected.entryCount == 2 + 2 * (2 + 1 + 3))
        log.take(opened, upTo: 4)
        #expect(log.sum.entryCount == expected.entryCount + 2)
    }

    /// Each number of an entry has several lengths, and both sides must know them all.
    @Test func `is asked for the very entries of records of any numbers`() throws {
        var generator = SeededGenerator(seed: 5)
        let offsets: [UInt64] = [4_096, 1 << 14, 1 << 19, 1 << 22, 1 << 30]
        let segments: [UInt64] = [1, 127, 128, 1 << 20]
        for first in [1, 1 << 20 - 40, 1 << 28 - 40, 1 << 36 - 40, 1 << 61] as [UInt64] {
            let entries = (0..<90).map { number in
                var entry = RecordEntry()
                entry.sequence = first + UInt64(number)
                entry.collection = number % 7 < 5 ? "records" : "letters"
                entry.name = String(repeating: "é0", count: number % 5) + "\(number)"
                entry.subject = number % 11 < 9 ? "Patient/1" : nil
                entry.recorded = Timestamp(microseconds: 1_700_000_000_000_000)
                let event = Int64.random(in: -(1 << 52)...(1 << 52), using: &generator)
                entry.eventStart = Timestamp(microseconds: event)
                if number % 2 == 0 { entry.eventStart = Timestamp(microseconds: -60_000_000) }
                entry.terms = number % 3 == 0 ? ["type:X", "\(number)"] : []
                entry.isTombstone = number % 4 == 0
                return entry
            }
            let plain = Pack.encode(entries.map { ($0, []) })
            for (segment, offset) in zip(segments + segments, offsets) {
                let opened = try OpenedPack(
                    Pack(decoding: plain),
                    segment: SegmentNumber(segment),
                    frameOffset: offset
                )
                let log = LogSum()
                log.take(opened)
                #expect(log.sum == Self.sum(of: Self.entries(of: opened)))
            }
        }
    }

    /// An entry that differs in any bit, or has a byte more or less, must not pass for it.
    @Test func `tells an entry from every other that is nearly the same`() throws {
        var record = RecordEntry()
        record.sequence = 9
        record.name = "a7-Ω"
        record.subject = "Patient/1"
        record.recorded = Timestamp(microseconds: 12_000_000)
        record.terms = ["type:X"]
        var later = record
        later.sequence = 1 << 40
        later.eventStart = Timestamp(microseconds: 12_345_678)
        later.isTombstone = true
        for entry in [record, later] {
            let pack = try Pack(decoding: Pack.encode([(entry, [])]))
            let opened = try OpenedPack(pack, segment: SegmentNumber(300), frameOffset: 1 << 20)
            for (key, value) in Self.entries(of: opened) where key[0] != 3 {
                var entries: Set<[[UInt8]]> = []
                var hashes: Set<UInt64> = []
                func meet(_ key: [UInt8], _ value: [UInt8]) {
                    entries.insert([key, value])
                    hashes.insert(EntryHash().whole(key.span, value.span))
                }
                meet(key, value)
                for bit in 0..<(8 * key.count) {
                    var changed = key
                    changed[bit / 8] ^= 1 << (bit % 8)
                    meet(changed, value)
                }
                for bit in 0..<(8 * value.count) {
                    var changed = value
                    changed[bit / 8] ^= 1 << (bit % 8)
                    meet(key, changed)
                }
                for place in 1...key.count {
                    meet(Array(key[..<place]) + [0] + key[place...], value)
                }
                for end in 1..<key.count { meet(Array(key[..<end]), value) }
                for end in 0..<value.count { meet(key, Array(value[..<end])) }
                for more in 1...20 { meet(key, value + [UInt8](repeating: 0, count: more)) }
                #expect(hashes.count == entries.count)
            }
        }
    }

    private static func entries(of pack: OpenedPack) -> [(key: [UInt8], value: [UInt8])] {
        var builder = RunBuilder()
        var value: [UInt8] = []
        for record in pack.records {
            IndexKeys.append(record, in: pack.segment, to: &builder, &value)
            let place = RecordPlace(record, in: pack.segment)
            TimeRun(place, recorded: record.recorded).append(to: &builder, &value)
        }
        var entries: [(key: [UInt8], value: [UInt8])] = []
        builder.visit { entries.append((Array(copying: $0), Array(copying: $1))) }
        return entries
    }

    private static func sum(of entries: [(key: [UInt8], value: [UInt8])]) -> EntrySum? {
        let file = FileSum()
        for entry in entries { file.add(entry.key.span, entry.value.span) }
        return file.sum?.records
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
