import ArchiveSealing
import Support
import Testing

/// Pieces are hashed in one call; each must hash as it does alone.
@Suite struct `Hashing pieces` {
    static let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    @Test func `every length hashes beside every other as it does alone`() {
        let hasher = SHA256()
        // Neighbours of all lengths up to three blocks, short beside long.
        for length in 1...200 {
            var starts = [0]
            for piece in 0..<40 { starts.append(starts[piece] + (piece % 2 == 0 ? length : piece)) }
            let bytes = Array(Self.bytes[..<(starts[40] + 77)])
            let leaves = starts.indices.map { index in
                let end = index == 40 ? bytes.count : starts[index + 1]
                return MerkleTree.leafHash(of: bytes.span.extracting(starts[index]..<end))
            }
            #expect(root(hasher, bytes, starts) == MerkleTree.root(of: leaves))
        }
    }

    @Test func `a tree over any number of pieces has the root of its leaves`() {
        let hasher = SHA256()
        for count in 1...140 {
            let starts = (0..<count).map { $0 * 61 }
            let bytes = Array(Self.bytes[..<(count * 61 + 5)])
            let leaves = starts.indices.map { index in
                let end = index == count - 1 ? bytes.count : starts[index + 1]
                return MerkleTree.leafHash(of: bytes.span.extracting(starts[index]..<end))
            }
            #expect(root(hasher, bytes, starts) == MerkleTree.root(of: leaves))
        }
    }

    @Test func `a message that was begun is not mixed into pieces`() {
        let hasher = SHA256()
        hasher.update(Self.bytes.span)
        let root = root(hasher, [1, 2, 3], [0])
        #expect(root == MerkleTree.leafHash(of: [1, 2, 3].span))
    }
}

/// The root over the pieces of `bytes` that begin at `starts`, a byte being put before the first.
func root(_ hasher: SHA256, _ bytes: [UInt8], _ starts: [Int]) -> Digest {
    let before: [UInt8] = [0xa5] + bytes
    var changed = before
    var span = changed.mutableSpan
    let moved = starts.map { $0 + 1 }
    let root = hasher.treeRoot(overPiecesOf: &span, at: moved.span)
    #expect(changed == before, "what hashing wrote before a piece is put back")
    return root
}
