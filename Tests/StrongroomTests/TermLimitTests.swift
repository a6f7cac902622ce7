import Support
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `Very many terms` {
    /// A record whose terms take so many times 512 bytes with their lengths.
    private static func record(_ number: Int, termCount: Int) -> NewRecord {
        let terms = (0..<termCount).map { place in
            let head = "term:\(place)"
            return head + String(repeating: "x", count: 510 - head.utf8.count)
        }
        return NewRecord(name: "record/\(number)", body: [1], subject: "one", terms: terms)
    }

    /// 4,096 terms of 512 bytes once made a directory block that no reader took.
    @Test
    func `are kept up to 512 KiB, in a directory that others fill as well, and refused beyond`()
        async throws
    {
        let limit = 1_024
        try await Archive.withSimulated { archive, files in
            for termCount in [limit + 1, 4_096] {
                await #expect(throws: ArchiveError.self) {
                    try await archive.write { batch throws(ArchiveError) in
                        batch.put(Self.record(0, termCount: termCount))
                    }
                }
            }
            for number in 0..<3 {
                try await archive.write { batch throws(ArchiveError) in
                    batch.put(Self.record(2 * number, termCount: limit - 1 - number))
                    batch.put(Self.record(2 * number + 1, termCount: limit))
                }
            }
            try await archive.close()
            try files.remove("/srv/archive/index/records.btree")
            let address = try Archive.simulatedAddress(files)
            let reopened = try await Archive.open(address, mode: .readWrite)
            let last = try #require(Self.record(0, termCount: limit).terms.last)
            let found = try await reopened.read { view throws(ArchiveError) in
                var query = RecordQuery()
                query.terms = [last]
                var names: [String] = []
                try view.forEach(query) { record in
                    names.append(record.name)
                    return true
                }
                return names.sorted()
            }
            #expect(found == ["record/1", "record/3", "record/5"])
            #expect(try await reopened.verify().isSound)
            try await reopened.close()
        }
    }
}
