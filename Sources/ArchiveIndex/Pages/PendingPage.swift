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
        let payloadCount = payload.count
        let byteCount =
            PageLayout.overhead(shared: shared, rest: restCount, payload: payloadCount)
            &+ restCount &+ payloadCount
        guard PageLayout.firstOffset(count &+ 1) &+ end &+ byteCount <= bytes.count else {
            return false
        }
        if isStart { starts.append(end) }
        if count == 0 { firstKey.append(copying: key) }
        count &+= 1
        let kept = isStart ? 0 : shared
        lastKey.replace(from: kept, copying: key.extracting(kept...))
        var offset = end
        var target = bytes.mutableSpan
        Self.write(length: shared, to: &target, &offset)
        let short = PageLayout.shortPayloads
        let isShort = short.contains(payloadCount)
        let form = isShort ? payloadCount &- short.lowerBound : short.count
        Self.write(length: restCount &<< 2 | form, to: &target, &offset)
        if !isShort {
            target[offset] = UInt8(truncatingIfNeeded: payloadCount)
            offset &+= 1
        }
        target.copy(key.extracting(shared...), at: offset)
        target.copy(payload, at: offset &+ restCount)
        end &+= byteCount
        return true
    }

    /// Lends the payload of the only entry.
    func withSolePayload<Result>(_ use: (Span<UInt8>) -> Result) -> Result? {
        guard count == 1 else { return nil }
        let span = bytes.span
        return use(span.extracting(PageEntry(span, at: 0).payload))
    }

    /// Lends the entries in order.
    func forEachEntry<Failure: Error>(
        _ visit: (_ key: Span<UInt8>, _ payload: Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let span = bytes.span
        var key: [UInt8] = []
        defer { key.wipe() }
        var offset = 0
        for index in 0..<count {
            let entry = PageEntry(span, at: offset)
            if index % PageLayout.stride == 0 { key.replace(from: 0, copying: firstKey.span) }
            key.replace(from: entry.sharedCount, copying: span.extracting(entry.rest))
            try visit(key.span, span.extracting(entry.payload))
            offset = entry.end
        }
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
        let entries = bytes.span
        let commonCount = Self.shared(firstKey, lastKey.span)
        target.set(u16: commonCount, at: 4)
        let start = PageEntry(entries, at: 0)
        for (index, offset) in starts.enumerated() {
            let entry = PageEntry(entries, at: offset)
            let head = PageLayout.head(of: entry, first: start, behind: commonCount, entries)
            target.set(bigEndianU32: head, at: PageLayout.headPlace(index))
            target.set(u16: first + offset, at: PageLayout.offsetPlace(index, count: count))
        }
        target.copy(entries.extracting(0..<end), at: first)
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

    fileprivate mutating func set(bigEndianU32 value: UInt32, at offset: Int) {
        for byte in 0..<4 {
            self[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byte))
        }
    }
}
