internal import ArchiveBytes

/// The plain bytes of a page of a filter: blocks of 512 bits, and zeros to the end of the page.
///
/// A stem sets six bits of one block, which is one line of the processor's cache (Putze, Sanders and
/// Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007). If one of them is zero, no key of
/// the page's share of the tree begins with the stem; if all are set, one does as a rule: with ten bits a
/// stem in about 1 % of the cases none does.
enum FilterLayout {
    static let blockByteCount = 64
    private static let bitsPerStem = 10
    private static let probeCount = 6
    private static let bitOfBlock: UInt64 = 511

    /// Whether nothing stands behind the blocks.
    static func isWellFormed(_ body: Span<UInt8>) -> Bool {
        KeyOrder.isZero(body, (blockCount(body.count) * blockByteCount)..<body.count)
    }

    /// How many stems a page is for.
    static func stemLimit(bodyByteCount: Int) -> Int {
        8 * blockByteCount * blockCount(bodyByteCount) / bitsPerStem
    }

    private static func blockCount(_ bodyByteCount: Int) -> Int { bodyByteCount / blockByteCount }

    /// The hash of a stem in an index of one generation.
    ///
    /// Words of eight bytes, least significant byte first, the last one with zeros behind its end. It is no
    /// secret: who chooses names can choose some that are looked for in vain, and no more.
    static func hash(_ stem: Span<UInt8>, generation: UInt64) -> UInt64 {
        var hash = mixed(generation ^ UInt64(stem.count))
        var offset = 0
        while offset &+ 8 <= stem.count {
            hash = mixed(hash ^ stem.u64(at: offset))
            offset &+= 8
        }
        guard offset < stem.count else { return hash }
        var rest: UInt64 = 0
        for index in (offset..<stem.count).reversed() { rest = rest &<< 8 | UInt64(stem[index]) }
        return mixed(hash ^ rest)
    }

    @inline(__always)
    private static func mixed(_ word: UInt64) -> UInt64 {
        let product = word &* 0x9e37_79b9_7f4a_7c15
        return product ^ product &>> 32
    }

    /// Sets the bits of a stem.
    static func insert(_ hash: UInt64, into body: inout MutableSpan<UInt8>) {
        let start = blockStart(hash, body.count)
        for probe in 0..<probeCount {
            let bit = bit(probe, of: hash)
            body[start &+ bit &>> 3] |= 1 &<< UInt8(truncatingIfNeeded: bit & 7)
        }
    }

    /// Whether all bits of a stem are set.
    static func contains(_ hash: UInt64, _ body: Span<UInt8>) -> Bool {
        let start = blockStart(hash, body.count)
        for probe in 0..<probeCount {
            let bit = bit(probe, of: hash)
            guard body[start &+ bit &>> 3] &>> UInt8(truncatingIfNeeded: bit & 7) & 1 != 0 else {
                return false
            }
        }
        return true
    }

    /// The highest bits of the hash choose the block, the lowest 54 the bits in it.
    @inline(__always)
    private static func blockStart(_ hash: UInt64, _ bodyByteCount: Int) -> Int {
        let count = UInt64(blockCount(bodyByteCount))
        return Int(((hash &>> 32) &* count) &>> 32) &* blockByteCount
    }

    @inline(__always)
    private static func bit(_ probe: Int, of hash: UInt64) -> Int {
        Int(hash &>> UInt64(9 &* probe) & bitOfBlock)
    }
}
