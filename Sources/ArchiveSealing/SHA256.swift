internal import CSealing

/// A SHA-256 hasher whose context is made once and used for message after message.
///
/// Keep one for each worker. SHA-256 cannot fail on any input; a libcrypto without it, or without
/// memory for a context, is a broken installation, and hashing traps.
@safe package final class SHA256 {
    let context: OpaquePointer

    /// Makes a hasher that is ready for a message.
    ///
    /// It calls libcrypto's own functions, which allocate nothing, unless a provider was configured or
    /// FIPS demanded, or `asksProvider` is true.
    package init(asksProvider: Bool = false) {
        guard let context = unsafe cs_sha256_new(Library.hashing.handle, asksProvider ? 1 : 0)
        else {
            preconditionFailure("libcrypto offers no SHA-256; reinstall OpenSSL 3")
        }
        unsafe self.context = context
    }

    deinit { unsafe cs_sha256_free(context) }

    /// Adds `bytes` to the message.
    package func update(_ bytes: Span<UInt8>) {
        let status = unsafe cs_sha256_update(context, bytes)
        precondition(status == 1, "SHA-256 failed")
    }

    /// Ends the message.
    ///
    /// The next update begins a new one.
    package func finish() -> Digest { digest(unsafe cs_sha256_finish(context)) }

    /// Hashes `bytes` alone; a message that was begun is dropped.
    package func hash(_ bytes: Span<UInt8>) -> Digest {
        digest(unsafe cs_sha256_once(context, bytes))
    }

    /// Hashes `prefix` and then `bytes`; a message that was begun is dropped.
    package func hash(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest {
        digest(unsafe cs_sha256_leaf(context, prefix, bytes))
    }

    /// Hashes `prefix` and two digests; a message that was begun is dropped.
    package func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        digest(unsafe cs_sha256_node(context, prefix, left.hash, right.hash))
    }

    /// Hashes `bytes` with a context of its own, for a single message.
    package static func hash(_ bytes: Span<UInt8>) -> Digest { SHA256().hash(bytes) }

    private func digest(_ hash: cs_hash) -> Digest {
        guard let digest = Digest(hash) else { preconditionFailure("SHA-256 failed") }
        return digest
    }
}
