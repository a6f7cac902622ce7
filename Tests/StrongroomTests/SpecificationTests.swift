import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

/// The article that specifies the format.
@Suite struct `The specification` {
    private let article: String

    init() throws {
        let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
            .removingLastComponent()
        let place = root.appending("Sources/ArchiveFormat/ArchiveFormat.docc/Format.md")
        let bytes = try PosixFileSystem().readAll(place, limit: 1 << 20)
        article = try #require(String(validating: bytes, as: UTF8.self))
    }

    @Test func `shows a first batch that is the golden archive's, with the keys that open it`()
        throws
    {
        let golden = try GoldenArchive()
        let keyring = try golden.bytes("archive/keyring.json")
        let example = try WorkedExample(
            WorkedExample.Files(
                keyring: JSONValue(parsing: keyring.span),
                segment: golden.bytes("archive/segments/0000000000000001.seg"),
                keyFile: golden.bytes("key-file")
            )
        )
        let section = try #require(article.split(separator: "\n## A worked example\n").last)
        let shown = section.split(separator: "\n```\n").dropFirst().first
        // If this fails after a new golden archive was made, what stands here belongs into the article.
        #expect(shown.map(String.init) == example.lines.joined(separator: "\n"))
    }
}
