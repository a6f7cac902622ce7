internal import CSealing

/// AES-256-GCM with a 12-byte nonce, the cipher underneath ``XAES256GCM``.
///
/// Archives seal with ``XAES256GCM`` alone: nonces of 12 bytes must not be random for long.
@safe package final class AES256GCM {
    /// The length of a nonce.
    package static let nonceByteCount = 12
    /// What sealing adds to the plaintext: the tag.
    package static let overhead = 16

    private let context: OpaquePointer?

    /// Makes the contexts.
    package init() { unsafe context = cs_gcm_new(Library.shared.handle) }

    deinit { unsafe cs_gcm_free(context) }

    /// Seals `plain` into `sealed`, which must be exactly ``overhead`` bytes longer.
    package func seal(
        _ plain: Span<UInt8>,
        into sealed: inout MutableSpan<UInt8>,
        key: SecretKey,
        nonce: Span<UInt8>,
        associated: Span<UInt8>
    ) throws(SealingError) {
        precondition(sealed.count == plain.count + Self.overhead, "there must be room for the tag")
        precondition(nonce.count == Self.nonceByteCount, "a nonce has 12 bytes")
        let status = unsafe run(
            cs_gcm_seal,
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
        precondition(nonce.count == Self.nonceByteCount, "a nonce has 12 bytes")
        let status = unsafe run(
            cs_gcm_open,
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

/// AES-256 on single blocks under one scheduled key.
///
/// A permutation, not a mode: it masks fields that are unique already. Not for several threads at
/// once.
@safe package final class AES256Block {
    /// The length of a block.
    package static let byteCount = 16

    private let context: OpaquePointer

    /// Schedules `key`.
    package init(key: SecretKey) throws(SealingError) {
        guard let context = unsafe cs_block_new(Library.shared.handle) else {
            throw .libraryFailure
        }
        guard key.withSpan({ key in unsafe cs_block_key(context, key) }) == 1 else {
            unsafe cs_block_free(context)
            throw .libraryFailure
        }
        unsafe self.context = context
    }

    deinit { unsafe cs_block_free(context) }

    /// Encrypts one block, the bytes of two little-endian integers.
    ///
    /// Under a scheduled key that cannot fail; if libcrypto says so nevertheless, it traps.
    package func encrypt(_ block: (UInt64, UInt64)) -> (UInt64, UInt64) {
        var words = (block.0.littleEndian, block.1.littleEndian)
        let status = unsafe withUnsafeMutableBytes(of: &words) { words in
            let bytes = unsafe words.bindMemory(to: UInt8.self)
            return unsafe cs_block_encrypt(
                context,
                bytes.count,
                bytes.baseAddress,
                bytes.count,
                bytes.baseAddress
            )
        }
        precondition(status == 1, "AES-256 failed")
        return (UInt64(littleEndian: words.0), UInt64(littleEndian: words.1))
    }
}
