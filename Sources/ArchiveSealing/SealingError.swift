/// Why an operation on secrets or sealed bytes failed.
///
/// The error carries no bytes: neither a secret nor a record can reach a log through it. Whoever
/// catches it knows which file and offset it concerns, and says so.
package enum SealingError: Error, Hashable {
    /// The bytes, their key, nonce or associated data are not those that were sealed.
    case authenticationFailed
    /// libcrypto or the kernel refused, for want of memory or of an algorithm.
    case libraryFailure
    /// A key has the wrong length or is not a valid key.
    case invalidKey
    /// A parameter lies outside the bounds that protect memory and time.
    case invalidParameter
}
