import ArchiveBytes
import Foundation
import Support
import SystemPackage
import Testing

/// How a run of the program ended.
struct Outcome {
    let status: Int32
    let output: [UInt8]
    let errors: String

    /// Standard output as text.
    var text: String { String(decoding: output, as: UTF8.self) }

    /// Standard output as lines of JSON.
    var messages: [JSONValue] {
        get throws { try Outcome.messages(text) }
    }

    /// The last line of JSON on standard output.
    func last() throws -> JSONValue { try #require(try messages.last) }

    /// Standard error as lines of JSON.
    var errorMessages: [JSONValue] {
        get throws { try Outcome.messages(errors) }
    }

    private static func messages(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8).span) }
    }
}

/// A scratch directory in which the built program is run, as a person would.
///
/// Archives in it are unlocked by a key file, which costs no key derivation.
struct Workshop {
    let directory: FilePath
    var environment: [String: String]

    /// Calls `body` in a new directory with a key file, and removes it.
    static func with<Result>(_ body: (Workshop) throws -> Result) throws -> Result {
        try TemporaryDirectory.with { directory in
            var path = ["PATH": "/usr/bin:/bin", "TZ": "UTC"]
            path["STRONGROOM_KEY_FILE"] = directory.appending("key").string
            let workshop = Workshop(directory: directory, environment: path)
            workshop.write("key", Array("0123456789abcdef0123456789abcdef".utf8))
            return try body(workshop)
        }
    }

    /// The same with an archive `A`.
    static func withArchive<Result>(_ body: (Workshop) throws -> Result) throws -> Result {
        try with { workshop in
            let outcome = try workshop.run("init", "-r", "A", "--quiet")
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try body(workshop)
        }
    }

    /// The program beside this test, or where a debug build puts it.
    static var program: String {
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "strongroom").path
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        return repository.appending(path: ".build/debug/strongroom").path
    }

    static var repository: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    func path(_ name: String) -> String { directory.appending(name).string }

    func write(_ name: String, _ bytes: [UInt8]) {
        let url = URL(filePath: path(name))
        try? FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        _ = FileManager.default.createFile(atPath: url.path, contents: Data(bytes))
    }

    func write(_ name: String, _ text: String) { write(name, Array(text.utf8)) }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path(name))))
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The names in a directory.
    func names(in name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
    }

    /// Runs the program to its end with `input` on standard input.
    func run(_ arguments: String..., input: [UInt8] = []) throws -> Outcome {
        try execute(Self.program, arguments, input: input)
    }

    /// Runs any program to its end.
    ///
    /// Its streams are files, so that no amount of output makes anybody wait.
    func execute(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> Outcome {
        let number = String(UInt64.random(in: 0 ... .max), radix: 16)
        write(".in-\(number)", input)
        write(".out-\(number)", [])
        write(".err-\(number)", [])
        let process = process(program, arguments)
        process.standardInput = try FileHandle(
            forReadingFrom: URL(filePath: path(".in-\(number)"))
        )
        process.standardOutput = FileHandle(forWritingAtPath: path(".out-\(number)"))
        process.standardError = FileHandle(forWritingAtPath: path(".err-\(number)"))
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: try read(".out-\(number)"),
            errors: String(decoding: try read(".err-\(number)"), as: UTF8.self)
        )
    }

    /// Starts the program and hands over a pipe to its standard input.
    ///
    /// Standard output and error go to the files `out` and `err`.
    func start(_ arguments: String...) throws -> (process: Process, input: FileHandle) {
        let process = process(Self.program, arguments)
        let pipe = Pipe()
        write("out", [])
        write("err", [])
        process.standardInput = pipe
        process.standardOutput = FileHandle(forWritingAtPath: path("out"))
        process.standardError = FileHandle(forWritingAtPath: path("err"))
        try process.run()
        return (process, pipe.fileHandleForWriting)
    }

    private func process(_ program: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(filePath: directory.string)
        return process
    }
}

extension Workshop {
    /// The same with other variables; nil takes one away.
    func setting(_ changes: [String: String?]) -> Workshop {
        var copy = self
        for (name, value) in changes { copy.environment[name] = value }
        return copy
    }
}

/// Bytes that do not compress, always the same; a longer array begins with the shorter ones.
func noise(_ count: Int) -> [UInt8] {
    Array((count <= Noise.few.count ? Noise.few : Noise.many).prefix(count))
}

/// Drawn once: in a debug build each million takes a tenth of a second.
private enum Noise {
    static let few = drawn(64 << 10)
    static let many = drawn(20_000_000)

    private static func drawn(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        return generator.bytes(count)
    }
}
