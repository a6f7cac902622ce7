internal import CSealing

/// Random bytes from the kernel.
///
/// The kernel is asked each time and nothing is kept in the process: a virtual machine that was
/// cloned or resumed would otherwise deal out again what its twin already used.
package enum Randomness {
    /// Replaces all of `bytes`.
    package static func fill(_ bytes: inout MutableSpan<UInt8>) throws(SealingError) {
        guard cs_random(&bytes) == 1 else { throw .libraryFailure }
    }

    /// Draws `count` bytes that are no secret: nonces, salts, identities.
    package static func bytes(_ count: Int) throws(SealingError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        try fill(&span)
        return bytes
    }
}
