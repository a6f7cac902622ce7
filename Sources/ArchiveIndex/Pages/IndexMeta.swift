internal import ArchiveBytes
internal import ArchiveSealing

/// A page that no other page names.
struct TreeRoot: Equatable, Sendable {
    let reference: PageReference
    let level: UInt8
}

/// One tree of the forest: its root, that of its filter if it has one, and how many entries it holds.
struct Tree: Equatable, Sendable {
    static let byteCount = 2 * PageReference.byteCount + 16

    let root: TreeRoot
    let filter: TreeRoot?
    let entryCount: UInt64
}

/// One of the two slots at the start of the file: the forest as one checkpoint left it.
///
///     offset size
///          0    8  magic `SRTREE01`
///          8    4  format version
///         12    4  page size in bytes
///         16   16  archive id
///         32    8  index generation, drawn at random when the file is created
///         40    8  transaction
///         48    8  the number after the last page in use
///         56    4  length of the coverage
///         60    4  number of trees
///         64  512  coverage, then zeros
///        576   80  for each tree, oldest first: root (page number, transaction, tag), root of its
///                  filter or zeros, levels of the two roots as 4 bytes each, number of entries; then
///                  zeros to the MAC
///       4064   32  HMAC-SHA-256 of all before, under the index's meta key
struct IndexMeta: Equatable, Sendable {
    static let magic: UInt64 = UInt64(littleEndianText: "SRTREE01")
    static let formatVersion: UInt32 = 3
    static let macOffset = PageGeometry.metaSlotByteCount - Digest.byteCount
    private static let coverageOffset = 64
    private static let treesOffset = coverageOffset + IndexLimits.coverageByteCount

    let pageByteCount: Int
    let archive: [UInt8]
    let generation: UInt64
    var transaction: UInt64
    /// The trees, oldest first: where two have a key, the later one counts.
    var trees: [Tree]
    var pageEnd: UInt64
    var coverage: [UInt8]

    /// The entries of all trees; one that several trees have counts as often.
    var entryCount: UInt64 { trees.reduce(0) { $0 + $1.entryCount } }

    /// Which of the two slots this transaction is written to, so that the one before stays.
    var slot: Int { Int(transaction % 2) }

    func encoded(_ authenticator: HMACSHA256) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PageGeometry.metaSlotByteCount)
        bytes.append(u64: Self.magic)
        bytes.append(u32: Self.formatVersion)
        bytes.append(u32: UInt32(pageByteCount))
        bytes.append(contentsOf: archive)
        bytes.append(u64: generation)
        bytes.append(u64: transaction)
        bytes.append(u64: pageEnd)
        bytes.append(u32: UInt32(coverage.count))
        bytes.append(u32: UInt32(trees.count))
        bytes.append(contentsOf: coverage)
        bytes.append(contentsOf: repeatElement(0, count: Self.treesOffset - bytes.count))
        for tree in trees {
            tree.root.reference.encode(to: &bytes)
            (tree.filter?.reference ?? .none).encode(to: &bytes)
            bytes.append(u32: UInt32(tree.root.level))
            bytes.append(u32: UInt32(tree.filter?.level ?? 0))
            bytes.append(u64: tree.entryCount)
        }
        bytes.append(contentsOf: repeatElement(0, count: Self.macOffset - bytes.count))
        bytes.append(digest: authenticator.authenticate(bytes.span))
        return bytes
    }
}

/// What one meta slot turns out to be.
enum MetaSlot: Equatable {
    /// All zeros: never written, or cleared by a repair.
    case empty
    case valid(IndexMeta)
    case foreign
    case newer(version: UInt32)
    case older(version: UInt32)
    case damaged

    init(_ bytes: Span<UInt8>, archive: [UInt8], _ authenticator: HMACSHA256) {
        let macOffset = IndexMeta.macOffset
        guard bytes.count == PageGeometry.metaSlotByteCount,
            bytes.indices.contains(where: { bytes[$0] != 0 })
        else {
            self = bytes.count == PageGeometry.metaSlotByteCount ? .empty : .damaged
            return
        }
        let mac = Digest(reading: bytes, at: macOffset)
        let isAuthentic = authenticator.authenticate(bytes.extracting(0..<macOffset))
            .constantTimeEquals(mac)
        let version = bytes.u32(at: 8)
        guard bytes.u64(at: 0) == IndexMeta.magic else {
            self = .damaged
            return
        }
        if version > IndexMeta.formatVersion {
            self = .newer(version: version)
        } else if !isAuthentic {
            let isOurs = bytes.extracting(16..<32).isEqual(to: archive.span)
            self = isOurs ? .damaged : .foreign
        } else if version < IndexMeta.formatVersion {
            self = .older(version: version)
        } else if let meta = IndexMeta(decoding: bytes), meta.archive == archive {
            self = .valid(meta)
        } else {
            self = .damaged
        }
    }
}

extension IndexMeta {
    /// Decodes an authentic slot; nil if a field is out of its bounds all the same.
    fileprivate init?(decoding bytes: Span<UInt8>) {
        let coverageCount = Int(bytes.u32(at: 56))
        let treeCount = Int(bytes.u32(at: 60))
        guard bytes.u32(at: 8) == Self.formatVersion,
            coverageCount <= IndexLimits.coverageByteCount, treeCount <= IndexLimits.treeCount,
            let geometry = PageGeometry(pageByteCount: Int(bytes.u32(at: 12)))
        else { return nil }
        pageByteCount = geometry.pageByteCount
        archive = Array(copying: bytes.extracting(16..<32))
        generation = bytes.u64(at: 32)
        transaction = bytes.u64(at: 40)
        pageEnd = bytes.u64(at: 48)
        guard pageEnd >= geometry.firstPage else { return nil }
        let end = Self.coverageOffset + coverageCount
        coverage = Array(copying: bytes.extracting(Self.coverageOffset..<end))
        trees = []
        for index in 0..<treeCount {
            let tree = Tree(decoding: bytes, at: Self.treesOffset + index * Tree.byteCount)
            let pages = geometry.firstPage..<pageEnd
            guard let tree, pages.contains(tree.root.reference.number),
                tree.filter.map({ pages.contains($0.reference.number) }) ?? true
            else { return nil }
            trees.append(tree)
        }
    }
}

extension Tree {
    /// Nil for a tree that is deeper than any or has no entry.
    fileprivate init?(decoding bytes: Span<UInt8>, at offset: Int) {
        let filter = PageReference(decoding: bytes, at: offset + PageReference.byteCount)
        let end = offset + 2 * PageReference.byteCount
        let levels = (root: bytes.u32(at: end), filter: bytes.u32(at: end + 4))
        entryCount = bytes.u64(at: end + 8)
        guard levels.root < UInt32(IndexLimits.depth), entryCount > 0 else { return nil }
        root = TreeRoot(
            reference: PageReference(decoding: bytes, at: offset),
            level: UInt8(levels.root)
        )
        if filter == .none, levels.filter == 0 {
            self.filter = nil
            return
        }
        guard levels.filter >= UInt32(PageLevel.filter), PageLevel.isKnown(levels.filter) else {
            return nil
        }
        self.filter = TreeRoot(reference: filter, level: UInt8(levels.filter))
    }
}

extension UInt64 {
    /// Eight ASCII characters as they lie in the file.
    fileprivate init(littleEndianText text: StaticString) {
        var value: UInt64 = 0
        for byte in "\(text)".utf8.reversed() { value = value << 8 | UInt64(byte) }
        self = value
    }
}
