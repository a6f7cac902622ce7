import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Foundation
import Testing

@testable import ArchiveSegments

/// Bodies on their way into the log stand back to back in a few pieces of memory.
@Suite struct `Records on their way into the log` {
    /// Lengths around a piece's 256 KiB: bodies that fill one, that begin one and that need their own.
    private static let lengths = [
        0, 1, 1_100, 256 << 10, 0, 5, (256 << 10) - 5, 1 << 20, 3, (256 << 10) + 1, 0,
    ]

    private static func body(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number + 1), count: lengths[number])
    }

    private static func entry(_ number: Int, isTombstone: Bool = false) -> RecordEntry {
        var entry = RecordEntry()
        entry.name = "record/\(number)"
        entry.isTombstone = isTombstone
        return entry
    }

    private static func all() -> PendingRecords {
        var records = PendingRecords()
        for number in lengths.indices {
            records.append(entry(number), inlineBody: body(number).span)
        }
        return records
    }

    private static func bodies(_ records: PendingRecords) -> [[UInt8]] {
        records.indices.map { index in
            records.withBody(at: index) { span in span.indices.map { span[$0] } }
        }
    }

    @Test func `keep each body, whatever piece it stands in`() {
        let records = Self.all()
        #expect(Self.bodies(records) == Self.lengths.indices.map(Self.body))
        #expect(records.bodies.count > 3)
        #expect(records.packedByteCount - records.entryByteCount == Self.lengths.reduce(0, +))
    }

    @Test func `of several callers become one batch in their order`() {
        var records = PendingRecords(Self.entry(2), inlineBody: Self.body(2))
        records.append(contentsOf: Self.all())
        records.append(
            contentsOf: PendingRecords(Self.entry(3), inlineBody: Self.body(3), isDigested: true)
        )
        let numbers = [2] + Self.lengths.indices + [3]
        #expect(records.entries.map(\.name) == numbers.map { "record/\($0)" })
        #expect(Self.bodies(records) == numbers.map(Self.body))
        #expect(records.parts.map(\.isDigested) == numbers.indices.map { $0 == numbers.count - 1 })
    }

    /// The records as they come into a commit that another caller's began.
    private static func behindAnother(_ records: PendingRecords) -> PendingRecords {
        var all = PendingRecords(entry(0), inlineBody: [1])
        all.append(contentsOf: records)
        return all
    }

    /// What is hashed ahead depends on how far the other thread has come; the packs must not.
    @Test(arguments: [0, 3_000], [false, true])
    func `make the same packs, however many were hashed ahead`(
        pauseMicroseconds: UInt32,
        isMerged: Bool
    ) throws {
        var ahead = PendingRecords(isDigestedAhead: true)
        var plain = PendingRecords()
        for number in 0..<3_000 {
            let isDigested = number % 7 == 3
            var entry = Self.entry(number % 11)
            if isDigested { entry.digest = SHA256.hash([1].span) }
            let count = number == 1_500 ? 600 << 10 : number * 31 % 2_000
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 * number) }
            ahead.append(entry, inlineBody: body.span, isDigested: isDigested)
            plain.append(entry, inlineBody: body.span, isDigested: isDigested)
            if number % 500 == 499 { usleep(pauseMicroseconds) }
        }
        let parts = ahead.takeDigests()
        #expect(parts.count == ahead.bodies.count - 1 && plain.takeDigests().isEmpty)
        for (piece, part) in parts.enumerated() {
            #expect(part.firstRecord == ahead.parts.firstIndex { $0.piece == piece })
        }
        if isMerged { (ahead, plain) = (Self.behindAnother(ahead), Self.behindAnother(plain)) }
        let time = Timestamp(microseconds: 5)
        let one = RecordBatch(ahead, firstSequence: 1, time: time)
        let other = RecordBatch(plain, firstSequence: 1, time: time)
        for first in stride(from: 0, to: 3_000, by: 20) {
            let members = Array(first..<(first + 20))
            var (pack, expected): ([UInt8], [UInt8]) = ([], [])
            let stored = one.appendPack(members, SHA256(), to: &pack)
            #expect(stored == other.appendPack(members, SHA256(), to: &expected))
            #expect(pack == expected, "records from \(first)")
        }
    }

    @Test func `are hashed ahead to the end, or as far as somebody waits`() throws {
        let bodies = (0..<100).map { ($0 * 10)..<($0 * 10 + 7) }
        let piece = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let expected = bodies.map { SHA256.hash(piece.span.extracting($0)) }
        var wasWhole = false
        for attempt in 0..<200 where !wasWhole {
            let digests = PieceDigests(of: piece, bodies, firstRecord: 40)
            usleep(UInt32(attempt * 200))
            let made = digests.take()
            #expect(made.digests == Array(expected.prefix(made.digests.count)))
            #expect(made[39] == nil && made[140] == nil)
            wasWhole = made.digests.count == bodies.count
            if wasWhole { #expect(made[40] == expected[0] && made[139] == expected[99]) }
        }
        #expect(wasWhole)
    }

    /// The piece is so large that hashing it to the end would take a quarter of an hour.
    @Test(.timeLimit(.minutes(1)))
    func `are not hashed any more when nobody wants the batch`() async throws {
        let body = 0..<(1 << 20)
        let bodies = [Range<Int>](repeating: body, count: 1 << 20)
        weak var work: PieceDigests.Work?
        do {
            let piece = [UInt8](repeating: 7, count: body.count)
            let digests = PieceDigests(of: piece, bodies, firstRecord: 0)
            work = digests.work
            #expect(work != nil)
        }
        while work != nil { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func `tell whether a name is deleted among them`() {
        var records = Self.all()
        #expect(!records.hasDeletion)
        records.append(
            contentsOf: PendingRecords(Self.entry(1, isTombstone: true), inlineBody: [])
        )
        #expect(records.hasDeletion)
    }
}
