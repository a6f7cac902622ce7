import Synchronization
import Testing

@testable import StrongroomVaults

@Suite struct `Uploads that were never completed` {
    @Test func `are listed page by page, below the vault's prefix only, and given up`() async throws
    {
        let fake = FakeS3()
        fake.change { state in
            for (upload, key) in ["1": "v/segments/a", "2": "v/segments/b", "3": "other/c"] {
                state.uploads[upload] = [:]
                state.uploadKeys[upload] = key
            }
            state.uploadPageCount = 1
        }
        let store = try fake.store(prefix: "v")
        let found = try await store.unfinishedUploads()
        #expect(found.map(\.name.text) == ["segments/a", "segments/b"])
        #expect(found.map(\.begun) == [1_793_491_200_000_000, 1_793_491_200_000_000])
        for upload in found { try await store.giveUp(upload) }
        #expect(fake.state.withLock { Array($0.uploads.keys) } == ["3"])
        #expect(try await store.unfinishedUploads().isEmpty)
        // Somebody else was faster.
        try await store.giveUp(found[0])
    }

    @Test func `are told from a server that does not list them`() async throws {
        let fake = FakeS3()
        let store = try fake.store()
        fake.fail("GET", query: "uploads", .answer(501, code: "NotImplemented"))
        await #expect(throws: VaultError.self) { try await store.unfinishedUploads() }
    }
}
