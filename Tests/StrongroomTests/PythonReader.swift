import ArchiveBytes
import ArchiveFileIO
import Foundation
import Support
import SystemPackage
import Testing

/// `tools/read_archive.py`, the reader that shares no code with the engine.
struct PythonReader {
    private static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// The Python that has what the reader needs: that of `tools/setup`, else the system's.
    private static let python: String? = {
        let own = root.appending(".build/python/bin/python").string
        return [own, "/usr/bin/env"].first { path in
            let first = path == own ? [] : ["python3"]
            let found = try? run(path, first + ["-c", "import cryptography, zstandard"])
            return found?.status == 0
        }
    }()

    /// On a machine of one's own the tests may be left out; where changes are judged they may not.
    static let isExpected =
        python != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    static let reason: Comment = "no Python has cryptography and zstandard; run tools/setup"

    /// What a run of the reader gave.
    struct Result {
        let status: Int32
        let lines: [JSONObject]
        let message: String

        /// The records, without those of the engine's own collection.
        var records: [JSONObject] {
            lines.filter { $0["sequence"] != nil && $0.collection != "system" }
        }

        /// A number of the last line.
        func count(_ name: String) -> Int64? { lines.last?[name]?.asInteger }
    }

    /// Runs the reader.
    static func run(_ arguments: [String]) throws -> Result {
        let found = try run(tool: "tools/read_archive.py", arguments)
        return Result(
            status: found.status,
            lines: try GoldenArchive.objects(found.output),
            message: String(decoding: found.error, as: UTF8.self)
        )
    }

    /// Runs the check of what the reader passes over; gives its lines and what it has to say.
    static func check(_ path: String, keyFile: String) throws -> (lines: [String], message: String)
    {
        let tool = "Tests/StrongroomTests/check_archive.py"
        let found = try run(tool: tool, [path, keyFile])
        let lines = String(decoding: found.output, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.map(String.init), String(decoding: found.error, as: UTF8.self))
    }

    private static func run(
        tool: String,
        _ arguments: [String]
    ) throws -> (status: Int32, output: [UInt8], error: [UInt8]) {
        let python = try #require(python, reason)
        let first = python == "/usr/bin/env" ? ["python3"] : []
        return try run(python, first + [root.appending(tool).string] + arguments)
    }

    /// Runs a program to its end.
    ///
    /// Its output goes to files, so that neither side waits for the other.
    private static func run(
        _ program: String,
        _ arguments: [String]
    ) throws -> (status: Int32, output: [UInt8], error: [UInt8]) {
        try TemporaryDirectory.with { path in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            var places: [FilePath] = []
            for name in ["output", "error"] {
                let place = path.appending(name)
                try PosixFileSystem().replace(place, with: [])
                places.append(place)
            }
            process.standardOutput = FileHandle(forWritingAtPath: places[0].string)
            process.standardError = FileHandle(forWritingAtPath: places[1].string)
            try process.run()
            process.waitUntilExit()
            let files = PosixFileSystem()
            return (
                process.terminationStatus, try files.readAll(places[0], limit: 16 << 20),
                try files.readAll(places[1], limit: 16 << 20)
            )
        }
    }
}
