import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

/// The first batch of the golden archive taken apart, as the specification shows it.
///
/// Derived here step by step from the files, with nothing of the rooms that do it in the engine, so
/// that the specification's labels and places are tested and not just repeated.
struct WorkedExample {
    /// The lines of the article.
    private(set) var lines: [String] = []
    private let files: Files

    /// What the example is made of.
    struct Files {
        let keyring: JSONValue
        let segment: [UInt8]
        let keyFile: [UInt8]
    }

    /// The keys that open the frame.
    private struct Keys {
        let log: [UInt8]
        let tag: [UInt8]
        let mask: [UInt8]
        let epoch: [UInt8]
        let node: [UInt8]
    }

    init(_ files: Files) throws {
        self.files = files
        let archive = try field("archive_id")
        show("archive id", archive)
        let keys = try openKeyring(try openSlot(archive))
        let header = try showFrame(archive)
        let key = try showDomain(header, keys)
        let plain = try open(header, key, archive)
        try showPack(plain)
        try showCommit(keys, archive)
    }

    // MARK: Keys

    private mutating func openSlot(_ archive: [UInt8]) throws -> [UInt8] {
        let slots = try #require(files.keyring["slots"]?.asArray)
        let slot = try #require(slots.first { $0["kind"]?.asText == "key-file" })
        let salt = try bytes(slot["parameters"]?["salt"])
        text("key file", "\"" + String(decoding: files.keyFile.dropLast(), as: UTF8.self) + "\\n\"")
        show("salt of the slot", salt)
        let secret = try derive(files.keyFile, "strongroom/v1/slot/key-file", salt: salt)
        show("S", secret)
        let commitment = try derive(secret, "strongroom/v1/slot/commitment")
        show("commitment", commitment)
        #expect(try commitment == bytes(slot["commitment"]))
        let wrap = try derive(secret, "strongroom/v1/slot/wrap")
        show("wrapping key", wrap)
        var open = try #require(slot.asObject)
        let sealed = try bytes(open["sealed_kek"])
        open["sealed_kek"] = nil
        var associated = Array("strongroom/v1/slot\u{0}".utf8) + archive
        associated.append(u64: UInt64(try #require(files.keyring["generation"]?.asInteger)))
        associated += try JSONValue.object(open).canonicalBytes()
        let kek = try unseal(sealed, wrap, associated)
        show("KEK", kek)
        return kek
    }

    private mutating func openKeyring(_ kek: [UInt8]) throws -> Keys {
        var open = try #require(files.keyring.asObject)
        let sealed = try bytes(open["keyring"])
        open["keyring"] = nil
        open["digest"] = nil
        let associated =
            Array("strongroom/v1/keyring\u{0}".utf8) + (try JSONValue.object(open).canonicalBytes())
        let plain = try unseal(sealed, kek, associated)
        // One epoch and one node are in the keyring of an archive where nothing was erased.
        try #require(plain.count == 96 + 1 + 36 + 1 + 45)
        let root = Array(plain[..<32])
        let keys = Keys(
            log: try derive(root, "strongroom/v1/log"),
            tag: try derive(root, "strongroom/v1/tag"),
            mask: try derive(root, "strongroom/v1/mask"),
            epoch: Array(plain[101..<133]),
            node: Array(plain[147...])
        )
        show("R", root)
        show("E of epoch 1", keys.epoch)
        show("root of the erasure tree", keys.node)
        show("log key", keys.log)
        show("tag key", keys.tag)
        show("mask key", keys.mask)
        return keys
    }

    // MARK: The frame

    private mutating func showFrame(_ archive: [UInt8]) throws -> [UInt8] {
        let header = Array(files.segment[4_096..<4_160])
        lines.append("")
        dump(4_096..<(4_096 + frameByteCount(header)))
        lines.append("")
        text("kind, codec, dictionary", "\(header[4]), \(header[5]), \(header.span.u16(at: 6))")
        text("body length", "\(header.span.u32(at: 8))")
        show("masked tag", Array(header[12..<24]))
        show("nonce", Array(header[24..<48]))
        text("first sequence", "\(header.span.u64(at: 48))")
        text("epoch", "\(header.span.u32(at: 56))")
        show("check", Array(header[60...]))
        let authenticated = archive + header[..<60]
        #expect(Array(SHA256.hash(authenticated.span).bytes[..<4]) == Array(header[60...]))
        return header
    }

    private mutating func showDomain(_ header: [UInt8], _ keys: Keys) throws -> [UInt8] {
        let block = (header.span.u64(at: 32), header.span.u64(at: 40))
        let words = try AES256Block(key: key(keys.mask)).encrypt(block)
        var mask: [UInt8] = []
        mask.append(u64: words.0)
        mask.append(u64: words.1)
        show("AES(mask key, nonce[8..<24])", mask)
        let tag = zip(header[12..<24], mask).map { $0 ^ $1 }
        show("tag", tag)
        let subject = Array("\u{1}Patient/1".utf8)
        #expect(tag == Array(authenticate(keys.tag, subject)[..<12]))
        let digits = tag.flatMap { byte in [6, 4, 2, 0].map { byte >> $0 & 3 } }
        text("digits", digits.map(String.init).joined())
        let leaf = digits.reduce(keys.node) { authenticate($0, [$1]) }
        show("leaf", leaf)
        let domain = try derive(leaf, "strongroom/v1/subject", salt: keys.epoch)
        show("domain key", domain)
        return domain
    }

    private mutating func open(
        _ header: [UInt8],
        _ domain: [UInt8],
        _ archive: [UInt8]
    ) throws -> [UInt8] {
        let end = 4_160 + Int(header.span.u32(at: 8)) + 16
        let sealed = Array(header[24..<48]) + files.segment[4_160..<end]
        let content = try unseal(sealed, domain, archive + header[..<60])
        #expect(content.span.u32(at: 0) == UInt32(content.count - 4))
        lines.append("")
        show("opened body", content)
        return Array(content[4...])
    }

    private mutating func showPack(_ plain: [UInt8]) throws {
        var cursor = ByteCursor()
        text("records in the pack", "\(try cursor.varint(plain.span))")
        show("digest of the body", Array(plain[try cursor.range(plain.span, count: 32)]))
        text("first sequence", "\(try cursor.varint(plain.span))")
        let common = Int(try cursor.varint(plain.span))
        text("length of what is common", "\(common)")
        try showFields(plain, &cursor, count: common)
        let count = Int(try cursor.varint(plain.span))
        text("length of the record's own", "\(count)")
        text("length of its body", "\(try cursor.varint(plain.span))")
        try showFields(plain, &cursor, count: count)
        let body = plain[cursor.offset...]
        #expect(SHA256.hash(Array(body).span).bytes == Array(plain[1..<33]))
        text("body", "\"" + String(decoding: body.dropLast(), as: UTF8.self) + "\\n\"")
    }

    private mutating func showFields(
        _ plain: [UInt8],
        _ cursor: inout ByteCursor,
        count: Int
    ) throws {
        let end = cursor.offset + count
        while cursor.offset < end {
            let tag = try cursor.varint(plain.span)
            let length = Int(try cursor.varint(plain.span))
            let value = Array(plain[try cursor.range(plain.span, count: length)])
            let isText = (2...5).contains(tag)
            let shown = isText ? "\"" + String(decoding: value, as: UTF8.self) + "\"" : ""
            text("field \(tag)", isText ? shown : Hex.encode(value))
        }
    }

    // MARK: The commit

    private mutating func showCommit(_ keys: Keys, _ archive: [UInt8]) throws {
        let first = Array(files.segment[4_096..<4_160])
        let start = 4_096 + frameByteCount(first)
        let leaf = MerkleTree.leafHash(of: files.segment.span.extracting(4_096..<start))
        lines.append("")
        show("leaf hash of the frame", leaf.bytes)
        lines.append("")
        dump(start..<(start + 192))
        lines.append("")
        let body = Array(files.segment[(start + 64)..<(start + 176)])
        text("commit number", "\(body.span.u64(at: 0))")
        text("last sequence", "\(body.span.u64(at: 8))")
        text("time", Timestamp(microseconds: Int64(body.span.u64(at: 16))).description)
        text("frames, their bytes", "\(body.span.u32(at: 24)), \(body.span.u64(at: 32))")
        show("Merkle root", Array(body[40..<72]))
        show("previous commit hash", Array(body[72..<104]))
        text("durable", "\(body.span.u64(at: 104))")
        #expect(leaf.bytes == Array(body[40..<72]))
        let message =
            archive + files.segment[start..<(start + 60)]
            + files.segment[(start + 64)..<(start + 176)]
        show("tag", Array(authenticate(keys.log, message)[..<16]))
        #expect(
            Array(authenticate(keys.log, message)[..<16])
                == Array(files.segment[(start + 176)..<(start + 192)])
        )
        let commit = Array(files.segment[start..<(start + 192)])
        show("commit hash", MerkleTree.leafHash(of: commit.span).bytes)
    }
}

extension WorkedExample {
    private mutating func text(_ name: String, _ value: String) {
        lines.append(name + String(repeating: " ", count: max(1, 30 - name.count)) + value)
    }

