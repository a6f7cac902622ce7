import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// The golden archive of version 1, and what it holds by `expected.jsonl`.
struct GoldenArchive {
    static let directory = FilePath(#filePath).removingLastComponent().appending("Golden/v1")

    /// A JSON object for each record version, in order.
    let expected: [JSONObject]

    init() throws {
        let text = try PosixFileSystem().readAll(
            Self.directory.appending("expected.jsonl"),
            limit: 1 << 20
        )
        expected = try Self.objects(text)
    }

    /// The JSON objects of a text, one on each line.
    static func objects(_ text: [UInt8]) throws -> [JSONObject] {
        try text.split(separator: UInt8(ascii: "\n")).map { line in
            let bytes = Array(line)
            return try #require(JSONValue(parsing: bytes.span).asObject)
        }
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try PosixFileSystem().readAll(Self.directory.appending(name), limit: 1 << 20)
    }

    func key() throws -> ArchiveKey { try .keyFile(bytes("key-file")) }

    /// Lends a copy of the archive: opening for writing must not change the golden one.
    func withCopy<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        try await TemporaryDirectory.withAsync { path in
            try Self.copy(Self.directory.appending("archive"), to: path.appending("archive"))
            return try await body(path.appending("archive").string)
        }
    }

    private static func copy(_ source: FilePath, to target: FilePath) throws {
        let files = PosixFileSystem()
        guard try files.status(of: source)?.kind == .directory else {
            let bytes = try files.readAll(source, limit: 1 << 20)
            return try files.open(target, .createNew).write(bytes, at: 0)
        }
        try files.makeDirectory(target)
        for name in try files.names(in: source) {
            try copy(source.appending(name), to: target.appending(name))
        }
    }

    /// The headers of all frames of all segments, in order.
    func frames() throws -> [FrameHeader] {
        let files = PosixFileSystem()
        let segments = Self.directory.appending("archive/segments")
        var headers: [FrameHeader] = []
        for name in try files.names(in: segments) {
            let bytes = try files.readAll(segments.appending(name), limit: 1 << 20)
            let segment = try SegmentHeader(decoding: bytes.span)
            var offset = SegmentHeader.byteCount
            while offset < bytes.count, headers.last?.kind != .seal || offset == 4_096 {
                let header = try FrameHeader(
                    decoding: bytes.span,
                    at: offset,
                    archiveID: segment.archiveID,
                    hasher: SHA256()
                )
                headers.append(header)
                offset += header.frameByteCount
            }
        }
        return headers
    }
}

extension GoldenArchive {
    /// The newest version of each name among `lines`.
    func newest(_ lines: [JSONObject]) -> [JSONObject] {
        var newest: [String: JSONObject] = [:]
        for line in lines { newest["\(line.collection)\u{0}\(line.name)"] = line }
        return newest.values.sorted { $0.sequence < $1.sequence }
    }

    /// Expects that `archive` holds every version that it should, and each byte of it.
    func expect(_ archive: Archive) async throws {
        let names = Set(expected.map { [$0.collection, $0.name] })
        let found = try await archive.read { view throws(ArchiveError) in
            var found: [JSONObject] = []
            for name in names {
                for record in try view.versions(of: name[1], in: name[0]) {
                    let body = try view.body(of: record)
                    found.append(Self.line(record, body))
                }
            }
            return found
        }
        #expect(found.sorted { $0.sequence < $1.sequence } == expected)
        for line in newest(expected) {
            let record = try await archive.get(line.name, in: line.collection)?.record
            #expect(record?.sequence == (line.isDeleted ? nil : line.sequence), "\(line.name)")
        }
        try await expectToFind(archive)
    }

    /// Expects that all current records of a subject are found by it, and by a term of theirs.
    private func expectToFind(_ archive: Archive) async throws {
        let current = newest(expected).filter { $0.subject == "Patient/2" && !$0.isDeleted }
        #expect(current.count > 10)
        let found = try await archive.read { view throws(ArchiveError) in
            var query = RecordQuery()
            query.collection = nil
            query.subject = "Patient/2"
            var found: Set<UInt64> = []
            try view.forEach(query) { found.insert($0.sequence).inserted }
            return found
        }
        #expect(found == Set(current.map(\.sequence)))
    }

    /// What `expected.jsonl` says of a record.
    static func line(_ record: Record, _ body: [UInt8]) -> JSONObject {
        var line: JSONObject = [
            "sequence": .integer(Int64(record.sequence)),
            "collection": .text(record.collection),
            "name": .text(record.name),
            "size": .integer(Int64(body.count)),
            "sha256": .text(SHA256.hash(body.span).hex),
            "recorded": .text(Timestamp(microseconds: record.recorded).description),
            "terms": .array(record.terms.map(JSONValue.text)),
        ]
        if let subject = record.subject { line["subject"] = .text(subject) }
        if let mediaType = record.mediaType { line["media_type"] = .text(mediaType) }
        if let start = record.eventStart {
            line["event_start"] = .text(Timestamp(microseconds: start).description)
            let end = record.eventEnd ?? start
            line["event_end"] = .text(Timestamp(microseconds: end).description)
        }
        if record.isDeleted { line["deleted"] = true }
        if !record.attributes.isEmpty {
            line["attributes"] = .array(
                record.attributes.map { .array([.text($0.key), .text($0.value)]) }
            )
        }
        if let source = record.source {
            line["source"] = [
                "path": .text(String(decoding: source.path, as: UTF8.self)),
                "line": .integer(Int64(source.line)),
            ]
        }
        return line
    }
}

/// The fields of a line of `expected.jsonl`.
extension JSONObject {
    var sequence: UInt64 { UInt64(self["sequence"]?.asInteger ?? 0) }
    var collection: String { self["collection"]?.asText ?? "" }
    var name: String { self["name"]?.asText ?? "" }
    var subject: String? { self["subject"]?.asText }
    var isDeleted: Bool { self["deleted"]?.asBool == true }

    var withoutTime: JSONObject {
        var rest = self
        rest["recorded"] = nil
        return rest
    }
}
