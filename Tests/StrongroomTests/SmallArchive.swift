import ArchiveFileIO
import Support
import SystemPackage

@testable import Strongroom

/// A small archive in a directory of its own, driven through the engine itself.
struct SmallArchive {
    let path: FilePath
    let files = PosixFileSystem()

    /// Makes an archive, lets `fill` put something into it, closes it, and calls `body`.
    static func with<Result>(
        _ configuration: ArchiveConfiguration = ArchiveConfiguration(),
        filledBy fill: (Engine) throws -> Void = { _ in },
        _ body: (SmallArchive) throws -> Result
    ) throws -> Result {
        try TemporaryDirectory.with { directory in
            let archive = SmallArchive(path: directory.appending("A"))
            let engine = try Engine.create(try archive.address(configuration))
            try fill(engine)
            try engine.close()
            return try body(archive)
        }
    }

    /// Opens the archive for writing, calls `body` and closes it in order.
    @discardableResult
    func writing<Result>(_ body: (Engine) throws -> Result) throws -> Result {
        let engine = try Engine.open(try address())
        let result = try body(engine)
        try engine.close()
        return result
    }

    /// Opens the archive for reading and calls `body`.
    @discardableResult
    func reading<Result>(_ body: (ArchiveView) throws -> Result) throws -> Result {
        let engine = try Engine.openForReading(try address())
        let reader = RecordReader(log: engine.reader, keys: engine.keys)
        return try body(ArchiveView(engine.readState, reader: reader))
    }

    /// The body of every current record.
    func bodies() throws -> [String: [UInt8]] {
        try reading { view in
            var found: [String: [UInt8]] = [:]
            try view.forEach(RecordQuery()) { record in
                found[record.name] = try view.body(of: record)
                return true
            }
            return found
        }
    }

    func address(
        _ configuration: ArchiveConfiguration = ArchiveConfiguration()
    ) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            path,
            credential: try ArchiveKey.keyFile(GoldenMaker.keyFile).credential,
            configuration: configuration
        )
    }

    func segment(_ name: String) -> FilePath { path.appending("segments").appending(name) }

    func read(_ path: FilePath) throws -> [UInt8] { try files.readAll(path, limit: 64 << 20) }

    /// Changes a file's bytes, as damage or an older program would.
    func edit(_ path: FilePath, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try read(path)
        change(&bytes)
        try files.replace(path, with: bytes)
    }

    func names(in directory: String) throws -> [String] {
        try files.names(in: path.appending(directory)).map(\.string).sorted()
    }
}

extension Engine {
    func put(_ name: String, _ text: String = "text", subject: String? = nil) throws {
        _ = try commit([NewRecord(name: name, body: Array(text.utf8), subject: subject)])
    }

    func delete(_ name: String) throws {
        var batch = WriteBatch()
        batch.delete(name)
        _ = try commit(batch)
    }
}

extension Archive {
    /// Lends a new archive on a simulated disk, and closes it; a disk that failed may refuse that.
    static func withSimulated(
        _ body: (Archive, SimulatedFileSystem) async throws -> Void
    ) async throws {
        let files = SimulatedFileSystem()
        try files.makeDirectory("/srv")
        let address = try simulatedAddress(files)
        try Engine.create(address).close()
        let archive = try await Archive.open(address, mode: .readWrite)
        try await body(archive, files)
        try? await archive.close()
    }

    /// Where that archive is.
    static func simulatedAddress(_ files: SimulatedFileSystem) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            "/srv/archive",
            credential: try ArchiveKey.keyFile(GoldenMaker.keyFile).credential,
            configuration: .quick
        )
    }
}
