import ArchiveBytes
import ArchiveFormat

/// Where an archive's sealed keyring is kept when it is shipped.
public enum KeyringPlacement: String, Sendable, CaseIterable {
    /// In the vault, so that the vault and a passphrase are enough to recover.
    case within = "in"
    /// Elsewhere, by whoever is responsible; recovering then needs the file.
    case apart
}

/// `vault.json`: which archive the vault is for, and whether the keyring belongs in it.
///
/// It is written by who has no key, so it is not signed; it decides nothing that keys do not prove.
struct VaultMarker: Equatable, Sendable {
    static let byteCountLimit = 4_096

    let archiveID: ArchiveID
    let keyring: KeyringPlacement

    func bytes() throws(RecoveryError) -> [UInt8] {
        let document: JSONObject = [
            "archive_id": .text(archiveID.hex), "format": "strongroom vault",
            "format_version": 1, "keyring": .text(keyring.rawValue),
        ]
        do {
            return try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
        } catch {
            throw RecoveryError(.system, "vault.json has no canonical form (\(error))")
        }
    }
}

extension VaultMarker {
    /// Decodes the object; a marker that is not exactly what it says is refused.
    init(decoding bytes: [UInt8]) throws(RecoveryError) {
        let value = try? JSONValue(
            parsing: bytes.span,
            limits: JSONLimits(depth: 2, byteCount: Self.byteCountLimit)
        )
        guard let value, value["format"]?.asText == "strongroom vault",
            let version = value["format_version"]?.asInteger
        else { throw Self.damaged }
        guard version == 1 else {
            throw RecoveryError(
                .unsupported,
                "vault.json has format version \(version); use a newer release"
            )
        }
        guard let id = value["archive_id"]?.asText.flatMap(Hex.decode).flatMap(ArchiveID.init),
            let keyring = value["keyring"]?.asText.flatMap(KeyringPlacement.init)
        else { throw Self.damaged }
        self.init(archiveID: id, keyring: keyring)
        guard try self.bytes() == bytes else { throw Self.damaged }
    }

    private static var damaged: RecoveryError {
        RecoveryError(
            .integrity,
            "vault.json in the vault is damaged; remove it, and ship again with the keyring's place"
        )
    }
}
