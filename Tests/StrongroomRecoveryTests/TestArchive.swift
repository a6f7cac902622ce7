import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage

/// A small archive on a simulated disk, with what is known of it.
struct TestArchive: Sendable {
    static let path: FilePath = "/archive"
    static let passphrase = "correct horse battery staple"

    let files: SimulatedFileSystem
    /// Oldest first.
    let snapshots: [String]
    let publicKey: String
    /// Name and body of every record up to each snapshot.
    let records: [String: [(name: String, body: [UInt8])]]

    /// Three snapshots of a few records each.
    static func standard() throws -> TestArchive { try made3.get().copy }

    /// One snapshot of one record.
    static func tiny() throws -> TestArchive { try made1.get().copy }

    // Making an archive takes a while, so each is made once, and every test gets a copy of its disk.
    private static let made3 = Result { try make(counts: [3, 2, 4]) }
    private static let made1 = Result { try make(counts: [1]) }

    private var copy: TestArchive {
        TestArchive(
            files: files.clone(),
            snapshots: snapshots,
            publicKey: publicKey,
            records: records
        )
    }

    static func make(
        counts: [Int],
        largeBody: Bool = false,
        seed: UInt64 = 1
    ) throws -> TestArchive {
        let files = SimulatedFileSystem()
        let engine = try Engine.create(try address(files))
        var generator = SeededGenerator(seed: seed)
        var snapshots: [String] = []
        var records: [(name: String, body: [UInt8])] = []
        var known: [String: [(name: String, body: [UInt8])]] = [:]
        for count in counts {
            for _ in 0..<count {
                let name = "Observation/\(records.count)"
                let body = generator.bytes(100 + records.count * 37)
                _ = try engine.commit([
                    NewRecord(name: name, body: body, subject: "Patient/\(records.count % 2)")
                ])
                records.append((name, body))
            }
            if largeBody {
                let body = generator.bytes(3 << 20)
                var rest: [UInt8]? = body
                let record = NewRecord(name: "Binary/\(records.count)", body: [])
                _ = try engine.put(record) {
                    defer { rest = nil }
                    return rest
                }
                records.append((record.name, body))
            }
            let id = try engine.snapshot(label: "nightly").id
            snapshots.append(id)
            known[id] = records
        }
        try engine.close()
        return TestArchive(
            files: files,
            snapshots: snapshots,
            publicKey: Hex.encode(engine.document.publicKey),
            records: known
        )
    }

    static var configuration: ArchiveConfiguration {
        var configuration = ArchiveConfiguration()
        configuration.scryptLogN = 10
        configuration.segmentByteCount = 65_536
        configuration.pageByteCount = 4_096
        return configuration
    }

    static func key(_ passphrase: String = passphrase) throws -> ArchiveKey {
        try .passphrase(Array(passphrase.utf8))
    }

    static func address(
        _ files: any FileSystem,
        _ path: FilePath = path
    ) throws -> ArchiveAddress {
        ArchiveAddress(files, path, credential: try key().credential, configuration: configuration)
    }

    /// Ships one object at a time, so that what happens when is known.
    func ship(to store: any ObjectStore) -> Ship {
        Ship(archiveAt: Self.path, on: files, to: store, parallelism: 1)
    }

    @discardableResult
    func shipAll(
        to store: any ObjectStore,
        keyring: KeyringPlacement? = nil
    ) async throws -> ShipResult {
        let ship = ship(to: store)
        return try await ship.carryOut(try await ship.plan(keyring: keyring))
    }

    /// A vault in memory to which everything was shipped.
    func vault(keyring: KeyringPlacement? = nil) async throws -> MemoryStore {
        let store = MemoryStore()
        try await shipAll(to: store, keyring: keyring)
        return store
    }

    /// Opens the archive again for changes.
    func change(_ body: (Engine) throws -> Void) throws {
        let engine = try Engine.open(try Self.address(files))
        try body(engine)
        try engine.close()
    }

    func bytes(_ name: String) -> [UInt8]? { files.bytes(of: Self.path.pushing(FilePath(name))) }

    var segmentNames: [String] {
        files.filePaths.map(\.string).filter { $0.hasSuffix(".seg") }
            .map { String($0.dropFirst("/archive/".count)) }
    }
}

/// Recovers from a store into a simulated disk, one segment at a time.
func recovery(
    from store: any ObjectStore,
    on files: any FileSystem,
    passphrase: String = TestArchive.passphrase,
    keyring: [UInt8]? = nil
) throws -> Recovery {
    Recovery(
        from: store,
        unlocking: VaultKeys(try TestArchive.key(passphrase), keyring: keyring),
        on: files,
        configuration: TestArchive.configuration,
        parallelism: 1
    )
}

/// A vault to be read in place.
func openVault(_ store: any ObjectStore, on host: any FileSystem) throws -> OpenVault {
    OpenVault(
        store,
        unlocking: VaultKeys(try TestArchive.key()),
        on: host,
        configuration: TestArchive.configuration
    )
}

/// The records of an archive, by name, each with its body.
func records(of files: any FileSystem, at path: FilePath) throws -> [String: [UInt8]] {
    let engine = try Engine.openForReading(try TestArchive.address(files, path))
    let view = ArchiveView(
        engine.readState,
        reader: RecordReader(log: engine.reader, keys: engine.keys)
    )
    var found: [String: [UInt8]] = [:]
    try view.forEach(RecordQuery()) { record in
        found[record.name] = try view.body(of: record)
        return true
    }
    return found
}

/// The code that `body` fails with; nil if it succeeds.
func code(_ body: () async throws -> Void) async -> RecoveryError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? RecoveryError)?.code
    }
}

extension ObjectStore {
    func bytes(_ name: String) async throws -> [UInt8] {
        try await readAll(try ObjectName(name), limit: 1 << 30)
    }

    func replace(_ name: String, _ bytes: [UInt8]) async throws {
        try await put(try ObjectName(name), bytes, mode: .replace)
    }

    func remove(_ name: String) async throws { try await remove(try ObjectName(name)) }

    /// Flips a bit of an object.
    func flip(_ name: String, at offset: Int, bit: Int = 0) async throws {
        var bytes = try await bytes(name)
        bytes[offset] ^= 1 << UInt8(bit)
        try await replace(name, bytes)
    }

    var names: [String] {
        get async throws { try await list(prefix: "").map(\.name.text) }
    }
}

extension TestArchive {
    /// Adds a second passphrase; returns the new keyring file.
    func addSlot() throws -> [UInt8] {
        let path = Self.path.appending("keyring.json")
        let bytes = try files.readAll(path, limit: 1 << 20)
        let file = try KeyringFile(decoding: bytes.span)
        let keyring = try file.open(try Self.key().credential)
        let changed = try file.adding(
            try Self.key("another").credential,
            label: "second",
            created: Timestamp(microseconds: 0),
            cost: .init(logN: 10, r: 8, p: 1),
            unlockedBy: keyring
        )
        try files.replace(path, with: try changed.bytes())
        return try changed.bytes()
    }
}
