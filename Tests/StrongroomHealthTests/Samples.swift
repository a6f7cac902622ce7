import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// The sample files beside these tests.
enum Samples {
    private static let directory =
        FilePath(#filePath).removingLastComponent().appending("Samples")

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = try PosixFileSystem().open(directory.appending(name), .read)
        var bytes = [UInt8](repeating: 0, count: Int(try file.byteCount()))
        var span = bytes.mutableSpan
        _ = try file.read(at: 0, into: &span)
        return bytes
    }

    static func names(in folder: String) throws -> [String] {
        try PosixFileSystem().names(in: directory.appending(folder)).map {
            folder + "/" + $0.string
        }
    }

    static var allNames: [String] {
        get throws {
            try names(in: "fhir") + names(in: "hl7v2") + names(in: "other")
        }
    }

    /// The rows of a table without its heading, cut into columns.
    static func table(_ name: String) throws -> [[String]] {
        let text = String(decoding: try bytes(name), as: UTF8.self)
        return text.split(separator: "\n").dropFirst().map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}

/// A time range from two moments in RFC 3339.
func times(_ start: String, _ end: String) throws -> Range<Timestamp> {
    guard let start = Timestamp(start), let end = Timestamp(end) else {
        throw DecodingError.malformed
    }
    return start..<end
}
