import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `An archive opened in place` {
    private func open(
        _ store: any ObjectStore,
        _ host: SimulatedFileSystem,
        location: String = "s3://a",
        cacheByteLimit: UInt64 = 1 << 30,
        acceptsRollback: Bool = false
    ) async throws -> Archive {
        let vault = try openVault(store, on: host)
        return try await vault.open(
            location: location,
            cache: "/cache",
            cacheByteLimit: cacheByteLimit,
            acceptsRollback: acceptsRollback
        )
    }

    private func bodies(of archive: Archive) async throws -> [String: [UInt8]] {
        try await archive.read { view throws(ArchiveError) in
            var found: [String: [UInt8]] = [:]
            try view.forEach(RecordQuery()) { record in
                found[record.name] = try view.body(of: record)
                return true
            }
            return found
        }
    }

    @Test func `gives every record, large ones too, and its snapshots`() async throws {
        let archive = try TestArchive.make(counts: [3, 2], largeBody: true)
        let store = try await archive.vault()
        let opened = try await open(store, SimulatedFileSystem())
        let last = try #require(archive.snapshots.last)
        let found = try await bodies(of: opened)
        let expected = try #require(archive.records[last])
        #expect(found.count == expected.count)
        for (name, body) in expected { #expect(found[name] == body) }
        #expect(try await opened.snapshots().map(\.id) == archive.snapshots)
        #expect(try await opened.verify().isSound)
        try await opened.close()
    }

    @Test func `asks for no segment again that it has`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        let first = try await open(store, host)
        _ = try await bodies(of: first)
        try await first.close()
        store.fail(nil)
        let second = try await open(store, host)
        #expect(try await bodies(of: second).count == 9)
        #expect(!store.reads.contains { $0.hasPrefix("segments/") })
        try await second.close()
    }

    @Test func `fetches a damaged piece of the cache again`() async throws {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        try await (try await open(store, host)).close()
        let blocks = host.filePaths.filter { $0.string.contains("/blocks/") }
        #expect(blocks.count == 3)
        for path in blocks {
            var bytes = try #require(host.bytes(of: path))
            bytes[5_000] ^= 1
            host.replaceBytes(of: path, with: bytes)
        }
        let again = try await open(store, host)
        #expect(try await bodies(of: again).count == 9)
        try await again.close()
    }

    @Test func `keeps no more than the limit`() async throws {
        let archive = try TestArchive.make(counts: [1, 1], largeBody: true)
        let host = SimulatedFileSystem()
        let opened = try await open(try await archive.vault(), host, cacheByteLimit: 1)
        _ = try await bodies(of: opened)
        let blocks = host.filePaths.filter { $0.string.contains("/blocks/") }
        #expect(!blocks.isEmpty && blocks.count <= 16)
        try await opened.close()
    }

    @Test func `has nothing readable in the cache`() async throws {
        let archive = try TestArchive.standard()
        let host = SimulatedFileSystem()
        let opened = try await open(try await archive.vault(), host)
        _ = try await bodies(of: opened)
        try await opened.close()
        for path in host.filePaths {
            let bytes = try #require(host.bytes(of: path))
            for word in ["Observation", "Patient/", "nightly"] {
                #expect(!bytes.contains(word.utf8), "\(path)")
            }
        }
    }

    @Test func `sees what was shipped since`() async throws {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        try await (try await open(store, host)).close()
        try archive.change { engine in
            _ = try engine.commit([NewRecord(name: "later", body: [7])])
            _ = try engine.snapshot(label: "")
        }
        try await archive.shipAll(to: store)
        let again = try await open(store, host)
        #expect(try await again.get("later")?.body == [7])
        try await again.close()
    }

    @Test func `is refused when the vault was put back to an older state`() async throws {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        try await (try await open(store, host)).close()
        try await store.remove("snapshots/\(archive.snapshots[2]).json")
        #expect(await code { _ = try await open(store, host) } == .rollback)
        // Another vault of the archive may be behind.
        try await (try await open(store, host, location: "s3://b")).close()
    }

    @Test func `is read when it was put back and that is accepted, and goes on from there`()
        async throws
    {
        let archive = try TestArchive.standard()
        let store = try await archive.vault()
        let host = SimulatedFileSystem()
        let whole = try await open(store, host)
        #expect(try await bodies(of: whole).count == 9)
        try await whole.close()
        let name = "snapshots/\(archive.snapshots[2]).json"
        let manifest = try await store.bytes(name)
        try await store.remove(name)
        #expect(await code { _ = try await open(store, host) } == .rollback)
        // Once it is accepted it is what is known, and refused no more.
        for accepts in [true, false] {
            let back = try await open(store, host, acceptsRollback: accepts)
            #expect(try await bodies(of: back).count == 5)
            try await back.close()
        }
        try await store.replace(name, manifest)
        let again = try await open(store, host)
        #expect(try await bodies(of: again).count == 9)
        try await again.close()
    }

    @Test func `cannot be written to`() async throws {
        let archive = try TestArchive.tiny()
        let opened = try await open(try await archive.vault(), SimulatedFileSystem())
        await #expect(throws: ArchiveError(.readOnly, "")) { try await opened.put([1], name: "x") }
        try await opened.close()
    }

    @Test func `says what keeps it from being opened`() async throws {
        let archive = try TestArchive.standard()
        let store = WatchedStore(try await archive.vault())
        let host = SimulatedFileSystem()
        let wrong = OpenVault(store, unlocking: VaultKeys(try TestArchive.key("wrong")), on: host)
        #expect(
            await code { _ = try await wrong.open(location: "x", cache: "/cache") } == .wrongKey
        )
        #expect(await code { _ = try await open(MemoryStore(), host) } == .notFound)
        store.fail { call, _ in
            if case .read(let name) = call, name.hasPrefix("segments/") {
                VaultError(.unreachable, "gone")
            } else {
                nil
            }
        }
        #expect(await code { _ = try await open(store, host) } == .unreachable)
        store.fail(nil)
        try await store.flip(archive.segmentNames[1], at: 50)
        #expect(await code { _ = try await open(store, host) } == .integrity)
    }
}

extension [UInt8] {
    fileprivate func contains(_ word: String.UTF8View) -> Bool {
        let word = Array(word)
        guard count >= word.count else { return false }
        return (0...(count - word.count)).contains { start in
            self[start] == word[0] && Array(self[start..<(start + word.count)]) == word
        }
    }
}
