package import ArchiveBytes
import ArchiveSealing

/// A public JSON document under an Ed25519 signature.
///
/// The file is the RFC 8785 canonical form and one newline, so every byte of it is covered: those of
/// the signature by checking it, all others by being signed.
package enum SignedDocument {
    /// The largest document that is read: a manifest lists at most some 100,000 segments.
    package static let byteCountLimit = 64 << 20

    /// What is signed: the document's purpose, a zero byte, the canonical form without signature.
    package static func signedBytes(
        _ document: JSONObject,
        purpose: String
    ) throws(FormatError) -> [UInt8] {
        Array("strongroom/v1/\(purpose)".utf8) + [0] + (try canonical(document))
    }

    /// The file's bytes.
    package static func encode(
        _ document: JSONObject,
        signature: [UInt8]
    ) throws(FormatError) -> [UInt8] {
        var signed = document
        signed["signature"] = .text(Hex.encode(signature))
        return try canonical(signed) + [UInt8(ascii: "\n")]
    }

    /// Parses a document and checks its form, and its signature under `publicKey`, or, if that is
    /// nil, under the key that the document itself names.
    package static func decode(
        _ bytes: Span<UInt8>,
        purpose: String,
        publicKey: [UInt8]?
    ) throws(FormatError) -> JSONObject {
        guard case .object(var document) = try parse(bytes) else {
            throw FormatError(.damaged, "the document is not a JSON object")
        }
        guard (try canonical(document)) + [UInt8(ascii: "\n")] == [UInt8](copying: bytes) else {
            throw FormatError(.damaged, "the document is not in canonical form")
        }
        // One spelling only: a digit in upper case would be a byte that no proof covers.
        guard let signatureText = document["signature"]?.asText,
            let signature = Hex.decode(signatureText), Hex.encode(signature) == signatureText,
            let key = publicKey ?? document["public_key"]?.asText.flatMap(Hex.decode)
        else { throw FormatError(.damaged, "the document has no signature or public key") }
        document["signature"] = nil
        let signed = try signedBytes(document, purpose: purpose)
        guard Ed25519.isValid(signature.span, of: signed.span, publicKey: key.span) else {
            let version = document["format_version"]?.asInteger ?? 1
            // A newer release may sign in another way, so its documents can fail here first.
            let advice =
                version > 1
                ? "; it says format version \(version): if a newer release wrote it, use that one"
                : ""
            throw FormatError(.damaged, "the document's signature does not verify\(advice)")
        }
        guard document["format_version"]?.asInteger == 1 else {
            throw FormatError(.unsupported, "a newer format; use a newer release of the program")
        }
        return document
    }

    private static func parse(_ bytes: Span<UInt8>) throws(FormatError) -> JSONValue {
        do {
            return try JSONValue(
                parsing: bytes,
                limits: JSONLimits(byteCount: byteCountLimit)
            )
        } catch {
            throw FormatError(.damaged, "the document is not JSON (\(error))")
        }
    }

    private static func canonical(_ document: JSONObject) throws(FormatError) -> [UInt8] {
        do {
            return try JSONValue.object(document).canonicalBytes()
        } catch {
            throw FormatError(.damaged, "the document has no canonical form (\(error))")
        }
    }
}
