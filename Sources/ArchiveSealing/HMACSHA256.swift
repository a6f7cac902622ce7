internal import CSealing

/// HMAC-SHA-256 under one key, with a context that is used for message after message.
///
/// Like ``SHA256`` it cannot fail on any input, and traps on a broken libcrypto. Not for several
/// threads at once.
@safe package final class HMACSHA256 {
    let context: OpaquePointer

    /// Makes an authenticator without a key, for what gives it one.
    init() {
        guard let context = unsafe cs_hmac_new(Library.shared.handle) else {
            preconditionFailure("libcrypto offers no HMAC-SHA-256; reinstall OpenSSL 3")
        }
        unsafe self.context = context
    }

    /// Makes an authenticator under `key`, which may have any length.
    package convenience init(key: Span<UInt8>) {
        self.init()
        rekey(key)
    }

    /// Makes an authenticator under `key`.
    package convenience init(key: SecretKey) {
        self.init()
        key.withSpan { rekey($0) }
    }

    deinit { unsafe cs_hmac_free(context) }

    /// Goes on under another key; a message that was begun is dropped.
    package func rekey(_ key: Span<UInt8>) {
        let status = unsafe cs_hmac_key(context, key)
        precondition(status == 1, "HMAC-SHA-256 failed")
    }

    /// Adds `bytes` to the message.
    package func update(_ bytes: Span<UInt8>) {
        let status = unsafe cs_hmac_update(context, bytes)
        precondition(status == 1, "HMAC-SHA-256 failed")
    }

    /// Ends the message.
    ///
    /// The next update begins a new one under the same key.
    package func finish() -> Digest {
        guard let digest = Digest(unsafe cs_hmac_finish_hash(context)) else {
            preconditionFailure("HMAC-SHA-256 failed")
        }
        return digest
    }

    /// Ends the message and writes its 32 bytes to `mac`, for a value that is itself a key.
    package func finish(into mac: inout MutableSpan<UInt8>) {
        let status = unsafe cs_hmac_finish(context, &mac)
        precondition(status == 1, "HMAC-SHA-256 writes 32 bytes")
    }

    /// Authenticates `bytes`, which follow any updates before.
    package func authenticate(_ bytes: Span<UInt8>) -> Digest {
        update(bytes)
        return finish()
    }
}

extension SHA256 {
    /// Replaces `key`, of 32 bytes, by its HMAC-SHA-256 over the first of `messages`, a byte, that by
    /// its own over the second, and so on; a message that was begun is dropped.
    ///
    /// The same as an ``HMACSHA256`` under one key after the other, without what a context costs.
    package func chain(_ key: inout MutableSpan<UInt8>, over messages: Span<UInt8>) {
        let status = unsafe messages.withUnsafeBufferPointer { messages in
            unsafe key.withUnsafeMutableBufferPointer { key in
                unsafe cs_hmac_chain(
                    context,
                    messages.count,
                    messages.baseAddress,
                    key.count,
                    key.baseAddress
                )
            }
        }
        precondition(status == 1, "HMAC-SHA-256 under a key of 32 bytes failed")
    }
}
