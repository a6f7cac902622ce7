internal import CSealing

// Many short messages together: one call instead of one for each.

extension SHA256 {
    /// The root of the Merkle tree whose leaves are the pieces of `bytes` that begin at `starts`.
    ///
    /// A piece ends where the next begins, the last at the end; there is one at least.
    package func treeRoot(overPiecesOf bytes: Span<UInt8>, at starts: [Int]) -> Digest {
        precondition(!starts.isEmpty, "a tree over pieces has a leaf")
        var words = words(prefix: [0].span, bytes, starts, byteCount: 0)
        let status = unsafe words.withUnsafeMutableBufferPointer { words in
            unsafe cs_sha256_tree(context, words.count, words.baseAddress)
        }
        precondition(status == 1, "SHA-256 failed")
        return Digest(words: (words[0], words[1], words[2], words[3]))
    }

    /// The hashes of `prefix` with each of the pieces of `byteCount` bytes that begin at `starts`.
    ///
    /// The pieces do not overlap.
    package func hashes(
        prefix: Span<UInt8>,
        ofPiecesOf bytes: Span<UInt8>,
        at starts: [Int],
        byteCount: Int
    ) -> [Digest] {
        precondition(byteCount > 0, "a piece has a length")
        let words = words(prefix: prefix, bytes, starts, byteCount: byteCount)
        return starts.indices.map { index in
            let first = 4 * index
            return Digest(
                words: (words[first], words[first + 1], words[first + 2], words[first + 3])
            )
        }
    }

    private func words(
        prefix: Span<UInt8>,
        _ bytes: Span<UInt8>,
        _ starts: [Int],
        byteCount: Int
    ) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: 4 * starts.count)
        let status = unsafe words.withUnsafeMutableBufferPointer { words in
            unsafe starts.withUnsafeBufferPointer { starts in
                unsafe lend(prefix, bytes) { prefix, bytes in
                    unsafe cs_sha256_each(
                        context,
                        prefix.count,
                        prefix.baseAddress,
                        bytes.count,
                        bytes.baseAddress,
                        starts.count,
                        starts.baseAddress,
                        byteCount,
                        words.count,
                        words.baseAddress
                    )
                }
            }
        }
        precondition(status == 1, "SHA-256 failed, or a piece lies outside the bytes")
        return words
    }
}
