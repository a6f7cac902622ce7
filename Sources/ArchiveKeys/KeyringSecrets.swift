import ArchiveBytes
import ArchiveSealing

/// What a keyring keeps under its KEK.
///
/// The plaintext, little-endian, is `R` (32 bytes), the seed of the signing key (32), the index salt
/// (32), a varint count of epochs and for each its number (u32) and key (32) in rising order, then a
/// varint count of erasure nodes and for each its depth (u8), prefix (12) and key (32) in the order
/// of the prefixes. Nothing follows.
struct KeyringSecrets: Sendable {
    /// An archive that rotates daily for a lifetime has fewer.
    static let epochLimit = 65_536
    /// About 25,000 erasures, at 3 × 42 nodes each beyond the levels that they share.
    static let nodeLimit = 3_200_000

    let root: SecretKey
    let signingSeed: SecretKey
    /// Redrawn with each generation: the index that an erasure left behind cannot be read again.
    let indexSalt: SecretKey
    let epochs: [UInt32: SecretKey]
    let currentEpoch: UInt32
    let tree: ErasureTree

    /// The secrets of a new archive.
    static func drawn() throws(KeyError) -> KeyringSecrets {
        KeyringSecrets(
            root: try .drawn(),
            signingSeed: try .drawn(),
            indexSalt: try .drawn(),
            epochs: [1: try .drawn()],
            currentEpoch: 1,
            tree: ErasureTree(root: try .drawn())
        )
    }

    /// The secrets of the next generation, in which the subjects of `tags` are erased.
    func erasing(_ tags: [DomainTag]) throws(KeyError) -> KeyringSecrets {
        var tree = tree
        for tag in tags { _ = try tree.puncture(tag) }
        return KeyringSecrets(
            root: root,
            signingSeed: signingSeed,
            indexSalt: try .drawn(),
            epochs: epochs,
            currentEpoch: currentEpoch,
            tree: tree
        )
    }

    /// The plaintext.
    func encoded() -> SecretBytes {
        var counts: [UInt8] = []
        counts.append(varint: epochs.count)
        let epochCountEnd = counts.count
        counts.append(varint: tree.nodes.count)
        let size = 96 + epochs.count * 36 + tree.nodes.count * 45 + counts.count
        var plain = SecretBytes(zeroed: size)
        plain.withMutableSpan { bytes in
            var offset = 0
            for key in [root, signingSeed, indexSalt] { bytes.put(key, at: &offset) }
            bytes.put(Array(counts[..<epochCountEnd]), at: &offset)
            for (number, key) in epochs.sorted(by: { $0.key < $1.key }) {
                var field: [UInt8] = []
                field.append(u32: number)
                bytes.put(field, at: &offset)
                bytes.put(key, at: &offset)
            }
            bytes.put(Array(counts[epochCountEnd...]), at: &offset)
            for node in tree.nodes {
                bytes.put([UInt8(node.depth)] + node.prefix.bytes, at: &offset)
                bytes.put(node.key, at: &offset)
            }
        }
        return plain
    }

    /// Decodes the plaintext, which has been authenticated.
    init(decoding bytes: Span<UInt8>) throws(KeyError) {
        do throws(DecodingError) {
            var cursor = ByteCursor()
            let fixed = [
                try cursor.key(bytes), try cursor.key(bytes), try cursor.key(bytes),
            ]
            var epochs: [UInt32: SecretKey] = [:]
            var last: UInt32 = 0
            for _ in 0..<(try cursor.count(bytes, limit: Self.epochLimit)) {
                let number = try cursor.u32(bytes)
                guard number > last else { throw DecodingError.malformed }
                last = number
                epochs[number] = try cursor.key(bytes)
            }
            var nodes: [ErasureTree.Node] = []
            for _ in 0..<(try cursor.count(bytes, limit: Self.nodeLimit)) {
                let depth = Int(try cursor.byte(bytes))
                let prefix = DomainTag(
                    bytes,
                    at: try cursor.range(bytes, count: DomainTag.byteCount).lowerBound
                )
                nodes.append(.init(depth: depth, prefix: prefix, key: try cursor.key(bytes)))
            }
            guard cursor.offset == bytes.count, last > 0, let tree = ErasureTree(nodes: nodes)
            else { throw DecodingError.malformed }
            self.init(
                root: fixed[0],
                signingSeed: fixed[1],
                indexSalt: fixed[2],
                epochs: epochs,
                currentEpoch: last,
                tree: tree
            )
        } catch {
            throw KeyError(
                .damaged,
                "the opened keyring is malformed; restore a copy of keyring.json"
            )
        }
    }

    init(
        root: SecretKey,
        signingSeed: SecretKey,
        indexSalt: SecretKey,
        epochs: [UInt32: SecretKey],
        currentEpoch: UInt32,
        tree: ErasureTree
    ) {
        self.root = root
        self.signingSeed = signingSeed
        self.indexSalt = indexSalt
        self.epochs = epochs
        self.currentEpoch = currentEpoch
        self.tree = tree
    }
}

extension MutableSpan where Element == UInt8 {
    fileprivate mutating func put(_ key: SecretKey, at offset: inout Int) {
        key.withSpan { copy($0, at: offset) }
        offset += SecretKey.byteCount
    }

    fileprivate mutating func put(_ bytes: [UInt8], at offset: inout Int) {
        copy(bytes.span, at: offset)
        offset += bytes.count
    }
}

extension ByteCursor {
    fileprivate mutating func key(_ bytes: Span<UInt8>) throws(DecodingError) -> SecretKey {
        let range = try range(bytes, count: SecretKey.byteCount)
        do throws(SealingError) {
            return try SecretKey(copying: bytes.extracting(range))
        } catch {
            throw .malformed
        }
    }
}
