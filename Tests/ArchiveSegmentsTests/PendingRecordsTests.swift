import ArchiveFormat
import ArchiveSegments
import Testing

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

    @Test func `tell whether a name is deleted among them`() {
        var records = Self.all()
        #expect(!records.hasDeletion)
        records.append(
            contentsOf: PendingRecords(Self.entry(1, isTombstone: true), inlineBody: [])
        )
        #expect(records.hasDeletion)
    }
}
