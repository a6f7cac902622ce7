/// The hash tree of RFC 9162 over leaf hashes in order.
///
/// A leaf is `H(0x00 ‖ data)`, a node `H(0x01 ‖ left ‖ right)`, so that no leaf can be passed off as
/// a node. A tree of more than one leaf is split at the largest power of two below its size. The
/// root of no leaves is the hash of no bytes.
package enum MerkleTree {
    /// The longest path that a tree of 2^63 leaves can need.
    static let pathLimit = 64

    /// The hash of a leaf that holds `data`.
    package static func leafHash(
        of data: Span<UInt8>,
        using hasher: SHA256 = SHA256()
    ) -> Digest {
        hasher.hash(prefix: 0x00, data)
    }

    /// The hash of a node over its two children.
    package static func nodeHash(
        _ left: Digest,
        _ right: Digest,
        using hasher: SHA256 = SHA256()
    ) -> Digest {
        hasher.hash(prefix: 0x01, left, right)
    }

    /// The root over `leaves`.
    package static func root(of leaves: [Digest], using hasher: SHA256 = SHA256()) -> Digest {
        root(of: leaves[...], hasher)
    }

    /// The hashes that lead from the leaf at `index` to the root, nearest first.
    package static func inclusionProof(
        of index: Int,
        in leaves: [Digest],
        using hasher: SHA256 = SHA256()
    ) -> [Digest] {
        precondition(leaves.indices.contains(index), "the leaf must be in the tree")
        var proof: [Digest] = []
        var rest = leaves[...]
        while rest.count > 1 {
            let middle = rest.startIndex + split(rest.count)
            if index < middle {
                proof.append(root(of: rest[middle...], hasher))
                rest = rest[..<middle]
            } else {
                proof.append(root(of: rest[..<middle], hasher))
                rest = rest[middle...]
            }
        }
        return proof.reversed()
    }

    /// Tells whether `proof` leads from `leaf` at `index` to the `root` of a tree of `count` leaves.
    package static func isIncluded(
        _ leaf: Digest,
        at index: UInt64,
        of count: UInt64,
        proof: [Digest],
        root: Digest,
        using hasher: SHA256 = SHA256()
    ) -> Bool {
        guard index < count, proof.count <= pathLimit else { return false }
        var position = index
        var last = count - 1
        var hash = leaf
        for sibling in proof {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = nodeHash(sibling, hash, using: hasher)
                while position & 1 == 0 && position > 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling, using: hasher)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// The hashes that prove that the tree of the first `oldCount` leaves is a prefix of this one.
    package static func consistencyProof(
        from oldCount: Int,
        in leaves: [Digest],
        using hasher: SHA256 = SHA256()
    ) -> [Digest] {
        precondition((0...leaves.count).contains(oldCount), "the old tree is no larger")
        guard oldCount > 0, oldCount < leaves.count else { return [] }
        var proof: [Digest] = []
        var rest = leaves[...]
        var old = oldCount
        var isWholeOldTree = true
        while old < rest.count {
            let half = split(rest.count)
            let middle = rest.startIndex + half
            if old <= half {
                proof.append(root(of: rest[middle...], hasher))
                rest = rest[..<middle]
            } else {
                proof.append(root(of: rest[..<middle], hasher))
                rest = rest[middle...]
                old -= half
                isWholeOldTree = false
            }
        }
        if !isWholeOldTree { proof.append(root(of: rest, hasher)) }
        return proof.reversed()
    }

    /// Tells whether `proof` shows that a tree with `newRoot` begins with the tree of `oldRoot`.
    package static func isConsistent(
        oldCount: UInt64,
        oldRoot: Digest,
        newCount: UInt64,
        newRoot: Digest,
        proof: [Digest],
        using hasher: SHA256 = SHA256()
    ) -> Bool {
        guard oldCount <= newCount, proof.count <= pathLimit + 1 else { return false }
        if oldCount == newCount { return proof.isEmpty && oldRoot == newRoot }
        // Every tree begins with the empty one, whose root is fixed.
        if oldCount == 0 { return proof.isEmpty && oldRoot == root(of: [], using: hasher) }
        var position = oldCount - 1
        var last = newCount - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var rest = proof[...]
        // An old tree of a full power of two is a node of the new one and is not repeated.
        guard let start = position == 0 ? oldRoot : rest.popFirst() else { return false }
        var old = start
        var new = start
        for sibling in rest {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                old = nodeHash(sibling, old, using: hasher)
                new = nodeHash(sibling, new, using: hasher)
                while position & 1 == 0 && position > 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                new = nodeHash(new, sibling, using: hasher)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }

    private static func root(of leaves: ArraySlice<Digest>, _ hasher: SHA256) -> Digest {
        var tree = MerkleAccumulator()
        for leaf in leaves { tree.append(leafHash: leaf, using: hasher) }
        return tree.root(using: hasher)
    }

    /// The largest power of two below `count`, which is above one.
    private static func split(_ count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
