import ArchiveBytes
import ArchiveFileIO
import ArchiveHTTP
import ArchiveSealing
import Support
import SystemPackage
import Testing

@testable import StrongroomVaults

/// A real SSH server, and what becomes of a vault behind a bad network.
@Suite(.enabled(if: SSHServer.isInstalled, "\(SSHServer.absence)"))
struct `A vault over SSH` {
    private let name: ObjectName

    init() throws { name = try ObjectName("segments/1.seg") }

    private func store(_ directory: FilePath, _ command: [String]) throws -> SFTPStore {
        let location = SFTPLocation(host: "vault", path: directory.appending("vault").string)
        var access = VaultAccess()
        access.sshCommand = command
        return SFTPStore(
            location.path,
            at: location.description,
            through: SFTPStore.command(for: location, command),
            access,
            patience: Patience(firstDelay: .milliseconds(1))
        )
    }

    @Test func `keeps what is put, however the connection breaks`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let server = try SSHServer(in: directory)
            defer { server.stop() }
            let direct = try store(directory, server.command)
            try await direct.create()
            #expect(try await direct.probe().warnings.isEmpty)
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.stop() }
            let far = try store(directory, server.command(through: proxy.port))
            var generator = SeededGenerator(seed: 4)
            let bytes = generator.bytes(3_000_000)
            proxy.faults.cutUp = (afterBytes: 1_000_000, times: 2)
            try await far.put(name, bytes)
            #expect(proxy.counts.faults == 2)
            proxy.faults = FaultProxy.Faults()
            proxy.faults.cutDown = (afterBytes: 1_000_000, times: 2)
            #expect(try await far.readAll(name, limit: 3_000_000) == bytes)
            #expect(proxy.counts.faults == 4)
            let left = try PosixFileSystem().names(in: directory.appending("vault/segments"))
            #expect(left.map(\.string) == ["1.seg"])
        }
    }

    @Test func `whose key is unknown is refused at once`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let server = try SSHServer(in: directory)
            defer { server.stop() }
            let known = directory.appending("known_hosts")
            try PosixFileSystem().replace(known, with: [])
            let store = try store(directory, server.command)
            let error = await #expect(throws: VaultError.self) {
                _ = try await store.status(self.name)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("Host key verification failed") == true)
        }
    }
}

#if S3
/// A real S3 server behind a bad network, over libcurl.
@Suite(.enabled(if: SeaweedFS.isInstalled, "\(SeaweedFS.absence)"))
struct `A bucket on SeaweedFS` {
    private let name: ObjectName
    private let bytes: [UInt8]

    init() throws {
        name = try ObjectName("segments/1.seg")
        var generator = SeededGenerator(seed: 5)
        bytes = generator.bytes(300_000)
    }

    /// A store behind a proxy, whose pauses are short, and a store without.
    private func behind(
        _ body: (FaultProxy, _ far: S3Store, _ near: S3Store) async throws -> Void
    ) async throws {
        let server = try SeaweedFS.server()
        let proxy = try FaultProxy(to: server.port)
        defer { proxy.stop() }
        let near = try await SeaweedBucket.store(port: server.port)
        var configuration = near.configuration
        configuration.endpoint = try S3Endpoint("http://127.0.0.1:\(proxy.port)")
        var options = CurlTransport.Options()
        options.stallTimeout = .seconds(1)
        let far = S3Store(
            configuration,
            over: CurlTransport(options, width: 4),
            patience: Patience(firstDelay: .milliseconds(1))
        )
        try await body(proxy, far, near)
    }

    @Test func `keeps what is put, however the connection breaks`() async throws {
        try await behind { proxy, far, near in
            proxy.faults.cutUp = (afterBytes: 100_000, times: 2)
            try await far.put(name, bytes)
            proxy.faults = FaultProxy.Faults()
            proxy.faults.cutDown = (afterBytes: 100_000, times: 2)
            #expect(try await far.readAll(name, limit: 300_000) == bytes)
            #expect(proxy.counts.faults == 4)
            #expect(try await near.readAll(name, limit: 300_000) == bytes)
        }
    }

    @Test func `has what was put although the answer was lost`() async throws {
        try await behind { proxy, far, near in
            // Looking for what is in the way comes first.
            _ = try await far.list(prefix: "")
            try await far.put(try ObjectName("segments/0.seg"), [1])
            proxy.faults.status = (code: 503, times: 1, method: "PUT")
            try await far.put(name, bytes)
            let before = proxy.counts.faults
            proxy.faults.lostAnswers = 3
            try await far.put(try ObjectName("segments/2.seg"), bytes)
            #expect(proxy.counts.faults == before + 3)
            #expect(try await near.list(prefix: "").count == 3)
        }
    }

    @Test func `that does not answer is given up`() async throws {
        try await behind { proxy, far, _ in
            proxy.faults.isSilent = true
            let hurried = S3Store(
                far.configuration,
                over: {
                    var options = CurlTransport.Options()
                    options.totalTimeout = .milliseconds(50)
                    return CurlTransport(options, width: 1)
                }(),
                patience: Patience(tryLimit: 2, firstDelay: .milliseconds(1))
            )
            let found = await code { _ = try await hurried.status(self.name) }
            #expect(found == .unreachable)
            proxy.faults = FaultProxy.Faults()
            proxy.faults.refuses = true
            #expect(await code { _ = try await hurried.status(self.name) } == .unreachable)
        }
    }

