import ArchiveFileIO
import Strongroom
import Support
import SystemPackage

@testable import StrongroomHealth

/// A directory with an archive and sources, for the length of one test.
struct Intake: Sendable {
    let directory: FilePath
    private let key: ArchiveKey

    /// Calls `body` with a new, empty archive.
    static func with(_ body: (Intake) async throws -> Void) async throws {
        try await TemporaryDirectory.withAsync { directory in
            let key = try ArchiveKey.keyFile([UInt8](repeating: 7, count: 32))
            let intake = Intake(directory: directory, key: key)
            let archive = try await Archive.create(at: intake.archivePath, unlocking: key)
            try await archive.close()
            try await body(intake)
        }
    }

    var archivePath: String { directory.appending("archive").string }

    /// Opens the archive for `body` and closes it in order.
    func archive<Result>(_ body: (Archive) async throws -> Result) async throws -> Result {
        let archive = try await Archive.open(at: archivePath, unlocking: key)
        let result = try await body(archive)
        try await archive.close()
        return result
    }

    /// Writes a source file; its path.
    @discardableResult
    func source(_ name: String, _ text: String) throws -> String {
        try source(name, Array(text.utf8))
    }

    @discardableResult
    func source(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = directory.appending("in").appending(name)
        try PosixFileSystem().makeDirectories(path.directory)
        if try PosixFileSystem().status(of: path) != nil { try PosixFileSystem().remove(path) }
        let file = try PosixFileSystem().open(path, .createNew)
        try file.write(bytes, at: 0)
        try file.close()
        return path.string
    }

    /// Spoils the archive's first segment behind the back of who has it open.
    func spoilSegment() throws {
        let path = FilePath(archivePath).appending("segments/0000000000000001.open")
        let file = try PosixFileSystem().open(path, .readWrite)
        try file.write([UInt8](repeating: 0, count: Int(try file.byteCount())), at: 0)
        try file.close()
    }

    /// The folder of the source files.
    var sources: String { directory.appending("in").string }

    func importing(
        _ paths: [String]? = nil,
        source: String? = nil,
        batchByteCount: Int = 4 << 20,
        wholeByteCount: Int = 16 << 20
    ) async throws -> ImportSummary {
        var options = Importer.Options()
        options.source = source
        options.batchByteCount = batchByteCount
        options.wholeByteCount = wholeByteCount
        let paths = paths ?? [sources]
        return try await archive { try await Importer(into: $0, options: options).run(paths) }
    }

    /// Exports all sources; what was written, by path, and the summary.
    func exported() async throws -> (files: [String: [UInt8]], summary: ExportSummary) {
        let name = "out-" + String(UInt64.random(in: 0 ... .max), radix: 16)
        let target = directory.appending(name)
        let summary = try await archive { try await Exporter(from: $0).run(to: target.string) }
        return (try Intake.files(below: target), summary)
    }

    /// All records of a collection by name, newest versions only.
    func records(in collection: String = "records") async throws -> [String: Record] {
        try await archive { archive in
            try await archive.read { view throws(ArchiveError) in
                var query = RecordQuery()
                query.collection = collection
                var found: [String: Record] = [:]
                try view.forEach(query) { record in
                    found[record.name] = record
                    return true
                }
                return found
            }
        }
    }

    /// The number of versions of each name.
    func versionCounts() async throws -> [String: Int] {
        try await archive { archive in
            try await archive.read { view throws(ArchiveError) in
                var query = RecordQuery()
                query.includesHistory = true
                var counts: [String: Int] = [:]
                try view.forEach(query) { record in
                    counts[record.name, default: 0] += 1
                    return true
                }
                return counts
            }
        }
    }

    /// The bytes of all files below a directory, by path.
    static func files(below directory: FilePath) throws -> [String: [UInt8]] {
        let system = PosixFileSystem()
        var found: [String: [UInt8]] = [:]
        for name in try system.names(in: directory) {
            let path = directory.appending(name)
            if try system.status(of: path)?.kind == .directory {
                for (inner, bytes) in try files(below: path) {
                    found[name.string + "/" + inner] = bytes
                }
            } else {
                found[name.string] = try system.readAll(path, limit: 64 << 20)
            }
        }
        return found
    }
}
