internal import ArchiveBytes

/// The plain bytes of one well-formed page, and the ways to find something in them; see
/// ``PageLayout``.
struct PageBody: ~Copyable, Sendable {
    let count: Int
    let usedByteCount: Int
    let bytes: WipedBytes

    /// Nil unless ``PageLayout/isWellFormed(_:isLeaf:keyByteLimit:)`` holds, or for a page of a filter
    /// ``FilterLayout/isWellFormed(_:)``.
    init?(_ bytes: consuming [UInt8], level: UInt8, keyByteLimit: Int) {
        let wellFormed =
            level == PageLevel.filter
            ? FilterLayout.isWellFormed(bytes.span)
            : PageLayout.isWellFormed(
                bytes.span,
                isLeaf: level == PageLevel.leaf,
                keyByteLimit: keyByteLimit
            )
        guard wellFormed else { return nil }
        self.init(trusted: bytes, level: level)
    }

    /// Takes a page that was just built here.
    init(trusted bytes: consuming [UInt8], level: UInt8) {
        let hasEntries = level != PageLevel.filter
        count = hasEntries ? Int(bytes.span.u16(at: 0)) : 0
        usedByteCount = hasEntries ? Int(bytes.span.u16(at: 2)) : bytes.count
        self.bytes = WipedBytes(bytes)
    }

    /// Whether a page of a filter has the bits of a stem's hash.
    func contains(_ hash: UInt64) -> Bool { FilterLayout.contains(hash, bytes.content.array.span) }

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

    /// Copies the entry that a search for `wanted` found, which is not the end.
    ///
    /// What it shares with the entry before is what that one shares with `wanted`, so none of those
    /// before it is read again.
    func copy(
        _ found: Position,
        near wanted: Span<UInt8>,
        key: inout [UInt8],
        value: inout [UInt8]
    ) {
        let span = bytes.content.array.span
        let entry = PageEntry(span, at: found.offset)
        key.removeAll(keepingCapacity: true)
        if found.slot % PageLayout.stride == 0 {
            let first = PageEntry(span, at: start(of: 0, span)).rest.lowerBound
            key.append(copying: span.extracting(first..<(first &+ entry.sharedCount)))
        } else {
            key.append(copying: wanted.extracting(..<entry.sharedCount))
        }
        key.append(copying: span.extracting(entry.rest))
        value.removeAll(keepingCapacity: true)
        value.append(copying: span.extracting(entry.payload))
    }

    /// Whether the entry that a search for `wanted` found begins with its first `count` bytes; it may be
    /// the end.
    func begins(_ found: Position, with wanted: Span<UInt8>, count: Int) -> Bool {
        guard found.slot < self.count else { return false }
        let span = bytes.content.array.span
        let entry = PageEntry(span, at: found.offset)
        let isStart = found.slot % PageLayout.stride == 0
        let shared = min(entry.sharedCount, count)
        guard count &- shared <= entry.rest.count else { return false }
        if isStart {
            let first = PageEntry(span, at: start(of: 0, span)).rest.lowerBound
            let equal = KeyOrder.sharedByteCount(span, at: first, wanted, at: 0, limit: shared)
            guard equal == shared else { return false }
        }
        let limit = count &- shared
        return KeyOrder.sharedByteCount(
            span,
            at: entry.rest.lowerBound,
            wanted,
            at: shared,
            limit: limit
        ) == limit
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
            let first = PageEntry(span, at: start(of: 0, span)).rest.lowerBound
            key.replace(from: 0, copying: span.extracting(first..<(first &+ entry.sharedCount)))
        }
        key.replace(from: entry.sharedCount, copying: span.extracting(entry.rest))
        value.replace(from: 0, copying: span.extracting(entry.payload))
        return entry.end
    }

    /// Lends all entries in order, each with whether its key is above that of the entry before, until
    /// `visit` answers false.
    ///
    /// Keys are put together in `room`, which has room for the longest.
    @inline(__always)
    func forEachEntry<Failure: Error>(
        _ room: inout [UInt8],
        _ visit: (_ isAbove: Bool, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Bool
    ) throws(Failure) {
        let span = bytes.content.array.span
        var offset = start(of: 0, span)
        let first = PageEntry(span, at: offset).rest.lowerBound
        var keyCount = 0
        for slot in 0..<count {
            let entry = PageEntry(span, at: offset)
            let isAbove: Bool
            if slot % PageLayout.stride == 0 {
                let before = Array(room[..<keyCount])
                var key = room.mutableSpan
                key.copy(span.extracting(first..<(first &+ entry.sharedCount)))
                key.copy(span.extracting(entry.rest), at: entry.sharedCount)
                let range = 0..<(entry.sharedCount &+ entry.rest.count)
                isAbove = KeyOrder.compare(before.span, before.indices, room.span, range) < 0
            } else {
                // Both begin with what they share: what follows decides.
                let rest = entry.sharedCount..<keyCount
                isAbove = KeyOrder.compare(room.span, rest, span, entry.rest) < 0
                var key = room.mutableSpan
                key.copy(span.extracting(entry.rest), at: entry.sharedCount)
            }
            keyCount = entry.sharedCount &+ entry.rest.count
            let key = room.span.extracting(..<keyCount)
            guard try visit(isAbove, key, span.extracting(entry.payload)) else { return }
            offset = entry.end
        }
    }

    /// The offset of an entry whose number is a multiple of 16.
    @inline(__always)
    func start(of stride: Int, _ span: Span<UInt8>) -> Int {
        KeyOrder.u16(
            span,
            at: PageLayout.offsetPlace(stride, count: count)
        )
    }
}
