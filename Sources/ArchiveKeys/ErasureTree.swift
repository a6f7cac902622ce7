import ArchiveBytes
import ArchiveSealing

/// The puncturable function that leads from a subject's tag to the leaf its key is made of.
///
/// A GGM tree: the node key of a child is HMAC-SHA-256(node key, digit), the digit one byte of 0…3.
/// The 96 bits of a tag are 48 such digits, the most significant bits of its first byte first; the
/// key of the node at depth 48 is the leaf. At the start there is one random root, and nothing is
/// stored for a subject, so that a copy of any age derives every leaf that was not punctured in it.
///
/// To puncture a tag is to replace the node that covers it by the siblings along the path: every
/// other leaf can still be derived, and this one can no more. A tag that no node covers is erased.
struct ErasureTree: Sendable {
    /// The digits of a tag.
    static let depth = 48

    /// A node whose key is kept: it covers all tags that begin with its first `depth` digits.
    struct Node: Sendable {
        let depth: Int
        /// The digits, with zeros behind.
        let prefix: DomainTag
        let key: SecretKey
    }

    /// The nodes in the order of their prefixes; none covers another.
    private(set) var nodes: [Node]

    /// A tree in which nothing is erased.
    init(root: SecretKey) {
        nodes = [Node(depth: 0, prefix: DomainTag(head: 0, tail: 0), key: root)]
    }

    /// A tree from stored nodes, or nil unless they are in order and disjoint.
    init?(nodes: [Node]) {
        for (index, node) in nodes.enumerated() {
            guard (0...Self.depth).contains(node.depth),
                node.prefix.truncated(toDigits: node.depth) == node.prefix
            else { return nil }
            guard index > 0 else { continue }
            let before = nodes[index - 1]
            guard before.prefix < node.prefix,
                node.prefix.truncated(toDigits: before.depth) != before.prefix
            else { return nil }
        }
        self.nodes = nodes
    }

    /// Tells whether the leaf of `tag` can no more be derived.
    func isErased(_ tag: DomainTag) -> Bool { place(covering: tag) == nil }

    /// Derives the leaf of `tag`, or gives nil if it is erased.
    func leaf(of tag: DomainTag) throws(KeyError) -> SecretKey? {
        guard let place = place(covering: tag) else { return nil }
        return try Self.descend(from: nodes[place], towards: tag, to: Self.depth)
    }

    /// Makes the leaf of `tag` impossible to derive from this tree; false if it was already.
    mutating func puncture(_ tag: DomainTag) throws(KeyError) -> Bool {
        guard let place = place(covering: tag) else { return false }
        var siblings: [Node] = []
        var node = nodes[place]
        while node.depth < Self.depth {
            let taken = tag.digit(node.depth)
            for digit in 0..<4 where digit != taken {
                siblings.append(try Self.child(digit, of: node))
            }
            node = try Self.child(taken, of: node)
        }
        siblings.sort { $0.prefix < $1.prefix }
        nodes.replaceSubrange(place...place, with: siblings)
        return true
    }

    /// The only node that can cover `tag`: the last whose prefix is not above it.
    private func place(covering tag: DomainTag) -> Int? {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].prefix <= tag { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let node = nodes[low - 1]
        return tag.truncated(toDigits: node.depth) == node.prefix ? low - 1 : nil
    }

    private static func child(_ digit: Int, of node: Node) throws(KeyError) -> Node {
        let prefix = node.prefix.setting(digit: digit, at: node.depth)
        let key = try descend(from: node, towards: prefix, to: node.depth + 1)
        return Node(depth: node.depth + 1, prefix: prefix, key: key)
    }

    /// The key of the node at `depth` on the way from `node` to `tag`.
    private static func descend(
        from node: Node,
        towards tag: DomainTag,
        to depth: Int
    ) throws(KeyError) -> SecretKey {
        guard node.depth < depth else { return node.key }
        let digits = (node.depth..<depth).map { UInt8(tag.digit($0)) }
        var key = node.key.withSpan { SecretBytes(copying: $0) }
        key.withMutableSpan { SHA256().chain(&$0, over: digits.span) }
        return try SecretKey(sized: key)
    }
}

extension DomainTag {
    /// The two bits at `level`, counted from the most significant of the first byte.
    func digit(_ level: Int) -> Int {
        level < 32
            ? Int(head >> UInt64(62 - 2 * level) & 3) : Int(tail >> UInt32(94 - 2 * level) & 3)
    }

    /// The same tag with another digit at `level`.
    func setting(digit: Int, at level: Int) -> DomainTag {
        guard level < 32 else {
            let shift = UInt32(94 - 2 * level)
            return DomainTag(head: head, tail: tail & ~(3 << shift) | UInt32(digit) << shift)
        }
        let shift = UInt64(62 - 2 * level)
        return DomainTag(head: head & ~(3 << shift) | UInt64(digit) << shift, tail: tail)
    }

    /// The first `count` digits with zeros behind.
    func truncated(toDigits count: Int) -> DomainTag {
        // Shifts by the whole width or more give zero.
        count <= 32
            ? DomainTag(head: head & ~(UInt64.max >> UInt64(2 * count)), tail: 0)
            : DomainTag(head: head, tail: tail & ~(UInt32.max >> UInt32(2 * count - 64)))
    }
}
