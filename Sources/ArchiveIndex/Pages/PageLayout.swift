internal import ArchiveBytes

/// The plain bytes of a page.
///
///     u16 entry count ‖ u16 used bytes ‖ u16 common bytes
///     head of every 16th entry, from the first
///     u16 offset of every 16th entry, from the first
///     the entries, in key order and without gaps; zeros to the end of the page
///
///     entry:   length shared ‖ length 4 · rest + f ‖ u8 payload's length, if f is 3 ‖ rest ‖ payload
///     length:  one byte below 128, else two: the low seven bits with the top bit set, the others
///
/// Most places of records have five or six bytes: with f below 3 the payload has 4 + f.
///
/// The first so many bytes are common to all keys of the page; a head is the four bytes of a key
/// behind these, zeros where it has ended. So a search goes to the right 16 entries by bytes that lie
/// side by side, where each entry that it looked at would be elsewhere in memory.
///
/// A key is the first `shared` bytes of another key of the page, and then the rest: for every 16th
/// entry it is the page's first key, for those between it is the key before. So sorted keys take
/// little more than what they differ by, and a search decodes 16 entries at most.
///
/// The payload is a value on a leaf, and on a branch the reference of a child: page number,
/// transaction, tag. The key of a branch's entry is the lower fence of its child: no key below it is
/// in the child. The leftmost page of a level has the empty fence.
enum PageLayout {
    static let headerByteCount = 6
    static let headByteCount = 4
    static let offsetByteCount = 2
    static let stride = 16

    /// The longest an entry may be beside its key and its payload.
    static let entryOverhead = 5

    @inline(__always)
    static func offsetCount(_ count: Int) -> Int { (count &+ stride &- 1) / stride }

    /// The bytes before the first entry.
    @inline(__always)
    static func firstOffset(_ count: Int) -> Int {
        headerByteCount &+ offsetCount(count) &* (headByteCount &+ offsetByteCount)
    }

    /// Where the head of an entry is whose number is a multiple of 16.
    @inline(__always)
    static func headPlace(_ stride: Int) -> Int { headerByteCount &+ stride &* headByteCount }

    /// Where the offset of an entry is whose number is a multiple of 16.
    @inline(__always)
    static func offsetPlace(_ stride: Int, count: Int) -> Int {
        headPlace(offsetCount(count)) &+ stride &* offsetByteCount
    }

    /// The bytes that the lengths before an entry's key and payload take.
    @inline(__always)
    static func overhead(shared: Int, rest: Int, payload: Int) -> Int {
        byteCount(ofLength: shared) &+ byteCount(ofLength: rest &<< 2)
            &+ (shortPayloads.contains(payload) ? 0 : 1)
    }

    /// The lengths of payloads that need no byte of their own.
    static let shortPayloads = 4..<7

    /// The bytes that a length takes.
    @inline(__always)
    static func byteCount(ofLength length: Int) -> Int { length < 128 ? 1 : 2 }

    /// Four bytes of the key of an entry whose number is a multiple of 16.
    static func head(
        of entry: PageEntry,
        first: PageEntry,
        behind commonCount: Int,
        _ body: Span<UInt8>
    ) -> UInt32 {
        var head: UInt32 = 0
        for place in commonCount..<(commonCount + headByteCount) {
            var byte: UInt8 = 0
            if place < entry.sharedCount {
                byte = body[first.rest.lowerBound + place]
            } else if place - entry.sharedCount < entry.rest.count {
                byte = body[entry.rest.lowerBound + place - entry.sharedCount]
            }
            head = head << 8 | UInt32(byte)
        }
        return head
    }

    /// Checks that every offset and length stays within the body and its limits, so that reading
    /// the entries afterwards cannot leave it.
    ///
    /// The order of keys is ``IndexInvariants``'s.
    static func isWellFormed(_ body: Span<UInt8>, isLeaf: Bool, keyByteLimit: Int) -> Bool {
        let count = KeyOrder.u16(body, at: 0)
        let end = KeyOrder.u16(body, at: 2)
        guard count > 0, end <= body.count, firstOffset(count) < end else { return false }
        let commonCount = KeyOrder.u16(body, at: 4)
        var offset = firstOffset(count)
        var first: PageEntry?
        var keyCount = 0
        for slot in 0..<count {
            let isStart = slot % stride == 0
            if isStart { keyCount = first?.rest.count ?? 0 }
            // Five bytes behind the last entry there is padding or the end of the body.
            guard offset + 2 <= end, let entry = PageEntry(checking: body, at: offset, end: end),
                entry.sharedCount <= keyCount
            else { return false }
            keyCount = entry.sharedCount + entry.rest.count
            guard slot == 0 ? keyCount >= commonCount : entry.sharedCount >= commonCount else {
                return false
            }
            if isStart {
                let number = slot / stride
                let start = first ?? entry
                guard
                    KeyOrder.u16(body, at: offsetPlace(number, count: count)) == offset,
                    KeyOrder.u32(body, at: headPlace(number))
                        == head(of: entry, first: start, behind: commonCount, body)
                else { return false }
                first = start
            }
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
        let word = Self.length(body, &offset)
        let restCount = word &>> 2
        var payloadCount = word & 3 &+ PageLayout.shortPayloads.lowerBound
        if payloadCount == PageLayout.shortPayloads.upperBound {
            payloadCount = Int(body[offset])
            offset &+= 1
        }
        rest = offset..<(offset &+ restCount)
        payload = rest.upperBound..<(rest.upperBound &+ payloadCount)
    }

    /// Reads the lengths of an entry that may say anything; nil if it does not end by `end` or a
    /// length takes more bytes than it needs.
    init?(checking body: Span<UInt8>, at start: Int, end: Int) {
        var offset = start
        var form: UInt8 = 0
        for _ in 0..<2 {
            guard offset + 1 < end else { return nil }
            form = body[offset] & 3
            if body[offset] >= 128 {
                guard (1..<128).contains(body[offset + 1]) else { return nil }
                offset += 1
            }
            offset += 1
        }
        guard form < 3 || offset < end else { return nil }
        self.init(body, at: start)
        let isShort = PageLayout.shortPayloads.contains(payload.count)
        guard payload.upperBound <= end, isShort == (form < 3) else { return nil }
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
