import ArchiveFileIO
import StrongroomVaults
import Support
import SystemPackage

/// The stores that must keep the same contract.
enum StoreKind: String, CaseIterable, Sendable {
    case memory
    case directory
    case simulatedDirectory

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
        }
    }
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
