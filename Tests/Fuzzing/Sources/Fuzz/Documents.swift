import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Strongroom

@testable import ArchiveKeys

/// Key slots and the keyring: raw, with the digest made anew, and the plaintext of the secrets.
func fuzzKeyring(_ input: inout FuzzInput) throws {
    switch input.byte() % 4 {
    case 0:
        let file = try KeyringFile(decoding: input.rest().span)
        _ = try file.open(Golden.credential)
    case 1:
        let secrets = try KeyringSecrets(decoding: input.rest().span)
        let again = secrets.encoded().withSpan { try? KeyringSecrets(decoding: $0) }
        require(again?.epochs.count == secrets.epochs.count, "secrets are written as they are read")
    default:
        guard case .object(var document) = try JSONValue(parsing: input.rest().span) else { return }
        document["digest"] = nil
        let covered = try JSONValue.object(document).canonicalBytes()
        document["digest"] = .text(SHA256.hash(covered.span).hex)
        let bytes = try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
        let file = try KeyringFile(decoding: bytes.span)
        require(try file.bytes() == bytes, "a keyring is written in one way only")
        _ = try file.open(Golden.credential)
    }
}

/// Signed documents and the head: raw, and with the right signature, MAC and hash.
func fuzzManifest(_ input: inout FuzzInput) throws {
    let keys = Golden.keys
    let kind = input.byte() % 5
    if kind == 4 { return try fuzzHead(&input) }
    let purpose = kind % 2 == 0 ? SnapshotManifest.purpose : ArchiveDocument.purpose
    var bytes = input.rest()
    if kind > 1 {
        guard case .object(var document) = try JSONValue(parsing: bytes.span) else { return }
        document["signature"] = nil
        if document["public_key"] != nil {
            document["public_key"] = .text(Hex.encode(keys.publicKey))
        }
        let signed = try SignedDocument.signedBytes(document, purpose: purpose)
        bytes = try SignedDocument.encode(document, signature: try keys.sign(signed))
    }
    if kind % 2 == 0 {
        let manifest = try SnapshotManifest(decoding: bytes.span, publicKey: keys.publicKey)
        _ = manifest.segmentByteCount
        require(SnapshotManifest.isIdentity(manifest.id), "an id is sixteen digits")
        require(manifest.lastSequence <= UInt64(Int64.max), "numbers fit into the document")
        _ = manifest.document
    } else {
        let document = try ArchiveDocument(decoding: bytes.span)
        require(document.pageByteCount >= 512, "parameters are within their bounds")
        _ = document.document
    }
}

private func fuzzHead(_ input: inout FuzzInput) throws {
    let keys = Golden.keys
    let mac = keys.logKey.withSpan { HMACSHA256(key: $0) }
    var bytes = Array("SRHEAD01".utf8) + keys.archiveID.bytes
    bytes += input.take(448 - bytes.count)
    bytes += [UInt8](repeating: 0, count: 448 - bytes.count)
    bytes.append(digest: mac.authenticate(bytes.span))
    bytes.append(digest: SHA256.hash(bytes.span))
    let slot = try HeadSlot(decoding: bytes.span, archiveID: keys.archiveID, logKey: mac)
    guard let slot else { return }
    let again = slot.encode(archiveID: keys.archiveID, logKey: mac)
    let read = try HeadSlot(decoding: again.span, archiveID: keys.archiveID, logKey: mac)
    require(read == slot, "a slot says the same when it is written again")
}

/// The checkpoint as a signed note: raw, and with the right signature over what the input says.
func fuzzNote(_ input: inout FuzzInput) throws {
    let keys = Golden.keys
    let isSigned = input.byte() % 2 == 0
    var note = String(decoding: input.take(1 << 20), as: UTF8.self)
    if isSigned {
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        var made = CheckpointNote(archiveID: keys.archiveID, treeSize: 5, treeRoot: .zero)
        if let origin = lines.first { made.origin = String(origin) }
        if lines.count > 1, let size = UInt64(lines[1]) { made.treeSize = size }
        note = made.signed(
            try keys.sign(Array(made.text.utf8)),
            publicKey: keys.publicKey
        )
        if lines.count > 2 { note += lines[2] }
    }
    let found = CheckpointNote(
        verifying: note,
        archiveID: keys.archiveID,
        publicKey: keys.publicKey
    )
    guard let found else { return }
    require(note.hasPrefix(found.text), "what was verified is what the note says")
}

/// The JSON of our own documents, and what stands in it.
func fuzzJSON(_ input: inout FuzzInput) throws {
    switch input.byte() % 4 {
    case 0:
        let text = String(decoding: input.rest(), as: UTF8.self)
        if let time = Timestamp(text) {
            require(Timestamp(time.description) == time, "a time is read as it is written")
        }
    case 1:
        let text = String(decoding: input.rest(), as: UTF8.self)
        if let bytes = Base64.decode(text) {
            require(Base64.encode(bytes) == text, "Base64 has one spelling")
        }
        if let bytes = Hex.decode(text) {
            require(Hex.encode(bytes) == text.lowercased(), "hexadecimal has two spellings")
        }
    default:
        let value = try JSONValue(parsing: input.rest().span)
        let canonical = try value.canonicalBytes()
        let again = try? JSONValue(parsing: canonical.span)
        require(again == value, "a value is read as it is written")
        require(try again?.canonicalBytes() == canonical, "the canonical form is one")
    }
}
