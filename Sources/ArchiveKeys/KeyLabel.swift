import ArchiveSealing

/// The labels under which keys are derived: the `info` of HKDF-SHA-256, in ASCII.
///
/// Each label stands for one purpose, so that no key serves two. Unless a line says otherwise the
/// salt is empty and 32 bytes are derived. `R` is the root secret, `E` an epoch key, `D` a domain
/// key, `S` the secret of a slot.
enum KeyLabel: String {
    /// From `R`, salt: the index salt of the keyring's generation. Seals the pages of the index.
    case index = "strongroom/v1/index"
    /// From `R`. Authenticates commit and seal frames.
    case log = "strongroom/v1/log"
    /// From `R`. Makes domain tags of subjects and collections.
    case tag = "strongroom/v1/tag"
    /// From `R`. Masks domain tags in frame headers.
    case mask = "strongroom/v1/mask"
    /// From `E`, followed by the collection's UTF-8. The domain key of records without a subject.
    case common = "strongroom/v1/common/"
    /// From the subject's leaf of the erasure tree, salt: `E`. The domain key of a subject.
    case subject = "strongroom/v1/subject"
    /// From `D`. Makes the content ids of a domain's chunks.
    case content = "content"
    /// From `D`, 2,048 bytes. The gear table that cuts a domain's large bodies into chunks.
    case chunker = "chunker"
    /// From the bytes of a key file, salt: the slot's. `S` of a key file slot.
    case keyFile = "strongroom/v1/slot/key-file"
    /// From `S`. Seals the KEK in the slot.
    case wrap = "strongroom/v1/slot/wrap"
    /// From `S`. Stands in the slot in clear and commits it to one credential.
    case commitment = "strongroom/v1/slot/commitment"
}

/// Derives `count` bytes from `secret` under `label`, followed by `suffix`.
func derive(
    _ label: KeyLabel,
    suffix: String = "",
    from secret: Span<UInt8>,
    salt: Span<UInt8>,
    count: Int = SecretKey.byteCount
) throws(KeyError) -> SecretBytes {
    let info = Array(label.rawValue.utf8) + Array(suffix.utf8)
    do throws(SealingError) {
        return try HKDF.derive(secret: secret, salt: salt, info: info.span, count: count)
    } catch {
        throw KeyError(error)
    }
}

extension SecretKey {
    /// Derives bytes from this key, without salt.
    func derivedBytes(
        _ label: KeyLabel,
        suffix: String = "",
        count: Int = SecretKey.byteCount
    ) throws(KeyError) -> SecretBytes {
        let salt: [UInt8] = []
        return try withSpan { secret throws(KeyError) in
            try derive(label, suffix: suffix, from: secret, salt: salt.span, count: count)
        }
    }

    /// Derives a key from this one, without salt.
    func derived(_ label: KeyLabel, suffix: String = "") throws(KeyError) -> SecretKey {
        try SecretKey(sized: derivedBytes(label, suffix: suffix))
    }

    /// Derives a key from this one with a secret salt.
    func derived(_ label: KeyLabel, salt: SecretKey) throws(KeyError) -> SecretKey {
        let bytes = try withSpan { secret throws(KeyError) in
            try salt.withSpan { salt throws(KeyError) in
                try derive(label, from: secret, salt: salt)
            }
        }
        return try SecretKey(sized: bytes)
    }

    /// Takes over 32 bytes that the caller has just derived or counted.
    convenience init(sized bytes: consuming SecretBytes) throws(KeyError) {
        do throws(SealingError) {
            try self.init(bytes)
        } catch {
            throw KeyError(error)
        }
    }

    /// Draws a new key.
    static func drawn() throws(KeyError) -> SecretKey {
        do throws(SealingError) {
            return try random()
        } catch {
            throw KeyError(error)
        }
    }
}
