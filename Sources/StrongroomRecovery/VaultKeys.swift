import ArchiveKeys
public import Strongroom

/// What opens a vault's snapshots: a passphrase or key file, and the keyring if it is kept apart.
public struct VaultKeys: Sendable {
    let credential: Credential
    let keyring: [UInt8]?

    /// `keyring` holds the bytes of `keyring.json` where the vault has none; it goes before the
    /// vault's own.
    public init(_ key: ArchiveKey, keyring: [UInt8]? = nil) {
        credential = key.credential
        self.keyring = keyring
    }
}
