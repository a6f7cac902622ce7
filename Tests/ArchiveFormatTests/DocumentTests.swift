import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

/// Signs as an archive does, with a seed that is always the same.
struct Signer {
    let keys: Ed25519.KeyPair

    init(_ fill: UInt8 = 3) throws {
        let seed = [UInt8](repeating: fill, count: 32)
        keys = try Ed25519.KeyPair(seed: SecretKey(copying: seed.span))
    }

    var publicKey: [UInt8] { keys.publicKey }

    func sign(_ message: [UInt8]) throws -> [UInt8] { try keys.sign(message.span) }

    func file(_ document: JSONObject, purpose: String) throws -> [UInt8] {
        let signed = try SignedDocument.signedBytes(document, purpose: purpose)
        return try SignedDocument.encode(document, signature: sign(signed))
    }

    func archive() throws -> ArchiveDocument {
        ArchiveDocument(
            archiveID: try Sample.archiveID(),
            created: Sample.time(0),
            publicKey: publicKey,
            packByteCount: 8_192,
            segmentByteCount: 64 << 20,
            pageByteCount: 16_384
        )
    }

    func snapshot() throws -> SnapshotManifest {
        let note = CheckpointNote(
            archiveID: try Sample.archiveID(),
            treeSize: 9,
            treeRoot: Sample.digest(1)
        )
        return SnapshotManifest(
            archiveID: try Sample.archiveID(),
            id: "00112233aabbccdd",
            parent: nil,
            time: Sample.time(2),
            lastSequence: 40,
            treeSize: 9,
            treeRoot: Sample.digest(1),
            segments: [segment(1), segment(3)],
            recordCount: 41,
            recordByteCount: 4_100,
            sealedLabel: [1, 2, 3],
            publicKey: publicKey,
            tool: "strongroom test",
            checkpoint: note.signed(try sign(Array(note.text.utf8)), publicKey: publicKey)
        )
    }

    func segment(_ number: UInt64) -> SnapshotManifest.Segment {
        .init(
            number: SegmentNumber(number),
            byteCount: 5_000,
            root: Sample.digest(2),
            seal: Sample.digest(3),
            sha256: Sample.digest(4)
        )
    }
}

@Suite struct `A signed document` {
    private let signer: Signer

    init() throws { signer = try Signer() }

    private func decode(_ bytes: [UInt8]) throws -> JSONObject {
        try SignedDocument.decode(bytes.span, purpose: "test", publicKey: signer.publicKey)
    }

    @Test func `comes back as it was, with members that only a newer program knows`() throws {
        let document: JSONObject = ["format_version": 1, "strange": ["b": 1, "a": "\u{fc}\n"]]
        let bytes = try signer.file(document, purpose: "test")
        #expect(bytes.last == UInt8(ascii: "\n"))
        let found = try decode(bytes)
        #expect(found["strange"]?["a"] == "\u{fc}\n")
        #expect(found["signature"] == nil)
    }

    @Test func `is refused when it is cut or any bit of it is flipped`() throws {
        let bytes = try signer.file(["format_version": 1, "a": ["x", .null]], purpose: "test")
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [UInt8(ascii: "\n")]) } == .damaged)
        expectRefusal(ofEveryFlipIn: bytes) { _ = try decode($0) }
    }

    @Test(arguments: [
        "[1]\n", "{}\n", "{\"format_version\":1}\n", "{\"signature\":\"zz\"}\n", "no",
    ])
    func `is refused when it is something else`(_ text: String) {
        #expect(code { _ = try decode(Array(text.utf8)) } == .damaged)
    }

    @Test func `is refused in another spelling of the same content`() throws {
        let bytes = try signer.file(["format_version": 1], purpose: "test")
        let text = String(decoding: bytes, as: UTF8.self)
        let spaced = text.replacing("{", with: "{ ", maxReplacements: 1)
        #expect(code { _ = try decode(Array(spaced.utf8)) } == .damaged)
    }

    @Test func `is refused for another purpose and under another key`() throws {
        let other = try signer.file(["format_version": 1], purpose: "other")
        #expect(code { _ = try decode(other) } == .damaged)
        let theirs = try Signer(4).file(["format_version": 1], purpose: "test")
        #expect(code { _ = try decode(theirs) } == .damaged)
    }

    @Test func `of a newer format is told from damage, once its signature is right`() throws {
        let newer = try signer.file(["format_version": 2], purpose: "test")
        #expect(code { _ = try decode(newer) } == .unsupported)
        #expect(code { _ = try decode(newer.dropLast(3) + [1, 2, 3]) } == .damaged)
    }

    @Test func `has only numbers that every JSON reader keeps`() {
        #expect(
            code {
                _ = try signer.file(["format_version": .integer(1 << 53)], purpose: "test")
            } == .damaged
        )
    }
}

@Suite struct `The document of an archive` {
    private let signer: Signer

    init() throws { signer = try Signer() }

    private func file(_ document: JSONObject) throws -> [UInt8] {
        try signer.file(document, purpose: ArchiveDocument.purpose)
    }

