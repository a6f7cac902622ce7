internal import ArchiveBytes

/// A page while it is being filled, in key order.
///
/// Entries are written as they will stand on the page, but for the offsets before them: how many
/// there are is known only at the end.
struct PendingPage {
    private(set) var count = 0
    /// The entries, valid up to `end`.
    private var bytes: [UInt8]
    private var end = 0
    /// Where every 16th entry begins in `bytes`.
    private var starts: [Int] = []
    private var firstKey: [UInt8] = []
    private(set) var lastKey: [UInt8] = []

    init(capacity: Int) {
        bytes = Array(repeating: 0, count: capacity)
    }

    /// The bytes of the page that these entries make.
    var usedByteCount: Int { PageLayout.firstOffset(count) &+ end }

    /// Appends an entry, unless the page would then be larger than it may be.
    mutating func append(_ key: Span<UInt8>, payload: Span<UInt8>) -> Bool {
        let isStart = count % PageLayout.stride == 0
        let shared = isStart ? Self.shared(firstKey, key) : Self.shared(lastKey, key)
        let restCount = key.count &- shared
        let byteCount =
            PageLayout.byteCount(ofLength: shared) &+ PageLayout.byteCount(ofLength: restCount)
            &+ 1 &+ restCount &+ payload.count
        guard PageLayout.firstOffset(count &+ 1) &+ end &+ byteCount <= bytes.count else {
            return false
        }
        if isStart { starts.append(end) }
        if count == 0 { firstKey.append(copying: key) }
        count &+= 1
        let kept = isStart ? 0 : shared
        let excess = lastKey.count &- kept
        lastKey.removeLast(excess)
        lastKey.append(copying: key.extracting(kept...))
        var offset = end
        var target = bytes.mutableSpan
        Self.write(length: shared, to: &target, &offset)
        Self.write(length: restCount, to: &target, &offset)
        target[offset] = UInt8(truncatingIfNeeded: payload.count)
        target.copy(key.extracting(shared...), at: offset &+ 1)
        target.copy(payload, at: offset &+ 1 &+ restCount)
        end &+= byteCount
        return true
    }

    /// Lends the payload of the only entry.
    func withSolePayload<Result>(_ use: (Span<UInt8>) -> Result) -> Result? {
        guard count == 1 else { return nil }
        let span = bytes.span
        return use(span.extracting(PageEntry(span, at: 0).payload))
    }

    mutating func removeAll() {
        count = 0
        end = 0
        starts.removeAll(keepingCapacity: true)
        firstKey.removeAll(keepingCapacity: true)
        lastKey.removeAll(keepingCapacity: true)
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        for index in bytes.indices { bytes[index] = 0 }
        for index in firstKey.indices { firstKey[index] = 0 }
        for index in lastKey.indices { lastKey[index] = 0 }
        removeAll()
    }

    /// Writes the plain bytes of the page over `body`.
    func encode(into body: inout [UInt8]) {
        let first = PageLayout.firstOffset(count)
        precondition(first + end <= body.count, "the entries must fit on the page")
        var target = body.mutableSpan
        target.set(u16: count, at: 0)
        target.set(u16: first + end, at: 2)
        for (index, start) in starts.enumerated() {
            let at = PageLayout.headerByteCount + index * PageLayout.offsetByteCount
            target.set(u16: first + start, at: at)
        }
        target.copy(bytes.span.extracting(0..<end), at: first)
        for index in (first + end)..<target.count { target[index] = 0 }
    }

    private static func shared(_ other: [UInt8], _ key: Span<UInt8>) -> Int {
        let limit = min(other.count, key.count)
        return KeyOrder.sharedByteCount(other.span, at: 0, key, at: 0, limit: limit)
    }

    @inline(__always)
    private static func write(
        length: Int,
        to target: inout MutableSpan<UInt8>,
        _ offset: inout Int
    ) {
        if length < 128 {
            target[offset] = UInt8(truncatingIfNeeded: length)
        } else {
            target[offset] = UInt8(truncatingIfNeeded: length | 128)
            offset &+= 1
            target[offset] = UInt8(truncatingIfNeeded: length &>> 7)
        }
        offset &+= 1
    }
}

extension MutableSpan where Element == UInt8 {
    @inline(__always)
    fileprivate mutating func set(u16 value: Int, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value &>> 8)
    }
}
