internal import ArchiveBytes

/// The plain bytes of one well-formed page, and the ways to find something in them; see
/// ``PageLayout``.
struct PageBody: ~Copyable, Sendable {
    let isLeaf: Bool
    let count: Int
    let prefixCount: Int
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
        self.init(trusted: bytes, isLeaf: isLeaf)
    }

    /// Takes a page that was just built here.
    init(trusted bytes: consuming [UInt8], isLeaf: Bool) {
        self.isLeaf = isLeaf
        count = Int(bytes.span.u16(at: 0))
        prefixCount = Int(bytes.span.u16(at: 2))
        usedByteCount = Int(bytes.span.u16(at: 4))
        self.bytes = WipedBytes(bytes)
    }

    /// The child of one entry of a branch.
    func child(_ index: Int) -> PageReference {
        let span = bytes.content.array.span
        return PageReference(decoding: span, at: KeyOrder.u16(span, at: slot(index)))
    }

    /// Lends an entry: the parts of its key, and its value or child.
    @inline(__always)
    func withEntry<Result, Failure: Error>(
        _ index: Int,
        _ use: (
            _ prefix: Span<UInt8>, _ head: Span<UInt8>, _ tail: Span<UInt8>,
            _ payload: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let span = bytes.content.array.span
        let slot = slot(index)
        let restCount = KeyOrder.u16(span, at: slot &+ 2)
        let headCount = min(restCount, PageLayout.headByteCount)
        let entry = entry(index, slot, span)
        let tail = entry.upperBound &- restCount &+ headCount
        return try use(
            span.extracting(prefix),
            span.extracting((slot &+ 4)..<(slot &+ 4 &+ headCount)),
            span.extracting(tail..<entry.upperBound),
            span.extracting(entry.lowerBound..<tail)
        )
    }

    /// Compares the key of an entry with `key`.
    func compare(_ index: Int, with key: Span<UInt8>) -> Int {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return order }
        return compareRest(index, key, head(of: key), span)
    }

    /// The first entry whose key is not before `key`, and whether it is that key.
    func lowerBound(_ key: Span<UInt8>) -> (slot: Int, isEqual: Bool) {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return (order > 0 ? 0 : count, false) }
        return search(key, head(of: key), 0..<count, span)
    }

    /// The same from `start` on, before which all keys are lower, and fast if it is near.
    func lowerBound(_ key: Span<UInt8>, from start: Int) -> (slot: Int, isEqual: Bool) {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return (order > 0 ? start : count, false) }
        let head = head(of: key)
        var low = start
        var stride = 1
        while low &+ stride < count, compareRest(low &+ stride, key, head, span) < 0 {
            low &+= stride &+ 1
            stride &*= 2
        }
        return search(key, head, low..<min(count, low &+ stride &+ 1), span)
    }

    /// The lower bound of a key that begins with the prefix, among some of the entries.
    @inline(__always)
    private func search(
        _ key: Span<UInt8>,
        _ head: UInt32,
        _ indices: Range<Int>,
        _ span: Span<UInt8>
    ) -> (slot: Int, isEqual: Bool) {
        var low = indices.lowerBound
        var high = indices.upperBound
        while low < high {
            let middle = (low &+ high) &>> 1
            let order = compareRest(middle, key, head, span)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Compares an entry with a key that begins with the prefix.
    @inline(__always)
    private func compareRest(
        _ index: Int,
        _ key: Span<UInt8>,
        _ head: UInt32,
        _ span: Span<UInt8>
    ) -> Int {
        let slot = slot(index)
        let other = KeyOrder.lastFour(span, ofEightAt: slot)
        if other != head { return other < head ? -1 : 1 }
        let restCount = KeyOrder.u16(span, at: slot &+ 2)
        let headCount = PageLayout.headByteCount
        guard restCount > headCount, key.count &- prefixCount > headCount else {
            // Where one has nothing behind its head, the longer one follows.
            return restCount &- (key.count &- prefixCount)
        }
        let end = entry(index, slot, span).upperBound
        return KeyOrder.compare(
            span,
            (end &- restCount &+ headCount)..<end,
            key,
            (prefixCount &+ headCount)..<key.count
        )
    }

    /// The head that a key, which begins with the prefix, would have on this page.
    @inline(__always)
    private func head(of key: Span<UInt8>) -> UInt32 {
        UInt32(
            truncatingIfNeeded: KeyOrder.word(key, at: prefixCount, end: key.count) &>> 32
        )
    }

    private var prefix: Range<Int> {
        let start = PageLayout.headerByteCount &+ count &* PageLayout.slotByteCount
        return start..<(start &+ prefixCount)
    }

    @inline(__always)
    private func slot(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "the page has no such entry")
        return PageLayout.headerByteCount &+ index &* PageLayout.slotByteCount
    }

    @inline(__always)
    private func entry(_ index: Int, _ slot: Int, _ span: Span<UInt8>) -> Range<Int> {
        let start = KeyOrder.u16(span, at: slot)
        let end =
            index &+ 1 < count
            ? KeyOrder.u16(span, at: slot &+ PageLayout.slotByteCount) : usedByteCount
        return start..<end
    }

    /// Negative if all keys of the page come before `key`, positive if none does; zero if `key`
    /// begins with the prefix, which then need not be compared again.
    @inline(__always)
    private func comparePrefix(with key: Span<UInt8>, _ span: Span<UInt8>) -> Int {
        let shared = min(prefixCount, key.count)
        let start = prefix.lowerBound
        let order = KeyOrder.compare(span, start..<(start &+ shared), key, 0..<shared)
        return order == 0 && key.count < prefixCount ? 1 : order
    }
}
