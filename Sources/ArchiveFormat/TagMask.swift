package import ArchiveSealing

/// Hides the tags of frames, and shows them to who has the mask key: the first twelve bytes of AES-256
/// of a nonce's last sixteen, the part that differs from frame to frame.
///
/// One a worker: each frame asks, and threads that shared one would wait for each other.
package final class TagMask {
    private let cipher: AES256Block

    /// Schedules `key`; traps on a broken libcrypto, like a hash.
    package init(key: SecretKey) {
        do {
            cipher = try AES256Block(key: key)
        } catch {
            preconditionFailure("libcrypto offers no AES-256; reinstall OpenSSL 3")
        }
    }

    /// A tag as it stands in the header of the frame with `nonce`; and of a tag that stands there, the
    /// tag itself.
    package func applied(to tag: MaskedTag, nonce: FrameNonce) -> MaskedTag {
        let mask = cipher.encrypt(nonce.tail)
        return MaskedTag(
            head: tag.head ^ mask.0,
            tail: tag.tail ^ UInt32(truncatingIfNeeded: mask.1)
        )
    }
}
