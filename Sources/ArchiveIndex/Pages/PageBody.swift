internal import ArchiveBytes

/// The plain bytes of one well-formed page, and the ways to find something in them; see
/// ``PageLayout``.
struct PageBody: ~Copyable, Sendable {
    let count: Int
    let usedByteCount: Int
    private let bytes: WipedBytes

    /// Nil unless ``PageLayout/isWellFormed(_:isLeaf:keyByteLimit:)`` holds.
    init?(_ bytes: consuming [UInt8], isLeaf: Bool, keyByteLimit: Int) {
        let wellFormed = PageLayout.isWellFormed(
            bytes.span,
            isLeaf: isLeaf,
            keyByteLimit: keyByteLimit
        )
        guard wellFormed else { return nil }
        self.init(trusted: bytes)
    }

    /// Takes a page that was just built here.
    init(trusted bytes: consuming [UInt8]) {
        count = Int(bytes.span.u16(at: 0))
        usedByteCount = Int(bytes.span.u16(at: 2))
        self.bytes = WipedBytes(bytes)
    }

    /// A place on the page: an entry, or the end.
    struct Position {
        /// The number of the entry; the page's count at the end.
        var slot: Int
        var offset: Int
        /// Where the entry before lies; meaningless for the first.
        var previous = 0
        /// Whether the entry has the key that was looked for.
        var isEqual = false
    }

    /// The first entry whose key is not before `key`.
    func lowerBound(_ key: Span<UInt8>) -> Position {
        let span = bytes.content.array.span
        let first = PageEntry(span, at: PageLayout.firstOffset(count))
        // What the key shares with the first one decides most comparisons that follow.
        let matched = sharedByteCount(span, first, key, from: 0)
        let order = Self.order(span, first, key, matched)
        if order >= 0 {
            return Position(slot: 0, offset: start(of: 0, span), isEqual: order == 0)
        }
        var low = 0
        var high = PageLayout.offsetCount(count)
        var known = matched
        while low &+ 1 < high {
            let middle = (low &+ high) &>> 1
            let entry = PageEntry(span, at: start(of: middle, span))
            if entry.sharedCount != matched {
                if entry.sharedCount > matched { low = middle } else { high = middle }
                if low == middle { known = matched }
                continue
            }
            let shared = sharedByteCount(span, entry, key, from: matched)
            if Self.order(span, entry, key, shared) > 0 {
                high = middle
            } else {
                low = middle
                known = shared
            }
        }
        return walk(from: low, key, known, span)
    }

    /// Goes on from the last 16th entry whose key is not behind `key`, of which it shares `matched`
    /// bytes.
    private func walk(
        from stride: Int,
        _ key: Span<UInt8>,
        _ known: Int,
        _ span: Span<UInt8>
    ) -> Position {
        var matched = known
        var position = Position(slot: stride &* PageLayout.stride, offset: start(of: stride, span))
        var entry = PageEntry(span, at: position.offset)
        if entry.sharedCount &+ entry.rest.count == matched, key.count == matched {
            position.isEqual = true
            return position
        }
        let end = min(count, position.slot &+ PageLayout.stride)
        while true {
            position.previous = position.offset
            position.offset = entry.end
            position.slot &+= 1
            guard position.slot < end else { return position }
            entry = PageEntry(span, at: position.offset)
            // It differs from the entry before where that was the key's, so it comes behind the key;
            // or it has what that had, so it comes before.
            if entry.sharedCount < matched { return position }
            if entry.sharedCount > matched { continue }
            matched = sharedByteCount(span, entry, key, from: matched)
            let order = Self.order(span, entry, key, matched)
            if order >= 0 {
                position.isEqual = order == 0
                return position
            }
        }
    }

    /// Goes to an entry by its number.
    func position(of slot: Int) -> Position {
        precondition(slot >= 0 && slot < count, "the page has no such entry")
        let span = bytes.content.array.span
        var offset = start(of: slot / PageLayout.stride, span)
        for _ in 0..<(slot % PageLayout.stride) { offset = PageEntry(span, at: offset).end }
        return Position(slot: slot, offset: offset)
    }

    /// Lends the value or child of the entry at an offset.
    @inline(__always)
    func withPayload<Result>(at offset: Int, _ use: (Span<UInt8>) -> Result) -> Result {
        let span = bytes.content.array.span
        return use(span.extracting(PageEntry(span, at: offset).payload))
    }

    /// Copies an entry of which nothing is known; the offset behind it.
    func copy(_ slot: Int, key: inout [UInt8], value: inout [UInt8]) -> Int {
        precondition(slot >= 0 && slot < count, "the page has no such entry")
        let first = slot - slot % PageLayout.stride
        var end = start(of: slot / PageLayout.stride, bytes.content.array.span)
        for slot in first...slot { end = copyNext(slot, at: end, key: &key, value: &value) }
        return end
    }

    /// Copies the entry at an offset; `key` holds that of the entry before.
    ///
    /// The offset behind it.
    @inline(__always)
    func copyNext(
        _ slot: Int,
        at offset: Int,
        key: inout [UInt8],
        value: inout [UInt8]
    ) -> Int {
        let span = bytes.content.array.span
        let entry = PageEntry(span, at: offset)
        if slot % PageLayout.stride == 0 {
            key.removeAll(keepingCapacity: true)
            let first = PageEntry(span, at: start(of: 0, span)).rest.lowerBound
            key.append(copying: span.extracting(first..<(first &+ entry.sharedCount)))
        } else {
            key.removeLast(key.count &- entry.sharedCount)
        }
        key.append(copying: span.extracting(entry.rest))
        value.removeAll(keepingCapacity: true)
        value.append(copying: span.extracting(entry.payload))
        return entry.end
    }

    // MARK: Comparing

    /// The offset of an entry whose number is a multiple of 16.
    @inline(__always)
    private func start(of stride: Int, _ span: Span<UInt8>) -> Int {
        KeyOrder.u16(
            span,
            at: PageLayout.headerByteCount &+ stride &* PageLayout.offsetByteCount
        )
    }

    /// How many bytes an entry's key shares with `key`, if it shares `known` and has as many from the
    /// key before.
    @inline(__always)
    private func sharedByteCount(
        _ span: Span<UInt8>,
        _ entry: PageEntry,
        _ key: Span<UInt8>,
        from known: Int
    ) -> Int {
        known
            &+ KeyOrder.sharedByteCount(
                span,
                at: entry.rest.lowerBound,
                key,
                at: known,
                limit: min(entry.rest.count, key.count &- known)
            )
    }

    /// The order of an entry's key and `key`, which share `matched` bytes and no more.
    @inline(__always)
    private static func order(
        _ span: Span<UInt8>,
        _ entry: PageEntry,
        _ key: Span<UInt8>,
        _ matched: Int
    ) -> Int {
        let place = entry.rest.lowerBound &+ matched &- entry.sharedCount
        guard place < entry.rest.upperBound else { return matched == key.count ? 0 : -1 }
        guard matched < key.count else { return 1 }
        return Int(span[place]) &- Int(key[matched])
    }
}
