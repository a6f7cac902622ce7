internal import ArchiveBytes
internal import ArchiveSealing

/// The root of one version of the tree.
struct TreeRoot: Equatable, Sendable {
    let reference: PageReference
    let level: UInt8
}

/// One of the two slots at the start of the file: the tree as one checkpoint left it.
///
///     offset size
///          0    8  magic `SRTREE01`
///          8    4  format version
///         12    4  page size in bytes
///         16   16  archive id
///         32    8  index generation, drawn at random when the file is created
///         40    8  transaction
///         48   32  root: page number, transaction, tag; all zeros for an empty tree
///         80    1  level of the root, then 7 zeros
///         88    8  number of entries
///         96    8  the number after the last page in use
///        104    4  length of the coverage, then 4 zeros
///        112  512  coverage, then zeros to the MAC
///       4064   32  HMAC-SHA-256 of all before, under the index's meta key
struct IndexMeta: Equatable, Sendable {
    static let magic: UInt64 = UInt64(littleEndianText: "SRTREE01")
    static let formatVersion: UInt32 = 1
    static let macOffset = PageGeometry.metaSlotByteCount - Digest.byteCount
    private static let coverageOffset = 112

    let pageByteCount: Int
    let archive: [UInt8]
    let generation: UInt64
    var transaction: UInt64
    var root: TreeRoot?
    var entryCount: UInt64
    var pageEnd: UInt64
    var coverage: [UInt8]

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
        let none = PageReference(number: 0, transaction: 0, tag: PageTag(low: 0, high: 0))
        (root?.reference ?? none).encode(to: &bytes)
        bytes.append(u64: UInt64(root?.level ?? 0))
        bytes.append(u64: entryCount)
        bytes.append(u64: pageEnd)
        bytes.append(u64: UInt64(coverage.count))
        bytes.append(contentsOf: coverage)
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
        let root = PageReference(decoding: bytes, at: 48)
        let level = bytes.u64(at: 80)
        let coverageCount = bytes.u64(at: 104)
        guard bytes.u32(at: 8) == Self.formatVersion, level < UInt64(IndexLimits.depth),
            coverageCount <= UInt64(IndexLimits.coverageByteCount),
            let geometry = PageGeometry(pageByteCount: Int(bytes.u32(at: 12)))
        else { return nil }
        pageByteCount = geometry.pageByteCount
        archive = Array(copying: bytes.extracting(16..<32))
        generation = bytes.u64(at: 32)
        transaction = bytes.u64(at: 40)
        self.root =
            root.number == 0 ? nil : TreeRoot(reference: root, level: UInt8(level))
        entryCount = bytes.u64(at: 88)
        pageEnd = bytes.u64(at: 96)
        let end = Self.coverageOffset + Int(coverageCount)
        coverage = Array(copying: bytes.extracting(Self.coverageOffset..<end))
        guard pageEnd >= geometry.firstPage, root.number < pageEnd else { return nil }
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
