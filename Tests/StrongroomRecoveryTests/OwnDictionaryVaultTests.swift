import ArchiveFileIO
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// An archive's own dictionaries go with its segments: recovered, mounted or followed, it is read.
@Suite struct `A vault of an archive with a dictionary of its own` {
    private static let mediaType = "application/x-sample+json"

    private static var configuration: ArchiveConfiguration {
        var configuration = TestArchive.configuration
        configuration.segmentByteCount = 1 << 20
        configuration.training.firstByteCount = 150 << 10
        configuration.dictionaryByteCount = 100 << 10
        return configuration
    }

    private static func address(_ files: any FileSystem) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            TestArchive.path,
            credential: try TestArchive.key().credential,
            configuration: configuration
        )
    }

    private static func put(
        _ round: Int,
        _ engine: Engine,
        _ bodies: inout [String: [UInt8]]
    ) throws {
        let records = try PatientSample().records.enumerated().map { number, record in
            bodies["\(round)/\(number)"] = record.body
            return NewRecord(
                name: "\(round)/\(number)",
                body: record.body,
                // The last ones are nobody's, of a collection that is made known in between.
                collection: number % 5 == 0 ? "round-\(round)" : "records",
                subject: number % 5 == 0 ? nil : record.subject,
                mediaType: mediaType
            )
        }
        for half in [records[..<(records.count / 2)], records[(records.count / 2)...]] {
            _ = try engine.commit(Array(half))
        }
    }

    private static let made = Result {
        () throws -> (files: SimulatedFileSystem, bodies: [String: [UInt8]]) in
        let files = SimulatedFileSystem()
        let engine = try Engine.create(try address(files))
        var bodies: [String: [UInt8]] = [:]
        for round in 0..<3 { try put(round, engine, &bodies) }
        _ = try engine.snapshot(label: "")
        for round in 3..<5 { try put(round, engine, &bodies) }
        _ = try engine.snapshot(label: "")
        #expect(engine.dictionaries.known.count == 1)
        try engine.close()
        return (files, bodies)
    }

    private static func bodies(of view: ArchiveView) throws -> [String: [UInt8]] {
        var query = RecordQuery()
        query.collection = nil
        var found: [String: [UInt8]] = [:]
        try view.forEach(query) { record in
            if record.collection != "system" { found[record.name] = try view.body(of: record) }
            return true
        }
        return found
    }

    private static func bodies(
        of files: any FileSystem,
        at path: FilePath
    ) throws -> [String: [UInt8]] {
        let engine = try Engine.openForReading(try TestArchive.address(files, path))
        return try bodies(
            of: ArchiveView(
                engine.readState,
                reader: RecordReader(log: engine.reader, keys: engine.keys)
            )
        )
    }

    private static func shipped(_ files: SimulatedFileSystem) async throws -> MemoryStore {
        let store = MemoryStore()
        let ship = Ship(archiveAt: TestArchive.path, on: files, to: store, parallelism: 1)
        _ = try await ship.carryOut(try await ship.plan())
        return store
    }

    @Test func `is recovered, and read in place`() async throws {
        let (files, bodies) = try Self.made.get()
        let store = try await Self.shipped(files.clone())
        let host = SimulatedFileSystem()
        #expect(try await recovery(from: store, on: host).run(to: "/b").isComplete)
        #expect(try Self.bodies(of: host, at: "/b") == bodies)
        let vault = try openVault(store, on: SimulatedFileSystem())
        let mounted = try await vault.open(
            location: "s3://a",
            cache: "/cache",
            cacheByteLimit: 1 << 30
        )
        let found = try await mounted.read { view throws(ArchiveError) in
            do { return try Self.bodies(of: view) } catch { throw ArchiveError.wrapping(error) }
        }
        #expect(found == bodies)
        #expect(try await mounted.verify().isSound)
        try await mounted.close()
    }

    @Test func `is recovered from its parts, to each commit that was sent`() async throws {
        let made = try Self.made.get()
        let files = made.files.clone()
        var bodies = made.bodies
        let store = try await Self.shipped(files)
        let follow = Follow(archiveAt: TestArchive.path, on: files, to: store)
        let engine = try Engine.open(try Self.address(files))
        for round in 5..<8 {
            try Self.put(round, engine, &bodies)
            #expect(try await follow.step().objectCount > 0)
            let host = SimulatedFileSystem()
            let result = try await recovery(from: store, on: host).run(to: "/b")
            #expect(result.isComplete && result.findings.isEmpty, "\(result.findings)")
            #expect(try Self.bodies(of: host, at: "/b") == bodies)
        }
        try engine.close()
    }

    /// What a lost segment alone had made known is lost with it; nothing else is.
    @Test func `brings what survives where a segment is lost`() async throws {
        let (files, bodies) = try Self.made.get()
        let store = try await Self.shipped(files.clone())
        let names = try await store.names.filter { $0.hasSuffix(".seg") }
        try await store.remove(names[0])
        let host = SimulatedFileSystem()
        let result = try await recovery(from: store, on: host).extract(
            RecoverySelection(),
            to: "/b",
            surviving: true
        )
        #expect(!result.findings.isEmpty)
        let found = try Self.bodies(of: host, at: "/b")
        for (name, body) in found { #expect(bodies[name] == body) }
        let wanted = bodies.keys.filter { $0.hasPrefix("3/") || $0.hasPrefix("4/") }
        #expect(Set(found.keys) == Set(wanted))
    }

    /// The record that makes a collection known stands in a batch that is damaged.
    ///
    /// Everything of the collection was then told as damaged, though a directory has the name.
    @Test func `loses one batch where the one is damaged that makes a collection known`()
        async throws
    {
        let archive = try TestArchive.tiny()
        try archive.change { engine in
            for number in 0..<40 {
                _ = try engine.commit([
                    NewRecord(
                        name: "letter/\(number)",
                        body: [UInt8(number)],
                        collection: "letters"
                    )
                ])
            }
            _ = try engine.snapshot(label: "")
        }
        let store = try await archive.vault()
        let name = try #require(archive.segmentNames.last)
        try await store.flip(name, at: 4_096 + 80)
        let verification = VaultVerification(
            of: store,
            unlocking: VaultKeys(try TestArchive.key())
        )
        let report = try await verification.run()
        #expect(report.findings.count == 1, "\(report.findings)")
        let host = SimulatedFileSystem()
        let result = try await recovery(from: store, on: host).extract(
            RecoverySelection(),
            to: "/b",
            surviving: true
        )
        #expect(result.lost.count == 1)
        #expect(try Self.bodies(of: host, at: "/b").count == 40)
    }
}
