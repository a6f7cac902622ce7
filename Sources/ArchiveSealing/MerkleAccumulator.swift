/// A Merkle tree that grows leaf by leaf and keeps only the roots of its full subtrees.
///
/// Its ``peaks`` and ``count`` are its whole state: stored and given to ``init(count:peaks:)``, they
/// let the tree grow on without its leaves. Appending costs one node hash on average.
package struct MerkleAccumulator: Hashable, Sendable {
    /// The number of leaves.
    package private(set) var count: UInt64
    /// The roots of the full subtrees, largest first: one for each bit that is set in ``count``.
    package private(set) var peaks: [Digest]

    /// Makes a tree without leaves.
    package init() {
        count = 0
        peaks = []
    }

    /// Goes on from a stored state, or gives nil if the number of peaks does not fit the count.
    package init?(count: UInt64, peaks: [Digest]) {
        guard peaks.count == count.nonzeroBitCount else { return nil }
        self.count = count
        self.peaks = peaks
    }

    /// Adds a leaf at the end.
    package mutating func append(leafHash: Digest, using hasher: SHA256 = SHA256()) {
        var hash = leafHash
        // Each low bit that is set is a full subtree of the size that the new one has by now.
        for _ in 0..<(~count).trailingZeroBitCount {
            hash = MerkleTree.nodeHash(peaks.removeLast(), hash, using: hasher)
        }
        peaks.append(hash)
        count += 1
    }

    /// The root over all leaves so far.
    package func root(using hasher: SHA256 = SHA256()) -> Digest {
        guard var hash = peaks.last else {
            let nothing: [UInt8] = []
            return hasher.hash(nothing.span)
        }
        for peak in peaks.dropLast().reversed() {
            hash = MerkleTree.nodeHash(peak, hash, using: hasher)
        }
        return hash
    }
}
