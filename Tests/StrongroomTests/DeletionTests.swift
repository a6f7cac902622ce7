import ArchiveFormat
import ArchiveSegments
import Support
import Testing

@testable import Strongroom

@Suite struct `A deletion` {
    private func tombstones(_ archive: SmallArchive, _ name: String) throws -> [String?] {
        try archive.reading { view in
            try view.versions(of: name).filter(\.isDeleted).map(\.subject)
        }
    }

    /// A tombstone under its collection's key kept an erased person's record name readable for ever.
    @Test func `is sealed under the key of the record's own subject`() throws {
        try SmallArchive.with { archive in
            try archive.writing { engine in
                try engine.put("Patient/1/letter", subject: "Patient/1")
                try engine.put("price list")
                try engine.delete("Patient/1/letter")
                try engine.delete("price list")
            }
            #expect(try tombstones(archive, "Patient/1/letter") == ["Patient/1"])
            #expect(try tombstones(archive, "price list") == [nil])
            #expect(try archive.bodies().isEmpty)
        }
    }

    /// Digests are not compressed, but those of deletions are all the same.
    @Test func `of many costs few bytes each, for equal digests are told once`() throws {
        func logByteCount(_ body: (Int) -> [UInt8]) throws -> Int {
            try SmallArchive.with { engine in
                let records = (0..<2_000).map { number in
                    NewRecord(name: "\(10_000 + number)", body: body(number), subject: "Patient/1")
                }
                _ = try engine.commit(records)
            } _: { archive in
                let bytes = try archive.read(archive.segment("0000000000000001.open"))
                return try SegmentFrame.all(in: bytes).filter { $0.kind == .records }
                    .reduce(0) { $0 + $1.range.count }
            }
        }
        let equal = try logByteCount { _ in [] }
        let different = try logByteCount { number in Array(String(number).utf8) }
        #expect(equal < 2_000 * 12)
        #expect(different > equal + 2_000 * 32)
    }

    @Test func `said again, or in the batch of the put, has the same subject`() throws {
        try SmallArchive.with { archive in
            try archive.writing { engine in
                var batch = WriteBatch()
                batch.put(NewRecord(name: "a", body: [1], subject: "Patient/1"))
                batch.delete("a")
                batch.delete("a")
                _ = try engine.commit(batch)
                try engine.delete("a")
                try engine.put("a", subject: "Patient/2")
                try engine.delete("a")
            }
            let found = try tombstones(archive, "a")
            #expect(found == ["Patient/2", "Patient/1", "Patient/1", "Patient/1"])
        }
    }

    @Test func `of a name that is not there has no subject`() throws {
        try SmallArchive.with { archive in
            try archive.writing { try $0.delete("nobody") }
            #expect(try tombstones(archive, "nobody") == [nil])
        }
    }

    /// What stands in the segment's directory goes with the subject as well.
    @Test func `stands in the directory block of the subject alone`() throws {
        try SmallArchive.with { archive in
            try archive.writing { engine in
                try engine.put("a", subject: "Patient/1")
                try engine.delete("a")
                _ = try engine.snapshot(label: "")
                let replay = LogReplay(
                    engine.layout.segmentDirectory(engine.fileSystem),
                    keys: engine.keys
                )
                _ = try replay.run(from: .start) { entries, _ in
                    let found = entries.records.filter { $0.name == "a" }
                    #expect(found.allSatisfy { $0.domain == .subject("Patient/1") })
                    #expect(found.map(\.isTombstone) == [false, true])
                }
            }
        }
    }
}
