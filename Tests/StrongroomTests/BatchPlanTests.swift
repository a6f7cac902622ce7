import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Support
import Testing

@testable import ArchiveSegments
@testable import Strongroom

@Suite struct `Packs of a batch` {
    /// Plaintexts of the packs that records of one subject are laid out in.
    private static func packs(
        _ records: [NewRecord],
        of packByteCount: Int
    ) throws -> [[UInt8]] {
        var batch = WriteBatch()
        for record in records { batch.put(record) }
        let checked = RecordBatch(
            try batch.checked(),
            firstSequence: 1,
            time: Timestamp(microseconds: 1_700_000_000_000_000)
        )
        let plan = BatchPlan(checked, packByteCount: packByteCount, dictionary: { _ in nil })
        return plan.drafts.map { draft in
            guard case .pack(let members) = draft.content else { return [] }
            var plain: [UInt8] = []
            _ = checked.appendPack(members, SHA256(), to: &plain)
            return plain
        }
    }

    private static func record(_ number: Int, byteCount: Int, terms: [String] = []) -> NewRecord {
        NewRecord(
            name: "0123456789abcdef-\(number)",
            body: Array(repeating: UInt8(truncatingIfNeeded: number), count: byteCount),
            collection: "clinic-of-the-north",
            subject: "Patient/4fae0156-9f99-48ed-aef7-1f7b901e0679",
            mediaType: "application/fhir+json",
            terms: terms
        )
    }

    /// They were a fifth smaller or more, for what a pack says once was counted for each of its records.
    @Test(arguments: [4 << 10, 8 << 10, 64 << 10], [100, 400, 850])
    func `have about as many bytes as they should`(packByteCount: Int, byteCount: Int) throws {
        let terms = ["code=http://loinc.org|34117-2", "category=clinical-note"]
        let records = (0..<2_000).map {
            Self.record($0, byteCount: byteCount, terms: Array(terms.prefix($0 % 3)))
        }
        let packs = try Self.packs(records, of: packByteCount).dropLast()
        let average = packs.reduce(0) { $0 + $1.count } / packs.count
        #expect(average >= packByteCount * 9 / 10)
        for pack in packs { #expect(pack.count <= packByteCount) }
    }

    @Test func `are the record alone where it is larger`() throws {
        let records = (0..<5).map { Self.record($0, byteCount: 10_000 + $0) }
        let packs = try Self.packs(records, of: 8 << 10)
        #expect(packs.count == 5)
        for (number, pack) in packs.enumerated() {
            #expect(pack.count > 10_000 + number && pack.count < 10_512 + number)
        }
    }
}
