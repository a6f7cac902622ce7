import ArchiveBytes
import ArchiveFormat
import ArchiveSealing

extension KeyringFile {
    /// The file's bytes.
    package func bytes() throws(KeyError) -> [UInt8] {
        var document = publicDocument
        document["keyring"] = .text(Hex.encode(sealedKeyring))
        let covered = try canonical(document)
        document["digest"] = .text(SHA256.hash(covered.span).hex)
        return try canonical(document) + [UInt8(ascii: "\n")]
    }

    /// What the sealed keyring is bound to: all but itself and the digest.
    var publicDocument: JSONObject {
        [
            "archive_id": .text(archiveID.hex),
            "format": .text(Self.format),
            "format_version": 1,
            "generation": .integer(Int64(clamping: generation)),
            "revision": .integer(Int64(clamping: revision)),
            "slots": .array(slots.map { .object($0.document) }),
        ]
    }

    /// Decodes the file without opening it: form, digest and bounds, before any cost is paid.
    package init(decoding bytes: Span<UInt8>) throws(KeyError) {
        let document = try Self.parse(bytes)
        guard document["format"]?.asText == Self.format,
            let version = document["format_version"]?.asInteger
        else { throw KeyError(.damaged, "keyring.json is not a keyring; restore a copy of it") }
        guard version == 1 else {
            throw KeyError(.unsupported, "keyring.json has format \(version); use a newer release")
        }
        try Self.checkDigest(document)
        guard let id = document["archive_id"]?.asText.flatMap(Hex.decode).flatMap(ArchiveID.init),
            let generation = document["generation"]?.asInteger, generation > 0,
            let revision = document["revision"]?.asInteger, revision > 0,
            let slots = document["slots"]?.asArray, (1...Self.slotLimit).contains(slots.count),
            let sealed = document["keyring"]?.asText.flatMap(Hex.decode)
        else {
            throw KeyError(
                .damaged,
                "keyring.json lacks a field or has one out of range; restore a copy of it"
            )
        }
        var decoded: [KeySlot] = []
        for slot in slots { decoded.append(try KeySlot(decoding: slot)) }
        self.init(
            KeyringIdentity(archiveID: id, generation: UInt64(generation)),
            revision: UInt64(revision),
            slots: decoded,
            sealedKeyring: sealed
        )
        guard try self.bytes() == [UInt8](copying: bytes) else {
            throw KeyError(
                .damaged,
                "keyring.json is not in canonical form; restore a copy of it"
            )
        }
    }

    private static func parse(_ bytes: Span<UInt8>) throws(KeyError) -> JSONObject {
        do throws(JSONError) {
            let value = try JSONValue(
                parsing: bytes,
                limits: JSONLimits(depth: 4, byteCount: byteCountLimit)
            )
            if case .object(let document) = value { return document }
        } catch {
            throw KeyError(.damaged, "keyring.json is damaged: \(error); restore a copy of it")
        }
        throw KeyError(.damaged, "keyring.json is not a JSON object; restore a copy of it")
    }

    private static func checkDigest(_ document: JSONObject) throws(KeyError) {
        var covered = document
        covered["digest"] = nil
        let bytes = try canonical(covered)
        guard document["digest"]?.asText == SHA256.hash(bytes.span).hex else {
            throw KeyError(
                .damaged,
                "the digest in keyring.json does not match; restore a copy of it"
            )
        }
    }
}
