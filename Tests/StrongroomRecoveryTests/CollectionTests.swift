import ArchiveFileIO
import ArchiveFormat
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// A frame of a collection opens only for who knows the collection's name, and the name once stood in
/// the first segment alone: with that one lost, what others held without a subject was lost too.
@Suite struct `A collection` {
    private static let path = TestArchive.path

    private static func put(_ round: Int, _ engine: Engine) throws {
        _ = try engine.commit([
            NewRecord(
                name: "letter/\(round)",
                body: Array("\(round)".utf8),
                collection: "letters"
            ),
            NewRecord(name: "note/\(round)", body: [1], collection: "notes", subject: "P"),
        ])
        var rest: [UInt8]? = largeBody(round)
        _ = try engine.put(NewRecord(name: "scan/\(round)", body: [], collection: "scans")) {
            defer { rest = nil }
            return rest
        }
    }

    private static func largeBody(_ round: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(round), count: 1_200_000)
    }

    private static let names = ["letter", "note", "scan"]

    /// Three sealed segments with records of three collections each; closed and opened in between.
    private static let made = Result { () throws -> SimulatedFileSystem in
        let files = SimulatedFileSystem()
        try Engine.create(try TestArchive.address(files)).close()
        for round in 0..<6 {
            let engine = try Engine.open(try TestArchive.address(files))
            try put(round, engine)
            if round % 2 == 1 { _ = try engine.snapshot(label: "") }
            try engine.close()
        }
        return files
    }

    private func versions(
        _ files: any FileSystem,
        _ path: FilePath = path
    ) throws -> [(segment: UInt64, name: String, body: [UInt8])] {
        let engine = try Engine.openForReading(try TestArchive.address(files, path))
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var found: [(segment: UInt64, name: String, body: [UInt8])] = []
        try view.forEachInOrder { record in
            found.append((record.place.segment.value, record.name, try view.body(of: record)))
            return true
        }
        return found
    }

    @Test func `is told of once in each segment that has records of it and nobody`() throws {
        let found = try versions(try Self.made.get().clone()).filter {
            $0.name.hasPrefix("collection/")
        }
        let told = found.map { "\($0.segment) \($0.name)" }.sorted()
        #expect(
            told == [
                "1 collection/letters", "1 collection/notes", "1 collection/scans",
                "2 collection/letters", "2 collection/scans",
                "3 collection/letters", "3 collection/scans",
            ]
        )
    }

    @Test(arguments: [1, 2, 3])
    func `keeps its records in all segments but the lost one`(lost: Int) async throws {
        let files = try Self.made.get().clone()
        let store = MemoryStore()
        let ship = Ship(archiveAt: Self.path, on: files, to: store, parallelism: 1)
        _ = try await ship.carryOut(try await ship.plan())
        try await store.remove("segments/000000000000000\(lost).seg")
        let host = SimulatedFileSystem()
        let result = try await recovery(from: store, on: host).extract(
            RecoverySelection(),
            to: "/b",
            surviving: true
        )
        let found = try versions(host, "/b")
        for round in 0..<6 {
            for name in Self.names {
                let body = found.first { $0.name == "\(name)/\(round)" }?.body
                let expected: [UInt8]? =
                    switch name {
                    case "letter": Array("\(round)".utf8)
                    case "note": [1]
                    default: Self.largeBody(round)
                    }
                #expect(body == (round / 2 + 1 == lost ? nil : expected), "\(name)/\(round)")
            }
        }
        #expect(result.recordCount == 12)
    }

    /// Who was killed has told of it in a segment that recovery has sealed.
    @Test func `is told of again behind a recovery`() throws {
        let files = SimulatedFileSystem()
        try Engine.create(try TestArchive.address(files)).close()
        for round in 0..<3 {
            let engine = try Engine.open(try TestArchive.address(files))
            _ = try engine.commit([
                NewRecord(name: "letter/\(round)", body: [1], collection: "letters")
            ])
        }
        try Engine.open(try TestArchive.address(files)).close()
        let all = try versions(files)
        let told = all.filter { $0.name == "collection/letters" }.map(\.segment)
        #expect(told == all.filter { $0.name.hasPrefix("letter/") }.map(\.segment))
    }
}
