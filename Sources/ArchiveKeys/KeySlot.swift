package import ArchiveBytes
import ArchiveFormat
package import ArchiveSealing

/// One way to open a keyring: it holds the KEK sealed under a credential.
///
/// The slot secret `S` is scrypt(passphrase, salt) or HKDF(key file, salt, label `keyFile`). From it
/// come the wrapping key and the commitment (`KeyLabel`). The commitment stands in clear: it tells a
/// wrong credential from a damaged slot, and no second credential can be made to open the slot.
///
/// The sealed KEK is a random 24-byte nonce ‖ XAES-256-GCM under the wrapping key, with associated
/// data `strongroom/v1/slot` ‖ 0x00 ‖ archive id ‖ generation (u64) ‖ the slot's canonical JSON
/// without `sealed_kek`.
package struct KeySlot: Equatable, Sendable {
    package enum Role: String, Sendable {
        /// Everything, key management and erasure included.
        case owner
    }

    /// How the credential becomes the slot secret.
    package enum Derivation: Equatable, Sendable {
        case passphrase(cost: Scrypt.Parameters, salt: [UInt8])
        case keyFile(salt: [UInt8])
    }

    static let saltByteCount = 32
    static let labelLimit = 128

    /// Eight hexadecimal digits.
    package let id: String
    package let label: String
    package let role: Role
    package let created: Timestamp
    package let derivation: Derivation
    let commitment: [UInt8]
    let sealedKEK: [UInt8]

    /// `passphrase` or `key-file`, as in the file.
    package var kind: String {
        switch derivation {
        case .passphrase: "passphrase"
        case .keyFile: "key-file"
        }
    }

    /// Makes a slot that gives `kek` to who has `credential`.
    static func sealing(
        _ kek: SecretKey,
        for credential: Credential,
        label: String,
        id: String,
        created: Timestamp,
        cost: Scrypt.Parameters,
        keyring: KeyringIdentity
    ) throws(KeyError) -> KeySlot {
        guard label.utf8.count <= labelLimit, label.unicodeScalars.allSatisfy(isPrintable) else {
            throw KeyError(
                .invalidInput,
                "a label has at most \(labelLimit) bytes and no control characters; choose another"
            )
        }
        let salt = try drawnBytes(saltByteCount)
        let derivation: Derivation =
            switch credential.kind {
            case .passphrase: .passphrase(cost: cost, salt: salt)
            case .keyFile: .keyFile(salt: salt)
            }
        let secret = try derivation.secret(of: credential)
        let commitment = try secret.derivedBytes(.commitment).withSpan { [UInt8](copying: $0) }
        let open = KeySlot(
            id: id,
            label: label,
            role: .owner,
            created: created,
            derivation: derivation,
            commitment: commitment,
            sealedKEK: []
        )
        return try open.sealing(kek, under: secret, keyring: keyring)
    }

    /// The same slot with the KEK of another generation, for the credential that it has.
    func resealed(
        _ kek: SecretKey,
        for credential: Credential,
        keyring: KeyringIdentity
    ) throws(KeyError) -> KeySlot {
        try sealing(kek, under: derivation.secret(of: credential), keyring: keyring)
    }

    private func sealing(
        _ kek: SecretKey,
        under secret: SecretKey,
        keyring: KeyringIdentity
    ) throws(KeyError) -> KeySlot {
        let sealed = try kek.withSpan { kek throws(KeyError) in
            try SealedBox.seal(kek, key: secret.derived(.wrap), associated: associated(keyring))
        }
        return KeySlot(
            id: id,
            label: label,
            role: role,
            created: created,
            derivation: derivation,
            commitment: commitment,
            sealedKEK: sealed
        )
    }

    /// The KEK, or nil if `credential` is not that of this slot.
    ///
    /// - Throws: `damaged` if the credential is right and the slot is not as it was made.
    func kek(for credential: Credential, keyring: KeyringIdentity) throws(KeyError) -> SecretKey? {
        switch (derivation, credential.kind) {
        case (.passphrase, .passphrase), (.keyFile, .keyFile): break
        default: return nil
        }
        let secret = try derivation.secret(of: credential)
        let expected = try secret.derivedBytes(.commitment)
        guard expected.withSpan({ ConstantTime.areEqual($0, commitment.span) }) else { return nil }
        return try SecretKey(
            sized: SealedBox.open(
                sealedKEK,
                key: secret.derived(.wrap),
                associated: associated(keyring),
                finding: "key slot \(id) is not as it was written; restore a copy of keyring.json"
            )
        )
    }

    private func associated(_ keyring: KeyringIdentity) throws(KeyError) -> [UInt8] {
        var document = document
        document["sealed_kek"] = nil
        var bytes = Array("strongroom/v1/slot".utf8) + [0]
        bytes.append(archiveID: keyring.archiveID)
        bytes.append(u64: keyring.generation)
        return bytes + (try canonical(document))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value)
    }
}

extension KeySlot.Derivation {
    fileprivate func secret(of credential: Credential) throws(KeyError) -> SecretKey {
        let bytes = try credential.withSpan { credential throws(KeyError) in
            switch self {
            case .passphrase(let cost, let salt):
                do throws(SealingError) {
                    return try Scrypt.derive(
                        passphrase: credential,
                        salt: salt.span,
                        parameters: cost
                    )
                } catch {
                    throw KeyError(error)
                }
            case .keyFile(let salt):
                return try derive(.keyFile, from: credential, salt: salt.span)
            }
        }
        return try SecretKey(sized: bytes)
    }
}

/// What a slot is bound to.
struct KeyringIdentity: Equatable {
    let archiveID: ArchiveID
    let generation: UInt64
}
