package import ArchiveFormat
package import ArchiveSealing

/// What the log needs of a keyring.
package protocol LogKeys: Sendable {
    var archiveID: ArchiveID { get }
    /// The epoch that new frames are sealed in.
    var epoch: UInt32 { get }
    /// Authenticates commit, directory and seal frames.
    var logKey: SecretKey { get }
    var publicKey: [UInt8] { get }

    /// Makes a collection known, so that its tag leads to its key from now on.
    func learn(collection: String)

    /// The key and tag of a domain in an epoch; fails with `erased` if the subject's key is gone.
    func domain(_ name: KeyDomainName, epoch: UInt32) throws(LogError) -> FrameDomain

    /// A mask of tags, another one each time.
    var tagMask: TagMask { get }

    /// The key of the frames that have this tag before masking.
    func key(of tag: MaskedTag, epoch: UInt32) throws(LogError) -> SecretKey

    /// The key that names a domain's chunks by their content.
    func contentKey(of name: KeyDomainName, epoch: UInt32) throws(LogError) -> SecretKey

    /// An Ed25519 signature by the archive's signing key.
    func sign(_ message: [UInt8]) throws(LogError) -> [UInt8]
}

/// A key domain as frames are sealed for it: the key, and the tag before masking.
package struct FrameDomain: Sendable {
    package let key: SecretKey
    package let tag: MaskedTag

    package init(key: SecretKey, tag: MaskedTag) {
        self.key = key
        self.tag = tag
    }
}
