package import ArchiveKeys
import ArchiveSealing

/// What unlocks an archive.
///
/// The secret is kept in memory that is wiped when the last reference to it goes, has no description
/// and reaches no message.
public struct ArchiveKey: Sendable {
    package let credential: Credential

    /// A passphrase of 1 to 4,096 bytes, stretched by scrypt.
    ///
    /// The array given is the caller's: wipe it if it must not stay in memory.
    public static func passphrase(_ bytes: [UInt8]) throws(ArchiveError) -> ArchiveKey {
        do {
            return ArchiveKey(
                credential: try .passphrase(SecretBytes(copying: bytes.span))
            )
        } catch {
            throw ArchiveError(.invalid, error.description)
        }
    }

    /// The content of a key file: at least 32 random bytes.
    public static func keyFile(_ bytes: [UInt8]) throws(ArchiveError) -> ArchiveKey {
        do {
            return ArchiveKey(credential: try .keyFile(SecretBytes(copying: bytes.span)))
        } catch {
            throw ArchiveError(.invalid, error.description)
        }
    }
}
