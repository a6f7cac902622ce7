import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import StrongroomVaults

@Suite(.enabled(if: isExecutable(SFTPServer.program), "\(SFTPServer.absence)"))
struct `An SFTP store` {
    private let name: ObjectName
    private let files = PosixFileSystem()

    init() throws { name = try ObjectName("segments/1.seg") }

    /// A store whose other end is a shell script, and whose waits take no time.
    private func store(
        script: String,
        _ clock: FakeClock = FakeClock(),
        bounds: SFTPConnection.Bounds = SFTPConnection.Bounds()
    ) -> SFTPStore {
        SFTPStore(
            "/vault",
            at: "sftp://test/vault",
            through: ["/bin/sh", "-c", script],
            bounds: bounds,
            clock: clock.clock
        )
    }

    @Test func `says that the vault is not there`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let store = SFTPServer.store(directory)
            #expect(try await !store.exists())
            #expect(await code { try await store.put(self.name, [1]) } == .unreachable)
            #expect(await code { _ = try await store.list(prefix: "") } == .unreachable)
            #expect(await code { _ = try await store.status(self.name) } == .unreachable)
            #expect(
                await code { _ = try await store.read(self.name, range: 0..<1) } == .unreachable
            )
            #expect(await code { try await store.remove(self.name) } == .unreachable)
            #expect(await code { _ = try await store.probe() } == .unreachable)
            #expect(try files.names(in: directory).isEmpty)
            try await store.create()
            #expect(try await store.exists())
            #expect(try await store.probe().warnings.isEmpty)
        }
    }

    @Test func `says what its server cannot do`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let store = SFTPServer.store(directory, isPlain: true)
            try await store.create()
            let warnings = try await store.probe().warnings
            #expect(warnings.count == 2)
            #expect(warnings[0].contains("synchronize"))
            #expect(warnings[1].contains("replace"))
        }
    }

    @Test func `keeps what is large, whole and in parts`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            for isPlain in [false, true] {
                let store = SFTPServer.store(directory, isPlain: isPlain)
                try await store.create()
                var generator = SeededGenerator(seed: 3)
                // More than a window of requests.
                let bytes = generator.bytes(9_500_001)
                try await store.put(name, bytes, mode: .replace)
                #expect(try await store.readAll(name, limit: 10_000_000) == bytes)
                let part = try await store.read(name, range: 4_000_000..<9_000_001)
                #expect(part == Array(bytes[4_000_000..<9_000_001]))
            }
        }
    }

    @Test func `keeps records from other users of the server`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let store = SFTPServer.store(directory)
            try await store.create()
            try await store.put(name, [1])
            #expect(try mode(of: directory.appending("vault")) == 0o700)
            #expect(try mode(of: directory.appending("vault/segments")) == 0o700)
            #expect(try mode(of: directory.appending("vault/segments/1.seg")) == 0o600)
        }
    }

    @Test func `leaves no temporary file, and removes those of killed runs`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let segments = directory.appending("vault/segments")
            try files.makeDirectories(segments)
            for stale in [".put-1", ".put-2", "2.seg"] {
                try files.replace(segments.appending(stale), with: [9])
            }
            let old = "touch -d '3 days ago' \(segments.string)/.put-1"
            _ = try Subprocess.run(shell: old, outputLimit: 0)
            let store = SFTPServer.store(directory)
            try await store.put(name, [1])
            let source = FalseSource(
                byteCount: 3_000_000,
                bytes: [UInt8](repeating: 1, count: 1 << 20)
            )
            let found = await code {
                try await store.put(self.name, from: source, mode: .replace, expectedDigest: nil)
            }
            #expect(found == .sourceFailed)
            let names = Set(try files.names(in: segments).map(\.string))
            #expect(names == [".put-2", "1.seg", "2.seg"])
        }
    }

    @Test func `follows no link out of the vault`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let store = SFTPServer.store(directory)
            try await store.create()
            try files.replace(directory.appending("target"), with: [1])
            try makeLink(
                at: directory.appending("vault/link"),
                to: directory.appending("target")
            )
            let link = try ObjectName("link")
            #expect(try await store.status(link) == nil)
            #expect(await code { _ = try await store.read(link, range: 0..<1) } == .notFound)
            #expect(await code { try await store.put(link, [2], mode: .replace) } == .refused)
            #expect(try await store.list(prefix: "").isEmpty)
        }
    }

    // MARK: Connections

    @Test func `is tried again when the connection ends, and then given up`() async throws {
        let clock = FakeClock()
        let store = store(script: "echo the reason >&2", clock)
        let error = await #expect(throws: VaultError.self) { _ = try await store.status(self.name) }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("ssh says: the reason (10 tries)") == true)
        #expect(clock.waits.count == 9)
    }

    @Test(arguments: [
        "me@host: Permission denied (publickey).", "Host key verification failed.",
        "subsystem request failed on channel 0",
    ])
    func `is not tried again when ssh says no`(words: String) async throws {
        let clock = FakeClock()
        let store = store(script: "echo '\(words)' >&2; exit 255", clock)
        let error = await #expect(throws: VaultError.self) { _ = try await store.status(self.name) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains(words) == true)
        #expect(clock.waits.isEmpty)
    }

    @Test(arguments: [
        "echo 'Welcome to this server, dear user'",
        "printf '\\000\\000\\000\\005\\002\\000\\000\\000\\001'",
        "printf '\\377\\377\\377\\377'", "printf '\\000\\000\\000\\000'", "exit 0",
    ])
    func `says that the other end speaks no SFTP`(script: String) async throws {
        let found = await code { _ = try await store(script: script).status(self.name) }
        #expect(found == .unreachable)
    }

    @Test func `never waits for ever`() async throws {
        let bounds = SFTPConnection.Bounds(greeting: .milliseconds(10), answer: .milliseconds(10))
        let store = store(script: "cat > /dev/null", bounds: bounds)
        let error = await #expect(throws: VaultError.self) { _ = try await store.status(self.name) }
        #expect(error?.message.contains("it does not answer in time") == true)
    }

    @Test func `says that there is no ssh`() async throws {
        let store = SFTPStore("/vault", at: "sftp://test/vault", through: ["/no/such/program"])
        let error = await #expect(throws: VaultError.self) { _ = try await store.status(self.name) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("is the OpenSSH client installed?") == true)
    }

    @Test func `goes on over a new connection after one was lost`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let path = directory.appending("vault")
            let flag = directory.appending("flag").string
            // The first server ends in the middle of the greeting.
            let script =
                "[ -e \(flag) ] && exec \(SFTPServer.program.string); touch \(flag); head -c 5"
            let store = SFTPStore(
                path.string,
                at: "sftp://test/vault",
                through: ["/bin/sh", "-c", script],
                clock: FakeClock().clock
            )
            try await store.create()
            try await store.put(name, [1])
            #expect(try await store.readAll(name, limit: 1) == [1])
        }
    }

    private func mode(of path: FilePath) throws -> Int? {
        let found = try Subprocess.run(shell: "stat -c %a \(path.string)", outputLimit: 64).output
        return Int(String(decoding: found.dropLast(), as: UTF8.self), radix: 8)
    }
}