    @Test func `comes back as it was, under its own key and under one that is known`() throws {
        let archive = try signer.archive()
        let bytes = try file(archive.document)
        #expect(try ArchiveDocument(decoding: bytes.span) == archive)
        #expect(try ArchiveDocument(decoding: bytes.span, publicKey: signer.publicKey) == archive)
        let theirs = try Signer(4).publicKey
        #expect(
            code { _ = try ArchiveDocument(decoding: bytes.span, publicKey: theirs) } == .damaged
        )
    }

    @Test(arguments: ["archive_id", "created", "format", "parameters", "public_key"])
    func `without one of its members is refused`(_ name: String) throws {
        var document = try signer.archive().document
        document[name] = nil
        #expect(
            code {
                let bytes = try file(document)
                _ = try ArchiveDocument(decoding: bytes.span, publicKey: signer.publicKey)
            } == .damaged
        )
    }

    @Test(arguments: [
        ("index_page_bytes", 511), ("index_page_bytes", 65_537), ("pack_bytes", 0),
        ("pack_bytes", (1 << 20) + 1), ("segment_bytes", 65_535), ("segment_bytes", (1 << 30) + 1),
    ])
    func `with a parameter out of its bounds is refused`(_ name: String, _ value: Int64) throws {
        var document = try signer.archive().document
        var parameters = try #require(document["parameters"]?.asObject)
        parameters[name] = .integer(value)
        document["parameters"] = .object(parameters)
        #expect(
            code {
                let bytes = try file(document)
                _ = try ArchiveDocument(decoding: bytes.span)
            } == .damaged
        )
    }
}

@Suite struct `The manifest of a snapshot` {
    private let signer: Signer

    init() throws { signer = try Signer() }

    private func decode(_ document: JSONObject) throws -> SnapshotManifest {
        let bytes = try signer.file(document, purpose: SnapshotManifest.purpose)
        return try SnapshotManifest(decoding: bytes.span, publicKey: signer.publicKey)
    }

    @Test func `comes back as it was, with a parent and without`() throws {
        var manifest = try signer.snapshot()
        #expect(try decode(manifest.document) == manifest)
        #expect(manifest.segmentByteCount == 10_000)
        manifest.parent = "ffeeddccbbaa0099"
        manifest.segments = []
        #expect(try decode(manifest.document) == manifest)
    }

    @Test(arguments: [
        "archive_id", "checkpoint", "format", "id", "last_sequence", "public_key", "record_bytes",
        "records", "sealed_label", "segments", "time", "tool", "tree_root", "tree_size",
    ])
    func `without one of its members is refused`(_ name: String) throws {
        var document = try signer.snapshot().document
        document[name] = nil
        #expect(code { _ = try decode(document) } == .damaged)
    }

    @Test(arguments: [
        ("id", "short"), ("id", "00112233AABBCCDD"), ("tree_root", "00"), ("archive_id", "00"),
        ("public_key", "00"), ("time", "yesterday"), ("records", "41"), ("format", "other"),
    ])
    func `with a member of a wrong form is refused`(_ name: String, _ value: String) throws {
        var document = try signer.snapshot().document
        document[name] = .text(value)
        #expect(code { _ = try decode(document) } == .damaged)
    }

    @Test func `with segments out of order, twice or malformed is refused`() throws {
        var manifest = try signer.snapshot()
        for numbers: [UInt64] in [[3, 1], [1, 1], [0]] {
            manifest.segments = numbers.map(signer.segment)
            #expect(code { _ = try decode(manifest.document) } == .damaged)
        }
        for name in ["bytes", "number", "root", "seal", "sha256"] {
            var document = try signer.snapshot().document
            var segment = try #require(document["segments"]?.asArray?.first?.asObject)
            segment[name] = nil
            document["segments"] = [.object(segment)]
            #expect(code { _ = try decode(document) } == .damaged, "\(name)")
        }
    }
}

@Suite struct `A checkpoint note` {
    private let signer: Signer
    private let note: CheckpointNote
    private let signed: String

    init() throws {
        signer = try Signer()
        note = CheckpointNote(
            archiveID: try Sample.archiveID(),
            treeSize: 12,
            treeRoot: Sample.digest(0xf0)
        )
        signed = note.signed(try signer.sign(Array(note.text.utf8)), publicKey: signer.publicKey)
    }

    private func verified(_ text: String) throws -> CheckpointNote? {
        try CheckpointNote(
            verifying: text,
            archiveID: Sample.archiveID(),
            publicKey: signer.publicKey
        )
    }

    @Test func `is what witnesses expect`() {
        let lines = signed.split(separator: "\n", omittingEmptySubsequences: false)
        let origin = "strongroom/404142434445464748494a4b4c4d4e4f"
        #expect(lines.count == 6)
        #expect(lines[0] == origin && lines[1] == "12" && lines[3].isEmpty && lines[5].isEmpty)
        #expect(lines[4].hasPrefix("\u{2014} \(origin) "))
    }

    @Test func `verifies under its key, and under no other or for no other archive`() throws {
        #expect(try verified(signed) == note)
        let theirs = try Signer(4).publicKey
        #expect(
            CheckpointNote(
                verifying: signed,
                archiveID: try Sample.archiveID(),
                publicKey: theirs
            ) == nil
        )
        #expect(
            CheckpointNote(
                verifying: signed,
                archiveID: try Sample.archiveID(1),
                publicKey: signer.publicKey
            ) == nil
        )
    }

    @Test func `with any byte changed, missing or added does not`() throws {
        let bytes = Array(signed.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            if let text = String(validating: changed, as: UTF8.self) {
                #expect(try verified(text) == nil, "byte \(index)")
            }
            changed.remove(at: index)
            if let text = String(validating: changed, as: UTF8.self) {
                #expect(try verified(text) == nil, "without byte \(index)")
            }
        }
        #expect(try verified(signed + "\n") == nil)
        #expect(try verified(signed + "\u{2014} other AAAA\n") == nil)
        #expect(try verified("") == nil)
    }

    @Test func `with another number of the same value does not`() throws {
        #expect(try verified(signed.replacing("\n12\n", with: "\n+12\n")) == nil)
        #expect(try verified(signed.replacing("\n12\n", with: "\n012\n")) == nil)
    }
}
