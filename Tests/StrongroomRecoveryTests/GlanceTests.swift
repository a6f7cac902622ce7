import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

/// Records of a vault that are read where no index is yet.
@Suite struct `A record read at a glance` {
    private func look(
        at name: String,
        in collection: String = "records",
        of store: any ObjectStore,
        _ host: SimulatedFileSystem = SimulatedFileSystem(),
        asOf moment: OpenVault.Moment = .now,
        acceptsRollback: Bool = false
    ) async throws -> OpenVault.Glimpse {
        let vault = try openVault(store, on: host)
        return try await vault.glance(
            at: name,
            in: collection,
            asOf: moment,
            location: "s3://a",
            cache: "/cache",
            acceptsRollback: acceptsRollback
        )
    }

    /// The record's body, for which no index may be made.
    private func body(
        of name: String,
        in collection: String = "records",
        of store: any ObjectStore,
        _ host: SimulatedFileSystem = SimulatedFileSystem(),
        asOf moment: OpenVault.Moment = .now
    ) async throws -> [UInt8]? {
        let found = try await look(at: name, in: collection, of: store, host, asOf: moment)
        guard case .record(let view) = found else {
            Issue.record("an index was made")
            return nil
        }
        #expect(!host.filePaths.contains { $0.string.contains("/index/") })
        return try await view.bodyAtAGlance(of: name, in: collection)
    }

    private func grow(_ archive: TestArchive, _ batches: WriteBatch...) throws {
        try archive.change { engine in
            for batch in batches {
                _ = try engine.commit(batch)
                _ = try engine.snapshot(label: "")
            }
        }
    }

    private func putting(_ name: String, _ body: [UInt8], in collection: String) -> WriteBatch {
        var batch = WriteBatch()
        batch.put(NewRecord(name: name, body: body, collection: collection))
        return batch
    }

    @Test func `is the one that an index gives, of every name, large ones too`() async throws {
        let archive = try TestArchive.make(counts: [3, 2, 1, 1, 2, 1], largeBody: true)
        let store = try await archive.vault()
        let last = try #require(archive.snapshots.last)
        for (name, expected) in try #require(archive.records[last]) {
            #expect(try await body(of: name, of: store) == expected, "\(name)")
        }
        #expect(try await body(of: "Observation/99", of: store) == nil)
        #expect(try await body(of: "Observation/1", in: "other", of: store) == nil)
    }

    @Test func `is its newest version, and none once it is deleted`() async throws {
        let archive = try TestArchive.standard()
        var deletion = WriteBatch()
        deletion.delete("Observation/2", in: "records", of: "Patient/0")
        try grow(archive, putting("Observation/1", [5], in: "records"), deletion)
        let store = try await archive.vault()
        #expect(try await body(of: "Observation/1", of: store) == [5])
        #expect(try await body(of: "Observation/2", of: store) == nil)
        let before = archive.snapshots[0]
        let old = try #require(archive.records[before]?.first { $0.name == "Observation/2" })
        #expect(
            try await body(of: "Observation/2", of: store, asOf: .snapshot(before)) == old.body
        )
        #expect(try await body(of: "Observation/2", of: store, asOf: .time(0)) == nil)
        #expect(try await body(of: "Observation/1", of: store, asOf: .time(.max)) == [5])
        #expect(try await body(of: "Observation/1", of: store, asOf: .snapshot("latest")) == [5])
    }

    @Test func `takes no more of the vault than the newest segments if it is there`() async throws {
        let archive = try TestArchive.make(counts: [1, 1, 1, 1, 1, 1, 1, 1, 1])
        let store = WatchedStore(try await archive.vault())
        #expect(try await body(of: "Observation/8", of: store) != nil)
        #expect(!store.reads.contains { $0.hasSuffix("1.seg") || $0.hasSuffix("2.seg") })
        store.fail(nil)
        #expect(try await body(of: "Observation/0", of: store) != nil)
        #expect(store.reads.contains { $0.hasSuffix("1.seg") })
    }

    @Test func `is found in a collection that another segment makes known`() async throws {
        let archive = try TestArchive.standard()
        try grow(
            archive,
            putting("a", [1], in: "letters"),
            putting("b", [2], in: "letters"),
            putting("c", [3], in: "records")
        )
        let store = try await archive.vault()
        #expect(try await body(of: "b", in: "letters", of: store) == [2])
        #expect(try await body(of: "a", in: "letters", of: store) == [1])
        #expect(try await body(of: "c", of: store) == [3])
        #expect(try await body(of: "c", in: "letters", of: store) == nil)
    }

    @Test func `is refused from a vault that was put back, and marks how far it had come`()
        async throws
    {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        #expect(try await body(of: "Observation/0", of: store, host) != nil)
        try await store.remove("snapshots/\(archive.snapshots[2]).json")
        #expect(
            await code { _ = try await look(at: "Observation/0", of: store, host) } == .rollback
        )
        _ = try await look(at: "Observation/0", of: store, host, acceptsRollback: true)
        #expect(try await body(of: "Observation/0", of: store, host) != nil)
    }

    @Test func `minds no damage but where it has to look`() async throws {
        let archive = try TestArchive.make(counts: [1, 1, 1, 1, 1, 1, 1, 1, 1])
        let store = try await archive.vault()
        let name = archive.segmentNames[0]
        let bytes = try await store.bytes(name)
        try await store.replace(name, [UInt8](repeating: 7, count: bytes.count))
        #expect(try await body(of: "Observation/8", of: store) != nil)
        #expect(
            await code { _ = try await look(at: "Observation/0", of: store) } == .integrity
        )
    }

    @Test func `comes from the index where there is one`() async throws {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        let vault = try openVault(store, on: host)
        try await (try await vault.open(location: "s3://a", cache: "/cache")).close()
        guard case .archive(let archive) = try await look(at: "Observation/1", of: store, host)
        else { return #expect(Bool(false), "the index was not used") }
        #expect(try await archive.get("Observation/1") != nil)
        try await archive.close()
    }
}

extension ArchiveView {
    /// Reads from a vault, which answers from a task: two tests that waited on the threads of tasks have
    /// once waited for each other for ever.
    func bodyAtAGlance(of name: String, in collection: String = "records") async throws -> [UInt8]?
    {
        let pool = BlockingPool(label: "test.glance", width: 1)
        return try await pool.run { () throws(ArchiveError) in
            guard let record = try self.record(named: name, in: collection) else { return nil }
            return try self.body(of: record)
        }
    }
}
