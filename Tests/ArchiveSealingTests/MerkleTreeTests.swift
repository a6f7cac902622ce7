import ArchiveBytes
import ArchiveSealing
import Testing

/// The definitions of RFC 9162 §2.1, word for word and without any cleverness.
private struct NaiveTree {
    let leaves: [Digest]
    let hasher = SHA256()

    func split(_ count: Int) -> Int {
        var k = 1
        while k * 2 < count { k *= 2 }
        return k
    }

    func root(_ range: Range<Int>) -> Digest {
        let none: [UInt8] = []
        if range.isEmpty { return hasher.hash(none.span) }
        if range.count == 1 { return leaves[range.lowerBound] }
        let middle = range.lowerBound + split(range.count)
        let joined =
            [0x01] + root(range.lowerBound..<middle).bytes + root(middle..<range.upperBound).bytes
        return hasher.hash(joined.span)
    }

    func path(_ index: Int, _ range: Range<Int>) -> [Digest] {
        if range.count == 1 { return [] }
        let k = split(range.count)
        let (left, right) = (
            range.lowerBound..<range.lowerBound + k, range.lowerBound + k..<range.upperBound
        )
        return index < k
            ? path(index, left) + [root(right)] : path(index - k, right) + [root(left)]
    }

    func subproof(_ old: Int, _ range: Range<Int>, _ isWhole: Bool) -> [Digest] {
        if old == range.count { return isWhole ? [] : [root(range)] }
        let k = split(range.count)
        let (left, right) = (
            range.lowerBound..<range.lowerBound + k, range.lowerBound + k..<range.upperBound
        )
        return old <= k
            ? subproof(old, left, isWhole) + [root(right)]
            : subproof(old - k, right, false) + [root(left)]
    }
}

@Suite struct `Merkle tree` {
    static let limit = 130

    static func leaves(_ count: Int) -> [Digest] {
        (0..<count).map { MerkleTree.leafHash(of: [UInt8($0), 0x5a].span) }
    }

    @Test func `the roots published for certificate logs come out`() throws {
        let leaves = try [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ].map { text in
            let data = try hex(text)
            return MerkleTree.leafHash(of: data.span)
        }
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        for count in 0...8 {
            #expect(MerkleTree.root(of: Array(leaves[..<count])).hex == roots[count])
        }
    }

    @Test func `the proofs of the example with seven leaves are those of RFC 9162`() {
        let d = Self.leaves(7)
        let g = MerkleTree.nodeHash(d[0], d[1])
        let h = MerkleTree.nodeHash(d[2], d[3])
        let i = MerkleTree.nodeHash(d[4], d[5])
        let k = MerkleTree.nodeHash(g, h)
        let l = MerkleTree.nodeHash(i, d[6])
        #expect(MerkleTree.inclusionProof(of: 0, in: d) == [d[1], h, l])
        #expect(MerkleTree.inclusionProof(of: 3, in: d) == [d[2], g, l])
        #expect(MerkleTree.inclusionProof(of: 4, in: d) == [d[5], d[6], k])
        #expect(MerkleTree.inclusionProof(of: 6, in: d) == [i, k])
        #expect(MerkleTree.consistencyProof(from: 3, in: d) == [d[2], d[3], g, l])
        #expect(MerkleTree.consistencyProof(from: 4, in: d) == [l])
        #expect(MerkleTree.consistencyProof(from: 6, in: d) == [i, d[6], k])
    }

    @Test func `a growing tree has the root of the definition at every size`() throws {
        let leaves = Self.leaves(Self.limit)
        let naive = NaiveTree(leaves: leaves)
        var tree = MerkleAccumulator()
        for count in 0...Self.limit {
            #expect(tree.root() == naive.root(0..<count))
            #expect(tree.count == UInt64(count))
            let resumed = try #require(MerkleAccumulator(count: tree.count, peaks: tree.peaks))
            #expect(resumed == tree)
            tree = resumed
            if count < Self.limit { tree.append(leafHash: leaves[count]) }
        }
    }

    @Test func `a state whose peaks do not fit its count is refused`() {
        #expect(MerkleAccumulator(count: 5, peaks: [.zero]) == nil)
        #expect(MerkleAccumulator(count: 0, peaks: [.zero]) == nil)
        #expect(MerkleAccumulator(count: 4, peaks: []) == nil)
    }

