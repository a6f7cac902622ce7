import ArchiveFileIO
package import SystemPackage

/// A real directory that is gone after the test.
package enum TemporaryDirectory {
    /// Calls `body` with a new, empty directory and removes it with all that is in it.
    package static func with<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
        let path = try make()
        defer { try? remove(path) }
        return try body(path)
    }

    /// Calls `body` with a new, empty directory and removes it with all that is in it.
    package static func withAsync<Result>(
        _ body: (FilePath) async throws -> Result
    ) async throws -> Result {
        let path = try make()
        defer { try? remove(path) }
        return try await body(path)
    }

    private static func make() throws(SystemError) -> FilePath {
        let name = "strongroom-" + String(UInt64.random(in: 0 ... .max), radix: 16)
        let path = FilePath("/tmp").appending(name)
        try PosixFileSystem().makeDirectory(path)
        return path
    }

    private static func remove(_ path: FilePath) throws(SystemError) {
        let files = PosixFileSystem()
        guard let status = try files.status(of: path) else { return }
        guard status.kind == .directory else { return try files.remove(path) }
        for name in try files.names(in: path) { try remove(path.appending(name)) }
        try files.removeDirectory(path)
    }
}