    @Test func `takes large objects in parts`() async throws {
        let server = try SeaweedFS.server()
        let store = try await SeaweedBucket.store(port: server.port) {
            // The least that S3 takes as a part.
            $0.partByteCount = 5 << 20
            $0.storageClass = "STANDARD_IA"
        }
        var generator = SeededGenerator(seed: 6)
        let large = generator.bytes((16 << 20) + 1)
        try await store.put(name, large)
        #expect(await code { try await store.put(self.name, large) } == .alreadyExists)
        #expect(try await store.readAll(name, limit: 32 << 20) == large)
        let wrong = [UInt8](repeating: 0, count: 32)
        let other = try ObjectName("other")
        let found = await code {
            try await store.put(
                other,
                from: MemorySource(large),
                mode: .writeOnce,
                expectedDigest: wrong
            )
        }
        #expect(found == .damaged)
        #expect(try await store.list(prefix: "").map(\.name) == [name])
    }

    @Test func `is the same whether the path or the host names the bucket`() async throws {
        let server = try SeaweedFS.server()
        let byPath = try await SeaweedBucket.store(port: server.port) {
            $0.partByteCount = 5 << 20
        }
        var configuration = byPath.configuration
        configuration.addressing = .virtual
        configuration.endpoint = try S3Endpoint("http://localhost:\(server.port)")
        let byHost = S3Store(configuration)
        var generator = SeededGenerator(seed: 7)
        let (small, large) = (generator.bytes(1000), generator.bytes((5 << 20) + 1))
        try await byHost.put(name, large)
        try await byHost.put(try ObjectName("notes/a_b-c.d"), small)
        #expect(try await byHost.list(prefix: "").map(\.name.text) == ["notes/a_b-c.d", name.text])
        #expect(try await byPath.readAll(name, limit: 6 << 20) == large)
        #expect(try await byHost.readAll(name, limit: 6 << 20) == large)
        try await byHost.remove(name)
        #expect(try await byPath.status(name) == nil)
        #expect(try await byHost.probe().warnings.isEmpty)
    }

    @Test func `tells the checksums that it keeps`() async throws {
        let server = try SeaweedFS.server()
        let store = try await SeaweedBucket.store(port: server.port) { $0.partByteCount = 5 << 20 }
        let bytes = [UInt8](repeating: 5, count: (5 << 20) + 1)
        let short = Array(bytes.prefix(1000))
        try await store.put(name, short)
        #expect(try await store.checksum(of: name) == .whole(SHA256.hash(short.span).bytes))
        let long = try ObjectName("long")
        try await store.put(long, bytes)
        guard case .parts(_, count: 2) = try await store.checksum(of: long) else {
            Issue.record("an object of two parts has a checksum of two")
            return
        }
    }

    @Test func `keeps what a vault relies on`() async throws {
        let server = try SeaweedFS.server()
        let store = try await SeaweedBucket.store(port: server.port)
        let probe = try await store.probe()
        #expect(probe.condition == .honoured)
        #expect(probe.partsCondition == .honoured)
        #expect(probe.checksChecksums)
        #expect(probe.removesObjects)
        #expect(probe.warnings.isEmpty)
        #expect(try await store.list(prefix: "").isEmpty)
    }

    @Test func `refuses who does not know the secret, and says so without it`() async throws {
        let server = try SeaweedFS.server()
        var configuration = try await SeaweedBucket.store(port: server.port).configuration
        configuration.credentials = {
            S3Credentials(accessKey: SeaweedFS.accessKey, secretKey: "do-not-print")
        }
        let stranger = S3Store(configuration)
        let error = await #expect(throws: VaultError.self) {
            _ = try await stranger.list(prefix: "")
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("SignatureDoesNotMatch") == true)
        #expect(error?.message.contains("do-not-print") == false)
    }

    @Test func `says that the clock is wrong`() async throws {
        let server = try SeaweedFS.server()
        let configuration = try await SeaweedBucket.store(port: server.port).configuration
        var clock = VaultClock.system
        clock.now = {
            let hour: Int64 = 3_600_000_000
            return Timestamp(microseconds: SystemClock.now().microseconds - hour)
        }
        let late = S3Store(configuration, over: CurlTransport(width: 1), clock: clock)
        #expect(await code { _ = try await late.list(prefix: "") } == .clockSkew)
        // The answer to HEAD, with which every run begins, has no words for it.
        #expect(await code { _ = try await late.status(self.name) } == .clockSkew)
    }

    @Test func `is told apart from one that is not there`() async throws {
        let server = try SeaweedFS.server()
        var configuration = try await SeaweedBucket.store(port: server.port).configuration
        configuration.bucket = "missing"
        let missing = S3Store(configuration)
        #expect(await code { _ = try await missing.status(self.name) } == .unreachable)
        #expect(await code { try await missing.put(self.name, [1]) } == .unreachable)
    }

    @Test func `stops in the middle when it is told to`() async throws {
        try await behind { proxy, far, near in
            try await far.put(try ObjectName("segments/0.seg"), [1])
            proxy.faults.isSilent = true
            let task = Task { await code { try await far.put(self.name, self.bytes) } }
            await proxy.fault()
            task.cancel()
            #expect(await task.value == .cancelled)
            #expect(try await near.status(name) == nil)
        }
    }
}
#endif
