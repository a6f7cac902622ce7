internal import CSealing

// Many short messages together: one call instead of one for each.

extension SHA256 {
    /// The root of the Merkle tree whose leaves are the pieces of `bytes` that begin at `starts`.
    ///
    /// A piece ends where the next begins, the last at the end; there is one at least.
    package func treeRoot(overPiecesOf bytes: Span<UInt8>, at starts: [Int]) -> Digest {
        precondition(!starts.isEmpty, "a tree over pieces has a leaf")
        var words = [UInt64](repeating: 0, count: 4 * starts.count)
        let status = unsafe words.withUnsafeMutableBufferPointer { words in
            unsafe starts.withUnsafeBufferPointer { starts in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    let status = unsafe cs_sha256_leaves(
                        context,
                        bytes.count,
                        bytes.baseAddress,
                        starts.count,
                        starts.baseAddress,
                        words.count,
                        words.baseAddress
                    )
                    guard status == 1 else { return CInt(0) }
                    return unsafe cs_sha256_tree(context, words.count, words.baseAddress)
                }
            }
        }
        precondition(status == 1, "SHA-256 failed, or a piece lies outside the bytes")
        return Digest(words: (words[0], words[1], words[2], words[3]))
    }
}
