internal import CSealing

// Many short messages together: one call instead of one for each.

extension SHA256 {
    /// The root of the Merkle tree whose leaves are the pieces of `bytes` that begin at `starts`.
    ///
    /// A piece ends where the next begins, the last at the end; there is one at least, and before each a
    /// byte, which is another for as long as that piece is hashed.
    package func treeRoot(
        overPiecesOf bytes: inout MutableSpan<UInt8>,
        at starts: Span<Int>
    ) -> Digest {
        precondition(!starts.isEmpty, "a tree over pieces has a leaf")
        var hashes = [UInt8](repeating: 0, count: 1 + Digest.byteCount * starts.count)
        let status = unsafe hashes.withUnsafeMutableBufferPointer { hashes in
            unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                unsafe starts.withUnsafeBufferPointer { starts in
                    unsafe cs_sha256_root(
                        context,
                        bytes.count,
                        bytes.baseAddress,
                        starts.count,
                        starts.baseAddress,
                        hashes.count,
                        hashes.baseAddress
                    )
                }
            }
        }
        precondition(status == 1, "SHA-256 failed, or a piece lies outside the bytes")
        return Digest(reading: hashes.span, at: 1)
    }
}
