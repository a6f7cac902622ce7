internal import CSealing

/// Ed25519 signatures (RFC 8032).
package enum Ed25519 {
    /// The length of a public key.
    package static let publicKeyByteCount = 32
    /// The length of a signature.
    package static let signatureByteCount = 64

    /// A seed with the public key that belongs to it.
    package final class KeyPair: Sendable {
        /// The 32 bytes that anyone may know.
        package let publicKey: [UInt8]
        /// The secret that the pair is made of.
        package let seed: SecretKey

        /// Makes the pair of `seed`.
        package init(seed: SecretKey) throws(SealingError) {
            var publicKey = [UInt8](repeating: 0, count: Ed25519.publicKeyByteCount)
            var span = publicKey.mutableSpan
            let status = seed.withSpan { seed in
                unsafe seed.withUnsafeBufferPointer { seed in
                    unsafe span.withUnsafeMutableBufferPointer { publicKey in
                        unsafe cs_ed25519_public(
                            seed.count,
                            seed.baseAddress,
                            publicKey.count,
                            publicKey.baseAddress
                        )
                    }
                }
            }
            guard status == 1 else { throw .libraryFailure }
            self.publicKey = publicKey
            self.seed = seed
        }

        /// Signs `message`; the same message has always the same signature.
        package func sign(_ message: Span<UInt8>) throws(SealingError) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
            var span = signature.mutableSpan
            let status = seed.withSpan { seed in
                unsafe lend(seed, message) { seed, message in
                    unsafe span.withUnsafeMutableBufferPointer { signature in
                        unsafe cs_ed25519_sign(
                            seed.count,
                            seed.baseAddress,
                            message.count,
                            message.baseAddress,
                            signature.count,
                            signature.baseAddress
                        )
                    }
                }
            }
            guard status == 1 else { throw .libraryFailure }
            return signature
        }
    }

    /// Tells whether `signature` is that of `message` under `publicKey`.
    ///
    /// A key or signature of the wrong length or form is simply not valid.
    package static func isValid(
        _ signature: Span<UInt8>,
        of message: Span<UInt8>,
        publicKey: Span<UInt8>
    ) -> Bool {
        guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount else {
            return false
        }
        return unsafe lend(publicKey, message, signature) { publicKey, message, signature in
            unsafe cs_ed25519_verify(
                publicKey.count,
                publicKey.baseAddress,
                message.count,
                message.baseAddress,
                signature.count,
                signature.baseAddress
            )
        } == 1
    }
}
