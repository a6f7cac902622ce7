import ArchiveBytes
import ArchiveSealing

/// A secret at rest: a random 24-byte nonce ‖ XAES-256-GCM.
enum SealedBox {
    static let overhead = XAES256GCM.nonceByteCount + XAES256GCM.overhead

    static func seal(
        _ plain: Span<UInt8>,
        key: SecretKey,
        associated: [UInt8]
    ) throws(KeyError) -> [UInt8] {
        let nonce = try drawnBytes(XAES256GCM.nonceByteCount)
        var sealed = [UInt8](repeating: 0, count: plain.count + XAES256GCM.overhead)
        do throws(SealingError) {
            var target = sealed.mutableSpan
            try XAES256GCM().seal(
                plain,
                into: &target,
                key: key,
                nonce: nonce.span,
                associated: associated.span
            )
        } catch {
            throw KeyError(error)
        }
        return nonce + sealed
    }

    /// Opens `box`; if it is not authentic, throws `damaged` with `finding`.
    static func open(
        _ box: [UInt8],
        key: SecretKey,
        associated: [UInt8],
        finding: String
    ) throws(KeyError) -> SecretBytes {
        guard box.count >= overhead else { throw KeyError(.damaged, finding) }
        let nonce = Array(box[..<XAES256GCM.nonceByteCount])
        let sealed = Array(box[XAES256GCM.nonceByteCount...])
        var plain = SecretBytes(zeroed: box.count - overhead)
        do throws(SealingError) {
            try plain.withMutableSpan { target throws(SealingError) in
                try XAES256GCM().open(
                    sealed.span,
                    into: &target,
                    key: key,
                    nonce: nonce.span,
                    associated: associated.span
                )
            }
        } catch {
            throw error == .authenticationFailed ? KeyError(.damaged, finding) : KeyError(error)
        }
        return plain
    }
}

/// Draws `count` random bytes that are no secret.
func drawnBytes(_ count: Int) throws(KeyError) -> [UInt8] {
    do throws(SealingError) {
        return try Randomness.bytes(count)
    } catch {
        throw KeyError(error)
    }
}

/// The RFC 8785 form of a document.
func canonical(_ document: JSONObject) throws(KeyError) -> [UInt8] {
    do throws(JSONError) {
        return try JSONValue.object(document).canonicalBytes()
    } catch {
        throw KeyError(.damaged, "keyring.json has no canonical form (\(error))")
    }
}