    private mutating func show(_ name: String, _ bytes: [UInt8]) {
        let digits = Hex.encode(bytes)
        var rest = digits[...]
        text(name, String(rest.prefix(64)))
        rest = rest.dropFirst(64)
        while !rest.isEmpty {
            lines.append(String(repeating: " ", count: 30) + rest.prefix(64))
            rest = rest.dropFirst(64)
        }
    }

    private mutating func dump(_ range: Range<Int>) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let row = files.segment[start..<min(start + 16, range.upperBound)]
            let place = String(start, radix: 16)
            let offset = String(repeating: "0", count: 8 - place.count) + place
            lines.append(offset + "  " + row.map { Hex.encode([$0]) }.joined(separator: " "))
        }
    }

    private func frameByteCount(_ header: [UInt8]) -> Int {
        (64 + Int(header.span.u32(at: 8)) + 16 + 7) & ~7
    }

    private func field(_ name: String) throws -> [UInt8] { try bytes(files.keyring[name]) }

    private func bytes(_ value: JSONValue?) throws -> [UInt8] {
        let digits = try #require(value?.asText)
        return try #require(Hex.decode(digits))
    }

    private func key(_ bytes: [UInt8]) throws -> SecretKey { try SecretKey(copying: bytes.span) }

    private func derive(
        _ secret: [UInt8],
        _ label: String,
        salt: [UInt8] = []
    ) throws -> [UInt8] {
        let info = Array(label.utf8)
        let derived = try HKDF.derive(secret: secret.span, salt: salt.span, info: info.span)
        return derived.withSpan { [UInt8](copying: $0) }
    }

    private func authenticate(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        HMACSHA256(key: key.span).authenticate(message.span).bytes
    }

    /// Opens nonce ‖ ciphertext ‖ tag.
    private func unseal(
        _ sealed: [UInt8],
        _ secret: [UInt8],
        _ associated: [UInt8]
    ) throws -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: sealed.count - 40)
        var target = plain.mutableSpan
        let nonce = Array(sealed[..<24])
        let rest = Array(sealed[24...])
        try XAES256GCM().open(
            rest.span,
            into: &target,
            key: key(secret),
            nonce: nonce.span,
            associated: associated.span
        )
        return plain
    }
}