    @Test func `every leaf of every tree is proved, as the definition says`() {
        let leaves = Self.leaves(Self.limit)
        let naive = NaiveTree(leaves: leaves)
        let hasher = SHA256()
        for count in 1...Self.limit {
            let tree = Array(leaves[..<count])
            let root = MerkleTree.root(of: tree, using: hasher)
            for index in 0..<count {
                let proof = MerkleTree.inclusionProof(of: index, in: tree, using: hasher)
                // The naive definition is slow: it is compared where the shape of trees changes.
                if count < 40 || count > 125 { #expect(proof == naive.path(index, 0..<count)) }
                func isIncluded(_ leaf: Int, at place: Int, _ proof: [Digest]) -> Bool {
                    MerkleTree.isIncluded(
                        tree[leaf],
                        at: UInt64(place),
                        of: UInt64(count),
                        proof: proof,
                        root: root,
                        using: hasher
                    )
                }
                #expect(isIncluded(index, at: index, proof))
                #expect(!isIncluded(index, at: index, proof + [.zero]))
                #expect(!isIncluded(index, at: count, proof))
                if count > 1 {
                    #expect(!isIncluded(index, at: index, proof.dropLast()))
                    #expect(!isIncluded((index + 1) % count, at: index, proof))
                    #expect(!isIncluded(index, at: (index + 1) % count, proof))
                }
            }
        }
    }

    @Test func `every tree is proved to begin with every smaller one`() {
        let leaves = Self.leaves(Self.limit)
        let naive = NaiveTree(leaves: leaves)
        let hasher = SHA256()
        let roots = (0...Self.limit).map {
            MerkleTree.root(of: Array(leaves[..<$0]), using: hasher)
        }
        for count in 1...Self.limit {
            let tree = Array(leaves[..<count])
            for old in 1...count {
                let proof = MerkleTree.consistencyProof(from: old, in: tree, using: hasher)
                if count < 40 || count > 125 {
                    #expect(proof == naive.subproof(old, 0..<count, true))
                }
                func isConsistent(_ oldRoot: Digest, _ newRoot: Digest, _ proof: [Digest]) -> Bool {
                    MerkleTree.isConsistent(
                        oldCount: UInt64(old),
                        oldRoot: oldRoot,
                        newCount: UInt64(count),
                        newRoot: newRoot,
                        proof: proof,
                        using: hasher
                    )
                }
                #expect(isConsistent(roots[old], roots[count], proof))
                #expect(!isConsistent(roots[old - 1], roots[count], proof))
                #expect(!isConsistent(roots[old], roots[count - 1], proof))
                #expect(!isConsistent(roots[old], roots[count], proof + [.zero]))
                if !proof.isEmpty {
                    #expect(!isConsistent(roots[old], roots[count], proof.dropLast()))
                }
            }
        }
    }

    @Test func `every tree begins with the empty one and none shrinks`() {
        let leaves = Self.leaves(3)
        let empty = MerkleTree.root(of: [])
        let root = MerkleTree.root(of: leaves)
        #expect(MerkleTree.consistencyProof(from: 0, in: leaves).isEmpty)
        #expect(
            MerkleTree.isConsistent(
                oldCount: 0,
                oldRoot: empty,
                newCount: 3,
                newRoot: root,
                proof: []
            )
        )
        #expect(
            !MerkleTree.isConsistent(
                oldCount: 0,
                oldRoot: root,
                newCount: 3,
                newRoot: root,
                proof: []
            )
        )
        #expect(
            !MerkleTree.isConsistent(
                oldCount: 3,
                oldRoot: root,
                newCount: 0,
                newRoot: empty,
                proof: []
            )
        )
    }

    @Test func `endless proofs are refused before they are hashed`() {
        let proof = [Digest](repeating: .zero, count: 1000)
        #expect(
            !MerkleTree.isIncluded(.zero, at: 1, of: .max, proof: proof, root: .zero)
        )
        #expect(
            !MerkleTree.isConsistent(
                oldCount: 3,
                oldRoot: .zero,
                newCount: .max,
                newRoot: .zero,
                proof: proof
            )
        )
    }
}
