import ArchiveBytes
import ArchiveFileIO
import Support
import Testing

@testable import StrongroomVaults

#if S3
/// A bucket made for locks, on SeaweedFS, or on the server that the environment names.
///
/// STRONGROOM_TEST_S3 is its address; keys are AWS's own variables. Locked objects stay there.
private enum LockedBucket {
    static var isAvailable: Bool {
        Environment.text(of: "STRONGROOM_TEST_S3") != nil || SeaweedFS.isInstalled
    }

    static func store(
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) async throws -> S3Store {
        let address: String
        var keys = (SeaweedFS.accessKey, SeaweedFS.secretKey)
        if let named = Environment.text(of: "STRONGROOM_TEST_S3") {
            address = named
            keys.0 = Environment.text(of: "AWS_ACCESS_KEY_ID") ?? ""
            keys.1 = Environment.text(of: "AWS_SECRET_ACCESS_KEY") ?? ""
        } else {
            address = "http://127.0.0.1:\(try SeaweedFS.server().port)"
        }
        let (accessKey, secretKey) = keys
        var configuration = S3Configuration(
            bucket: "locked-tests",
            prefix: "vaults/" + String(UInt64.random(in: 0 ... .max), radix: 16),
            endpoint: try S3Endpoint(address),
            credentials: { S3Credentials(accessKey: accessKey, secretKey: secretKey) }
        )
        configuration.partByteCount = 5 << 20
        change(&configuration)
        let store = S3Store(configuration)
        try await store.createBucket(forLocks: true)
        return store
    }
}

@Suite(.enabled(if: LockedBucket.isAvailable, "\(SeaweedBucket.absence)"))
struct `Locks in a bucket` {
    private static let name = "segments/0000000000000001.seg"

    private func soon(_ seconds: Int64) -> Int64 {
        SystemClock.now().microseconds + seconds * 1_000_000
    }

    @Test(arguments: ObjectLock.Mode.allCases)
    func `are set, made longer, and keep an object`(mode: ObjectLock.Mode) async throws {
        let store = try await LockedBucket.store()
        #expect(try await store.canLock())
        let name = try ObjectName(Self.name)
        try await store.put(name, [1, 2, 3])
        #expect(try await store.lock(of: name) == ObjectLock())

        let first = soon(3_600)
        try await store.lock(name, mode, until: first)
        var lock = try await store.lock(of: name)
        #expect(lock.mode == mode)
        #expect(lock.isClosed(at: first - 1))
        let second = soon(7_200)
        try await store.lock(name, mode, until: second)
        lock = try await store.lock(of: name)
        #expect((second...(second + 1_000_000)).contains(lock.until ?? 0))

        #expect(await code { try await store.purge(name) } == .refused)
        #expect(try await store.readAll(name, limit: 10) == [1, 2, 3])
    }

    @Test func `of the mode compliance are never made shorter`() async throws {
        let store = try await LockedBucket.store()
        let name = try ObjectName(Self.name)
        try await store.put(name, [1])
        try await store.lock(name, .compliance, until: soon(7_200))
        #expect(await code { try await store.lock(name, .compliance, until: soon(60)) } != nil)
    }

    @Test func `are a hold as well, which can be lifted`() async throws {
        let store = try await LockedBucket.store()
        let name = try ObjectName(Self.name)
        try await store.put(name, [1])
        try await store.setHold(true, on: name)
        #expect(try await store.lock(of: name).isHeld)
        #expect(await code { try await store.purge(name) } == .refused)
        try await store.setHold(false, on: name)
        #expect(try await !store.lock(of: name).isHeld)
        try await store.purge(name)
        #expect(try await store.status(name) == nil)
        #expect(await code { try await store.purge(name) } == .notFound)
    }

    @Test(arguments: [10, 6 << 20])
    func `are there from the start where that is asked for`(byteCount: Int) async throws {
        let store = try await LockedBucket.store { configuration in
            configuration.newObjectLock = (.governance, .seconds(3_600))
        }
        let bytes = [UInt8](repeating: 7, count: byteCount)
        let segment = try ObjectName(Self.name)
        let keyring = try ObjectName("keyring.json")
        try await store.put(segment, bytes)
        try await store.put(keyring, bytes)
        #expect(try await store.lock(of: segment).mode == .governance)
        #expect(try await store.lock(of: segment).isClosed(at: soon(3_000)))
        // It is replaced when keys change.
        #expect(try await store.lock(of: keyring) == ObjectLock())
    }

    @Test func `leave no room behind when an object that has none is removed`() async throws {
        let store = try await LockedBucket.store()
        let name = try ObjectName(Self.name)
        try await store.put(name, [1])
        try await store.put(name, [2], mode: .replace)
        try await store.purge(name)
        #expect(try await store.status(name) == nil)
        #expect(await code { try await store.purge(name) } == .notFound)
    }
}
#endif

@Suite struct `A new object that comes in parts` {
    /// Some servers take no lock when an upload in parts begins.
    @Test(arguments: [true, false])
    func `is locked, whether the server remembers that or not`(remembers: Bool) async throws {
        let fake = FakeS3()
        fake.change { $0.locksUploadsInParts = remembers }
        let store = try fake.store { configuration in
            configuration.partByteCount = 4
            configuration.newObjectLock = (.compliance, .seconds(3_600))
        }
        let name = try ObjectName("segments/0000000000000001.seg")
        try await store.put(name, [1, 2, 3, 4, 5])
        let lock = try await store.lock(of: name)
        #expect(lock.mode == .compliance)
        #expect(lock.until == 1_795_003_600_000_000)
        let keyring = try ObjectName("keyring.json")
        try await store.put(keyring, [1, 2, 3, 4, 5])
        #expect(try await store.lock(of: keyring) == ObjectLock())
    }
}

@Suite struct `A bucket that was not made for locks` {
    @Test func `says so`() async throws {
        #expect(try await !FakeS3().store().canLock())
    }
}
