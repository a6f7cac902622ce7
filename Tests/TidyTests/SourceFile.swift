import ArchiveFileIO
import Support
import SystemPackage

/// A text file of the repository, by its path from the top.
struct SourceFile: Sendable {
    let path: String
    let text: String
    let isExecutable: Bool
    let lines: [Substring]
    /// The code of a Swift file, without comments and strings.
    let code: StrippedCode

    init(path: String, text: String, isExecutable: Bool = false) {
        self.path = path
        self.text = text
        self.isExecutable = isExecutable
        // By bytes: a carriage return and a newline are one character.
        lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        code = StrippedCode(path.hasSuffix(".swift") ? text : "")
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isProduct: Bool { path.hasPrefix("Sources/") }
    var isTest: Bool { path.hasPrefix("Tests/") }

    /// The directory of a target, as in `Sources/ArchiveBytes`.
    var room: String { path.split(separator: "/").dropLast().prefix(2).joined(separator: "/") }

    /// Something that breaks a rule, as the compiler would put it.
    func finding(_ line: Int, _ message: String) -> String { "\(path):\(line): \(message)" }
}

/// The repository that the tests were built from.
enum Repository {
    /// Above `Tests/TidyTests/SourceFile.swift`.
    static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// Endings of files that hold text of ours.
    private static let endings = [
        ".swift", ".c", ".h", ".md", ".py", ".sh", ".json", ".modulemap", "",
    ]
    /// Larger files are data.
    private static let byteLimit = 1 << 20

    /// The names in a directory, sorted.
    static func names(in directory: String) throws -> [String] {
        try PosixFileSystem().names(in: root.appending(directory)).map(\.string).sorted()
    }

    /// Every text file of ours in a directory or at a path, sorted.
    static func files(under top: String) throws -> [SourceFile] {
        var found: [SourceFile] = []
        try collect(root.appending(top), top, into: &found)
        return found
    }

    private static func collect(
        _ path: FilePath,
        _ name: String,
        into found: inout [SourceFile]
    ) throws {
        let files = PosixFileSystem()
        guard let status = try files.status(of: path) else { return }
        switch status.kind {
        case .directory:
            for child in try files.names(in: path) where !isIgnored(child.string) {
                try collect(path.appending(child), name + "/" + child.string, into: &found)
            }
        case .file:
            let ending = path.extension.map { "." + $0 } ?? ""
            guard endings.contains(ending), status.byteCount <= byteLimit else { return }
            let text = String(validating: try files.readAll(path, limit: byteLimit), as: UTF8.self)
            guard let text else { return }
            found.append(
                SourceFile(path: name, text: text, isExecutable: isExecutable(path))
            )
        case .symbolicLink, .other: return
        }
    }

    private static func isIgnored(_ name: String) -> Bool {
        name.hasPrefix(".build") || name == "__pycache__"
    }
}
