import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveKeys

@Suite struct `Erasure tree` {
    /// The walk as keys.md defines it, one HMAC a digit.
    private func naiveLeaf(_ tag: [UInt8], root: SecretKey) -> [UInt8] {
        var key = root.revealed
        for byte in tag {
            for shift in [6, 4, 2, 0] as [UInt8] {
                let digit = [byte >> shift & 3]
                key = HMACSHA256(key: key.span).authenticate(digit.span).bytes
            }
        }
        return key
    }

    private func tag(_ number: UInt64) -> DomainTag {
        let bytes =
            [UInt8](repeating: 0, count: 8)
            + (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        let digest = SHA256.hash(bytes.span).bytes
        return DomainTag(digest.span)
    }

    @Test func `a leaf is forty-eight steps of two bits from the root`() throws {
        let root = try Sample.key(6)
        let tree = ErasureTree(root: root)
        for bytes in [
            [UInt8](repeating: 0, count: 12), [UInt8](repeating: 255, count: 12), [UInt8](1...12),
        ] {
            let leaf = try tree.leaf(of: DomainTag(bytes.span))
            #expect(leaf?.revealed == naiveLeaf(bytes, root: root))
        }
    }

    @Test func `erasing one subject takes exactly that one`() throws {
        let before = try Sample.fixed()
        let after = try Sample.fixed(erasing: ["victim"])
        let collections = ["labs", "notes", "victim", "system"]
        for keyring in [before, after] {
            for name in collections { keyring.learn(collection: name) }
        }
        let victim = before.tag(of: .subject("victim"))
        #expect(after.isErased(victim))
        #expect(!before.isErased(victim))
        for epoch in [1, 2] as [UInt32] {
            #expect(code { _ = try after.domainKey(for: victim, epoch: epoch) } == .erased)
            #expect(code { _ = try after.contentKey(for: victim, epoch: epoch) } == .erased)
            for name in collections {
                #expect(
                    try after.key(.collection(name), epoch: epoch)
                        == before.key(.collection(name), epoch: epoch)
                )
            }
        }
        for number in 0..<1000 {
            let name = "MRN-\(number)"
            #expect(try after.key(.subject(name)) == before.key(.subject(name)))
        }
        // An older copy of the keyring still opens everything.
        _ = try before.key(.subject("victim"))
    }

    @Test func `neighbours in the tree survive at every depth`() throws {
        let whole = ErasureTree(root: try Sample.key(6))
        let victim = tag(1)
        var punctured = whole
        #expect(try punctured.puncture(victim))
        #expect(punctured.nodes.count == 3 * ErasureTree.depth)
        for level in 0..<ErasureTree.depth {
            for digit in 0..<4 {
                let other = victim.setting(digit: digit, at: level)
                let leaf = try punctured.leaf(of: other)?.revealed
                if other == victim {
                    #expect(leaf == nil)
                } else {
                    #expect(try leaf == whole.leaf(of: other)?.revealed)
                }
            }
        }
    }

    @Test func `many erasures in any order leave the same tree`() throws {
        let victims = (0..<40).map { tag($0) }
        var forward = ErasureTree(root: try Sample.key(6))
        var backward = forward
        let whole = forward
        for victim in victims { #expect(try forward.puncture(victim)) }
        for victim in victims.reversed() { #expect(try backward.puncture(victim)) }
        #expect(forward.nodes.map(\.prefix) == backward.nodes.map(\.prefix))
        #expect(forward.nodes.map(\.key.revealed) == backward.nodes.map(\.key.revealed))
        for victim in victims {
            #expect(forward.isErased(victim))
            #expect(try forward.leaf(of: victim) == nil)
            #expect(try !forward.puncture(victim))
        }
        for number in 100..<300 as Range<UInt64> {
            #expect(
                try forward.leaf(of: tag(number))?.revealed == whole.leaf(of: tag(number))?.revealed
            )
        }
    }

    @Test func `the whole family of a node can be erased`() throws {
        var tree = ErasureTree(root: try Sample.key(6))
        let first = tag(5)
        for digit in 0..<4 {
            #expect(try tree.puncture(first.setting(digit: digit, at: ErasureTree.depth - 1)))
        }
        #expect(tree.nodes.count == 3 * (ErasureTree.depth - 1))
        #expect(tree.isErased(first))
        let rebuilt = try #require(ErasureTree(nodes: tree.nodes))
        #expect(rebuilt.isErased(first))
    }

    @Test func `stored nodes that overlap, are out of order or too deep are refused`() throws {
        let key = try Sample.key(1)
        func node(_ depth: Int, _ head: UInt64, tail: UInt32 = 0) -> ErasureTree.Node {
            .init(depth: depth, prefix: DomainTag(head: head, tail: tail), key: key)
        }
        #expect(ErasureTree(nodes: [node(0, 0), node(1, 1 << 62)]) == nil)
        #expect(ErasureTree(nodes: [node(1, 1 << 62), node(1, 0)]) == nil)
        #expect(ErasureTree(nodes: [node(1, 0), node(1, 0)]) == nil)
        #expect(ErasureTree(nodes: [node(1, 1)]) == nil)
        #expect(ErasureTree(nodes: [node(40, 0, tail: 1)]) == nil)
        #expect(ErasureTree(nodes: [node(49, 0)]) == nil)
        #expect(ErasureTree(nodes: [node(1, 0), node(1, 1 << 62)]) != nil)
        #expect(ErasureTree(nodes: []) != nil)
    }

    @Test func `digits are the tag's bits in order`() {
        let bytes: [UInt8] = [
            0b00_01_10_11, 0, 0, 0, 0, 0, 0, 0, 0b11_00_00_00, 0, 0, 0b00_00_00_10,
        ]
        let tag = DomainTag(bytes.span)
        #expect((0..<4).map { tag.digit($0) } == [0, 1, 2, 3])
        #expect(tag.digit(32) == 3)
        #expect(tag.digit(47) == 2)
        var copy = DomainTag(head: 0, tail: 0)
        for level in 0..<ErasureTree.depth {
            copy = copy.setting(digit: tag.digit(level), at: level)
            #expect(copy == tag.truncated(toDigits: level + 1))
        }
        #expect(copy == tag)
        #expect(copy.bytes == bytes)
    }
}
