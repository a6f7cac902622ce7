import ArchiveBytes
import ArchiveCodecs
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import StrongroomRecovery
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// What is damaged byte for byte elsewhere holds all that the specification tells of: a structure that
/// comes to the specification, or to the program, and is not in there fails here.
@Suite struct `Every structure of the format` {
    /// The article, as far as it names structures.
    private struct Article {
        let text: String

        init() throws {
            let path = FilePath(#filePath).removingLastComponent().removingLastComponent()
                .removingLastComponent()
                .appending("Sources/ArchiveFormat/ArchiveFormat.docc/Format.md")
            let bytes = try PosixFileSystem().readAll(path, limit: 1 << 20)
            text = try #require(String(validating: bytes, as: UTF8.self))
        }

        private var lines: [Substring] { text.split(separator: "\n") }

        /// What lies in an archive's directory, with numbers and digits left out.
        var files: Set<String> {
            let block = lines.drop { !$0.hasPrefix("    ARCHIVE/") }.dropFirst()
                .prefix { $0.hasPrefix("      ") }
            let names = block.compactMap { $0.split(separator: " ").first.map(String.init) }
            return Set(names.map(Self.general))
        }

        /// Places in a vault or archive, and names of the program's own records, in backticks.
        var prefixes: Set<String> {
            let words = text.split(separator: "`", omittingEmptySubsequences: false)
            let names = words.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
            return Set(
                names.filter { name in
                    name.contains("/") && !name.contains(" ") && !name.contains("strongroom/")
                        && name.allSatisfy { $0.isLetter || "/.-".contains($0) }
                        && !name.contains("Tests/") && !name.contains("Sources/")
                        && !name.hasPrefix("tools/") && !name.hasPrefix("application/")
                }.map(Self.general)
            )
        }

        /// Tags of a record's fields.
        var fields: Set<Int> {
            let section = lines.drop { $0 != "### Record entry" }.dropFirst()
                .prefix { !$0.hasPrefix("###") }
            return Set(
                section.filter { $0.hasPrefix("| ") }.compactMap { line in
                    line.split(separator: "|").first.flatMap { Int($0.filter { $0 != " " }) }
                }
            )
        }

        /// A directory for what is in it.
        static func general(_ name: String) -> String {
            guard let slash = name.lastIndex(of: "/") else { return name }
            let rest = name[name.index(after: slash)...]
            let end = rest.lastIndex(of: ".").map { rest[$0...] } ?? ""
            return String(name[...slash]) + (rest.hasPrefix("records.") ? rest : end)
        }
    }

    private let whole: WholeFormat
    private let article: Article

    init() throws {
        whole = try WholeFormat.make()
        article = try Article()
    }

    /// The names of all files of the archive, in the article's form.
    private func names(_ files: SimulatedFileSystem) -> Set<String> {
        let root = TestArchive.path.string + "/"
        return Set(
            files.filePaths.map { Article.general(String($0.string.dropFirst(root.count))) }
        )
    }

    @Test func `that lies in an archive's directory is there`() throws {
        #expect(article.files.count > 6)
        let found = names(whole.archive.files)
        for name in article.files {
            #expect(found.contains { $0.hasPrefix(name) }, "the archive has no \(name)")
        }
    }

    @Test func `that has a place of its own is in the archive, the vault or the thin archive`()
        async throws
    {
        let vault = try await whole.vault()
        let thin = try await whole.thinned(to: vault)
        let objects = Set(try await vault.names.map(Article.general))
        let places = names(thin.archive.files).union(names(whole.archive.files)).union(objects)
        let records = Set(whole.contents.keys)
        #expect(article.prefixes.count > 8)
        for name in article.prefixes {
            #expect(
                places.contains { $0.hasPrefix(name) }
                    || records.contains { $0.hasPrefix("system/" + name) },
                "nothing is at \(name)"
            )
        }
        for name in ["thin.json", "segments/.stub"] {
            #expect(places.contains(name), "the thin archive has no \(name)")
        }
    }

