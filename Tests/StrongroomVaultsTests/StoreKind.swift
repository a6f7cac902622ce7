import ArchiveFileIO
import Support
import SystemPackage

@testable import StrongroomVaults

/// The stores that must keep the same contract.
enum StoreKind: String, CaseIterable, Sendable {
    case memory
    case directory
    case simulatedDirectory
    case sftp
    /// A server that offers none of OpenSSH's extensions.
    case plainSFTP
    case fakeS3
    case seaweedFS

    /// Those that can be tried on this machine.
    static let available = allCases.filter { kind in
        switch kind {
        case .memory, .directory, .simulatedDirectory, .fakeS3: true
        case .sftp, .plainSFTP: isExecutable(SFTPServer.program)
        case .seaweedFS: SeaweedBucket.isAvailable
        }
    }

    /// Calls `body` with an empty store.
    func with(_ body: (any ObjectStore) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryStore())
        case .directory:
            try await TemporaryDirectory.withAsync { directory in
                let store = DirectoryStore(at: directory.appending("vault"))
                try await store.create()
                try await body(store)
            }
        case .simulatedDirectory:
            try await body(try await simulatedStore().store)
        case .sftp, .plainSFTP:
            try await TemporaryDirectory.withAsync { directory in
                let store = SFTPServer.store(directory, isPlain: self == .plainSFTP)
                try await store.create()
                try await body(store)
            }
        case .fakeS3:
            try await body(FakeS3().store(prefix: "fake/vault"))
        case .seaweedFS:
            try await SeaweedBucket.with(body)
        }
    }
}

/// OpenSSH's SFTP server, spoken to without SSH.
enum SFTPServer {
    static let program: FilePath = "/usr/lib/openssh/sftp-server"
    static let absence = "sftp-server is not there; tools/setup installs it"

    static func store(_ directory: FilePath, isPlain: Bool = false) -> SFTPStore {
        let denied = "posix-rename,fsync,statvfs,limits"
        return SFTPStore(
            directory.appending("vault").string,
            at: "sftp://test" + directory.string + "/vault",
            through: [program.string] + (isPlain ? ["-P", denied] : [])
        )
    }
}

/// A place of its own for a test, on SeaweedFS.
enum SeaweedBucket {
    #if S3
    static let isAvailable = SeaweedFS.isInstalled

    static func with(_ body: (any ObjectStore) async throws -> Void) async throws {
        let server = try SeaweedFS.server()
        try await body(try await store(port: server.port))
    }

    /// An empty place in a bucket, reached through a port that may be a proxy's.
    ///
    /// All share a bucket, since the server sets much room aside for each.
    static func store(
        port: UInt16,
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) async throws -> S3Store {
        var configuration = S3Configuration(
            bucket: "tests",
            prefix: "vaults/" + String(UInt64.random(in: 0 ... .max), radix: 16),
            endpoint: try S3Endpoint("http://127.0.0.1:\(port)"),
            credentials: {
                S3Credentials(accessKey: SeaweedFS.accessKey, secretKey: SeaweedFS.secretKey)
            }
        )
        change(&configuration)
        let store = S3Store(configuration)
        try await store.createBucket()
        return store
    }
    #else
    static let isAvailable = false

    static func with(_ body: (any ObjectStore) async throws -> Void) async throws {}
    #endif

    static let absence = "S3 is off, or " + SeaweedFS.absence
}

/// An empty vault on a simulated disk.
func simulatedStore() async throws -> (store: DirectoryStore, files: SimulatedFileSystem) {
    let files = SimulatedFileSystem()
    let store = DirectoryStore(at: "/vault", on: files)
    try await store.create()
    return (store, files)
}

/// The code that `body` fails with; nil if it succeeds.
func code(_ body: () async throws -> Void) async -> VaultError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? VaultError)?.code
    }
}

/// A source that says one length and has another, or fails.
struct FalseSource: ByteSource {
    struct Failure: Error {}

    let byteCount: UInt64
    let bytes: [UInt8]
    var fails = false

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        if fails { throw Failure() }
        return try MemorySource(bytes).read(at: offset, into: &target)
    }
}
