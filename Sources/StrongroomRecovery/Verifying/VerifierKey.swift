import ArchiveBytes
import ArchiveKeys
import ArchiveSealing

/// Who signs what a verification without the archive's key has found.
///
/// A key of the machine or person that verifies: 32 random bytes that are kept there. It opens
/// nothing; it only lets others tell whose findings they read.
public struct VerifierKey: Sendable {
    private let pair: Ed25519.KeyPair

    /// Takes 32 random bytes.
    ///
    /// - Throws: `invalid` if there are more or fewer.
    public init(seed: [UInt8]) throws(RecoveryError) {
        guard seed.count == SecretKey.byteCount else {
            throw RecoveryError(
                .invalid,
                "a verifier's key is \(SecretKey.byteCount) random bytes, and there are "
                    + "\(seed.count)"
            )
        }
        do {
            pair = try Ed25519.KeyPair(seed: try SecretKey(copying: seed.span))
        } catch {
            throw RecoveryError(.system, "cannot use the verifier's key: \(error)")
        }
    }

    /// Draws the bytes of a new one.
    public static func drawSeed() throws(RecoveryError) -> [UInt8] {
        do {
            return try Randomness.bytes(SecretKey.byteCount)
        } catch {
            throw RecoveryError(.system, "cannot draw a verifier's key: \(error)")
        }
    }

    /// What others know it by, in hexadecimal digits.
    public var publicKey: String { Hex.encode(pair.publicKey) }

    func sign(_ message: [UInt8]) throws(SealingError) -> [UInt8] { try pair.sign(message.span) }
}

/// Whoever signs entries of the ledger: the archive itself, or a verifier.
enum LedgerSigner: Sendable {
    case archive(Keyring)
    case verifier(VerifierKey)

    var publicKey: String {
        switch self {
        case .archive(let keyring): Hex.encode(keyring.publicKey)
        case .verifier(let key): key.publicKey
        }
    }

    func sign(_ message: [UInt8]) throws -> [UInt8] {
        switch self {
        case .archive(let keyring): try keyring.sign(message)
        case .verifier(let key): try key.sign(message)
        }
    }
}