    @Test func `that is a kind of frame, a codec or a dictionary is in a segment`() throws {
        var kinds: Set<FrameHeader.Kind> = []
        var codecs: Set<UInt8> = []
        var dictionaries: Set<UInt16> = []
        for path in whole.segments {
            for header in try whole.frames(of: path).map(\.header) {
                kinds.insert(header.kind)
                codecs.insert(header.codec)
                if header.kind == .records { dictionaries.insert(header.dictionary) }
            }
        }
        #expect(kinds == Set(FrameHeader.Kind.allCases))
        #expect(codecs == Set(Codec.allCases.map(\.rawValue)))
        #expect(dictionaries == [0, 1, 300])
    }

    @Test func `that is a field of a record is in one`() throws {
        let engine = try Engine.openForReading(try WholeFormat.address(whole.archive.files))
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var tags: Set<Int> = []
        var bodies: Set<String> = []
        try view.forEachInOrder { record in
            let entry = record.entry
            do {
                tags.formUnion(try Self.tags(of: entry))
            } catch {
                Issue.record("\(record.name): \(error)")
            }
            switch entry.body {
            case .inline: bodies.insert("inline")
            case .chunks: bodies.insert("chunks")
            case .chunkLists: bodies.insert("lists")
            }
            return true
        }
        #expect(tags == article.fields && tags.count > 12)
        #expect(bodies == ["inline", "chunks", "lists"])
    }

    /// The tags of a pack of two records like this one, between which there is another.
    private static func tags(of entry: RecordEntry) throws -> Set<Int> {
        let body = [UInt8](repeating: 0, count: entry.inlineByteCount)
        var later = entry
        later.sequence += 2
        let bytes = Pack.encode([(entry, body), (later, body)])
        // The fields that both have stand behind the count, the digests and the first sequence.
        var cursor = ByteCursor(at: 1 + 2 * Digest.byteCount)
        _ = try cursor.varint(bytes.span)
        let length = try cursor.count(bytes.span, limit: bytes.count)
        let common = try cursor.range(bytes.span, count: length)
        return try ([common] + Pack(decoding: bytes).slots.map(\.entry)).reduce(into: []) {
            tags,
            fields in
            var cursor = ByteCursor(at: fields.lowerBound)
            while cursor.offset < fields.upperBound {
                tags.insert(try cursor.count(bytes.span, limit: 1_000))
                _ = try cursor.range(
                    bytes.span,
                    count: try cursor.count(bytes.span, limit: bytes.count)
                )
            }
        }
    }

    @Test func `that the index and the head have is there`() throws {
        let files = whole.archive.files
        let index = try #require(
            files.bytes(of: TestArchive.path.appending("index/records.btree"))
        )
        var levels: Set<UInt8> = []
        for offset in stride(from: 8_192, to: index.count, by: 512)
        where index[offset] == UInt8(ascii: "S") { levels.insert(index[offset + 4]) }
        #expect(levels.isSuperset(of: [0, 1]))
        let head = try #require(files.bytes(of: TestArchive.path.appending("head")))
        for start in [0, 512] { #expect(head[start] == UInt8(ascii: "S"), "slot at \(start)") }
        for start in [0, 4_096] { #expect(index[start] == UInt8(ascii: "S"), "slot at \(start)") }
    }

    @Test func `holds what was put into it`() async throws {
        let engine = try Engine.openForReading(try WholeFormat.address(whole.archive.files))
        #expect(try WholeFormat.contents(of: engine) == whole.contents)
        #expect(try engine.verify().findings == [])
        let vault = try await whole.vault()
        let host = SimulatedFileSystem()
        #expect(try await recovery(from: vault, on: host).run(to: "/b").isComplete)
        let recovered = try Engine.openForReading(try TestArchive.address(host, "/b"))
        #expect(try WholeFormat.contents(of: recovered) == whole.contents)
    }
}

extension WholeFormat {
    var segments: [FilePath] {
        archive.files.filePaths.filter { $0.string.contains("/segments/") }
    }

    /// The frames of a segment, each with its place.
    func frames(of path: FilePath) throws -> [SegmentFrame] {
        try SegmentFrame.all(in: archive.files.bytes(of: path) ?? [])
    }
}
