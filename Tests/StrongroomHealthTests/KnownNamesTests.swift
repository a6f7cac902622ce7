import Strongroom
import Support
import Testing

@testable import StrongroomHealth

@Suite struct `Names that an archive cannot have` {
    private static func names(_ archive: Archive) async throws -> (KnownNames, SequenceWatch) {
        let view = await archive.latest()
        var names = KnownNames()
        try names.look(at: ImportSight(view: view))
        return (names, SequenceWatch(view))
    }

    /// Hashes of the kind that names have.
    private static let hashes = (0..<10_000).map { "Observation/\($0)".hashValue }

    private static func write(_ name: String, in archive: Archive) async throws -> [Receipt] {
        [try await archive.put([1, 2, 3], name: name)]
    }

    @Test func `are told from those that came, in an archive that was empty`() async throws {
        try await Intake.with { intake in
            try await intake.archive { archive in
                var (names, watch) = try await Self.names(archive)
                let (some, others) = (Self.hashes.prefix(5_000), Self.hashes.dropFirst(5_000))
                for hash in some { names.insert(hash) }
                #expect(some.allSatisfy(names.mayHold))
                #expect(others.count(where: names.mayHold) < 50)
                // What the engine writes of its own is not taken for somebody else's.
                var receipts: [Receipt] = []
                for number in 0..<3 {
                    let record = NewRecord(
                        name: "\(number)",
                        body: [],
                        collection: "other\(number)"
                    )
                    receipts.append(try await archive.put(record))
                }
                watch.note(receipts)
                let sight = await watch.sight(Task { await archive.latest() }).sight
                #expect(!sight.foreign.isEmpty)
                try names.look(at: sight)
                #expect(others.count(where: names.mayHold) < 50)
            }
        }
    }

    @Test func `are none in an archive that held records`() async throws {
        try await Intake.with { intake in
            try await intake.archive { archive in
                _ = try await Self.write("a", in: archive)
                let (names, _) = try await Self.names(archive)
                #expect(Self.hashes.allSatisfy(names.mayHold))
            }
        }
    }

    @Test func `are none once somebody else writes`() async throws {
        try await Intake.with { intake in
            try await intake.archive { archive in
                var (names, watch) = try await Self.names(archive)
                watch.note(try await Self.write("mine", in: archive))
                try names.look(at: await watch.sight(Task { await archive.latest() }).sight)
                #expect(!names.mayHold(Self.hashes[0]))
                _ = try await Self.write("theirs", in: archive)
                // Not before a record of the import tells where the other is.
                try names.look(at: await watch.sight(Task { await archive.latest() }).sight)
                #expect(!names.mayHold(Self.hashes[0]))
                watch.note(try await Self.write("mine too", in: archive))
                try names.look(at: await watch.sight(Task { await archive.latest() }).sight)
                #expect(Self.hashes.allSatisfy(names.mayHold))
            }
        }
    }
}
