import ArchiveBytes
import ArchiveSealing
import Foundation
import Testing

/// One published test case, in hexadecimal and integers.
struct VectorCase {
    let group: JSONValue
    let test: JSONValue

    var id: Int64 { test["tcId"]?.asInteger ?? -1 }
    var isValid: Bool { test["result"]?.asText == "valid" }

    func bytes(_ key: String) throws -> [UInt8] {
        let digits = try #require(test[key]?.asText)
        return try #require(Hex.decode(digits))
    }
}

/// A file of published test cases beside the tests.
struct VectorFile {
    let cases: [VectorCase]

    /// Reads the file and makes sure that it still holds as many cases as it announces.
    init(_ name: String) throws {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let text = try [UInt8](Data(contentsOf: directory.appending(path: "Vectors/\(name)")))
        let file = try JSONValue(parsing: text.span)
        var cases: [VectorCase] = []
        for group in try #require(file["testGroups"]?.asArray) {
            for test in try #require(group["tests"]?.asArray) {
                cases.append(VectorCase(group: group, test: test))
            }
        }
        #expect(Int64(cases.count) == file["numberOfTests"]?.asInteger)
        self.cases = cases
    }
}

/// The bytes that hexadecimal digits spell, spaces left out.
func hex(_ digits: String) throws -> [UInt8] {
    try #require(Hex.decode(digits.filter { !$0.isWhitespace }))
}

/// The bytes of a secret, for comparison with a published value.
func revealed(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withSpan { [UInt8](copying: $0) }
}

/// A key of `bytes`.
func key(_ bytes: [UInt8]) throws -> SecretKey { try SecretKey(copying: bytes.span) }
