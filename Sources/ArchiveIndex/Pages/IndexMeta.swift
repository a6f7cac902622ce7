internal import ArchiveBytes
internal import ArchiveSealing

/// One tree of the forest: its root, and how many entries it holds.
struct Tree: Equatable, Sendable {
    static let byteCount = PageReference.byteCount + 16

    let reference: PageReference
    let level: UInt8
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
///        576   48  for each tree, oldest first: root (page number, transaction, tag), level of the
///                  root as 8 bytes, number of entries; then zeros to the MAC
///       4064   32  HMAC-SHA-256 of all before, under the index's meta key
struct IndexMeta: Equatable, Sendable {
    static let magic: UInt64 = UInt64(littleEndianText: "SRTREE01")
    static let formatVersion: UInt32 = 2
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
            tree.reference.encode(to: &bytes)
            bytes.append(u64: UInt64(tree.level))
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
            guard let tree, (geometry.firstPage..<pageEnd).contains(tree.reference.number) else {
                return nil
            }
            trees.append(tree)
        }
    }
}

extension Tree {
    /// Nil for a tree that is deeper than any or has no entry.
    fileprivate init?(decoding bytes: Span<UInt8>, at offset: Int) {
        let level = bytes.u64(at: offset + PageReference.byteCount)
        reference = PageReference(decoding: bytes, at: offset)
        entryCount = bytes.u64(at: offset + PageReference.byteCount + 8)
        guard level < UInt64(IndexLimits.depth), entryCount > 0 else { return nil }
        self.level = UInt8(level)
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
