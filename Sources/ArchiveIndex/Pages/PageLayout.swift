internal import ArchiveBytes

/// The plain bytes of a page.
///
///     u16 entry count ‖ u16 used bytes
///     u16 offset of every 16th entry, from the first
///     the entries, in key order and without gaps; zeros to the end of the page
///
///     entry:   length shared ‖ length of the rest ‖ u8 length of the payload ‖ rest ‖ payload
///     length:  one byte below 128, else two: the low seven bits with the top bit set, the others
///
/// A key is the first `shared` bytes of another key of the page, and then the rest: for every 16th
/// entry it is the page's first key, for those between it is the key before. So sorted keys take
/// little more than what they differ by, and a search decodes 16 entries at most.
///
/// The payload is a value on a leaf, and on a branch the reference of a child: page number,
/// transaction, tag. The key of a branch's entry is the lower fence of its child: no key below it is
/// in the child. The leftmost page of a level has the empty fence.
enum PageLayout {
    static let headerByteCount = 4
    static let offsetByteCount = 2
    static let stride = 16

    /// The longest an entry may be beside its key and its payload.
    static let entryOverhead = 5

    @inline(__always)
    static func offsetCount(_ count: Int) -> Int { (count &+ stride &- 1) / stride }

    /// The bytes before the first entry.
    @inline(__always)
    static func firstOffset(_ count: Int) -> Int {
        headerByteCount &+ offsetCount(count) &* offsetByteCount
    }

    /// The bytes that a length takes.
    @inline(__always)
    static func byteCount(ofLength length: Int) -> Int { length < 128 ? 1 : 2 }

    /// Checks that every offset and length stays within the body and its limits, so that reading
    /// the entries afterwards cannot leave it.
    ///
    /// The order of keys is ``IndexInvariants``'s.
    static func isWellFormed(_ body: Span<UInt8>, isLeaf: Bool, keyByteLimit: Int) -> Bool {
        let count = KeyOrder.u16(body, at: 0)
        let end = KeyOrder.u16(body, at: 2)
        guard count > 0, end <= body.count, firstOffset(count) < end else { return false }
        var offset = firstOffset(count)
        var firstCount = 0
        var keyCount = 0
        for slot in 0..<count {
            if slot % stride == 0 {
                let at = headerByteCount + slot / stride * offsetByteCount
                guard KeyOrder.u16(body, at: at) == offset else { return false }
                keyCount = firstCount
            }
            // Five bytes behind the last entry there is padding or the end of the body.
            guard offset + 3 <= end, let entry = PageEntry(checking: body, at: offset, end: end),
                entry.sharedCount <= keyCount
            else { return false }
            keyCount = entry.sharedCount + entry.rest.count
            if slot == 0 { firstCount = keyCount }
            let isPayloadRight =
                isLeaf
                ? entry.payload.count <= IndexLimits.valueByteCount
                : entry.payload.count == PageReference.byteCount
            // Only the first fence of a branch is empty.
            guard isPayloadRight, keyCount <= keyByteLimit, keyCount > 0 || !isLeaf else {
                return false
            }
            offset = entry.end
        }
        return offset == end && KeyOrder.isZero(body, end..<body.count)
    }
}

/// Where the parts of one entry lie on its page.
struct PageEntry {
    let sharedCount: Int
    let rest: Range<Int>
    let payload: Range<Int>

    var end: Int { payload.upperBound }

    /// Reads the lengths of an entry of a well-formed page.
    @inline(__always)
    init(_ body: Span<UInt8>, at start: Int) {
        var offset = start
        sharedCount = Self.length(body, &offset)
        let restCount = Self.length(body, &offset)
        let payloadCount = Int(body[offset])
        let restStart = offset &+ 1
        rest = restStart..<(restStart &+ restCount)
        payload = rest.upperBound..<(rest.upperBound &+ payloadCount)
    }

    /// Reads the lengths of an entry that may say anything; nil if it does not end by `end` or a
    /// length takes more bytes than it needs.
    init?(checking body: Span<UInt8>, at start: Int, end: Int) {
        var offset = start
        for _ in 0..<2 {
            guard offset + 2 < end else { return nil }
            if body[offset] >= 128 {
                guard (1..<128).contains(body[offset + 1]) else { return nil }
                offset += 1
            }
            offset += 1
        }
        self.init(body, at: start)
        guard payload.upperBound <= end else { return nil }
    }

    @inline(__always)
    private static func length(_ body: Span<UInt8>, _ offset: inout Int) -> Int {
        let low = Int(body[offset])
        offset &+= 1
        guard low >= 128 else { return low }
        defer { offset &+= 1 }
        return low &- 128 | Int(body[offset]) &<< 7
    }
}
