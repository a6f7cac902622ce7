internal import CSealing

/// XAES-256-GCM (C2SP): AES-256-GCM under a key derived from the first half of a 24-byte nonce.
///
/// Nonces may be random for 2^80 messages. The contexts are made once, and the last key and first
/// half of a nonce are remembered: the messages of a batch under one key, which share that half,
/// derive once. Keep one for each worker; it is not for several threads at once.
@safe package final class XAES256GCM {
    /// The length of a nonce.
    package static let nonceByteCount = 24
    /// What sealing adds to the plaintext: the tag.
    package static let overhead = 16

    // Nil if libcrypto is broken; every operation then throws.
    private let context: OpaquePointer?

    /// Makes the contexts.
    package init() { unsafe context = cs_xaes_new(Library.shared.handle) }

    deinit { unsafe cs_xaes_free(context) }

    /// Seals `plain` into `sealed`, which must be exactly ``overhead`` bytes longer.
    package func seal(
        _ plain: Span<UInt8>,
        into sealed: inout MutableSpan<UInt8>,
        key: SecretKey,
        nonce: Span<UInt8>,
        associated: Span<UInt8>
    ) throws(SealingError) {
        precondition(sealed.count == plain.count + Self.overhead, "there must be room for the tag")
        precondition(nonce.count == Self.nonceByteCount, "a nonce has 24 bytes")
        let status = unsafe run(
            cs_xaes_seal,
            context,
            key: key,
            nonce: nonce,
            associated: associated,
            from: plain,
            into: &sealed
        )
        guard status == 1 else { throw .libraryFailure }
    }

    /// Opens `sealed` into `plain`, which must be exactly ``overhead`` bytes shorter.
    ///
    /// - Throws: ``SealingError/authenticationFailed`` if anything differs from what was sealed;
    ///   `plain` is then all zeros.
    package func open(
        _ sealed: Span<UInt8>,
        into plain: inout MutableSpan<UInt8>,
        key: SecretKey,
        nonce: Span<UInt8>,
        associated: Span<UInt8>
    ) throws(SealingError) {
        precondition(sealed.count == plain.count + Self.overhead, "the tag must be there")
        precondition(nonce.count == Self.nonceByteCount, "a nonce has 24 bytes")
        let status = unsafe run(
            cs_xaes_open,
            context,
            key: key,
            nonce: nonce,
            associated: associated,
            from: sealed,
            into: &plain
        )
        guard status == 1 else { throw status == 0 ? .libraryFailure : .authenticationFailed }
    }
}
