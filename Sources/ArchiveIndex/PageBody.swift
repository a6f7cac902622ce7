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
    func child(_ slot: Int) -> PageReference {
        let span = bytes.content.array.span
        return PageReference(decoding: span, at: entry(slot, span).lowerBound)
    }

    /// Lends an entry: the prefix of all keys, the rest of its key, and its value or child.
    @inline(__always)
    func withEntry<Result, Failure: Error>(
        _ slot: Int,
        _ use: (
            _ prefix: Span<UInt8>, _ suffix: Span<UInt8>, _ payload: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let span = bytes.content.array.span
        let entry = entry(slot, span)
        let suffix = suffixStart(entry.lowerBound, span)
        return try use(
            span.extracting(prefix),
            span.extracting(suffix..<entry.upperBound),
            span.extracting((isLeaf ? entry.lowerBound &+ 1 : entry.lowerBound)..<suffix)
        )
    }

    /// Compares the key of an entry with `key`.
    func compare(_ slot: Int, with key: Span<UInt8>) -> Int {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return order }
        let entry = entry(slot, span)
        return KeyOrder.compare(
            span,
            suffixStart(entry.lowerBound, span)..<entry.upperBound,
            key,
            prefixCount..<key.count
        )
    }

    /// The first entry whose key is not before `key`, and whether it is that key.
    func lowerBound(_ key: Span<UInt8>) -> (slot: Int, isEqual: Bool) {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return (order > 0 ? 0 : count, false) }
        let word = KeyOrder.word(key, at: prefixCount, end: key.count)
        return search(key, word, 0..<count, span)
    }

    /// The same from `start` on, before which all keys are lower, and fast if it is near.
    func lowerBound(_ key: Span<UInt8>, from start: Int) -> (slot: Int, isEqual: Bool) {
        let span = bytes.content.array.span
        let order = comparePrefix(with: key, span)
        if order != 0 { return (order > 0 ? start : count, false) }
        let word = KeyOrder.word(key, at: prefixCount, end: key.count)
        var low = start
        var stride = 1
        while low &+ stride < count, compareRest(low &+ stride, key, word, span) < 0 {
            low &+= stride &+ 1
            stride &*= 2
        }
        return search(key, word, low..<min(count, low &+ stride &+ 1), span)
    }

    /// The lower bound of a key that begins with the prefix, among some of the entries.
    @inline(__always)
    private func search(
        _ key: Span<UInt8>,
        _ word: UInt64,
        _ slots: Range<Int>,
        _ span: Span<UInt8>
    ) -> (slot: Int, isEqual: Bool) {
        var low = slots.lowerBound
        var high = slots.upperBound
        while low < high {
            let middle = (low &+ high) &>> 1
            let order = compareRest(middle, key, word, span)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Compares an entry with a key that begins with the prefix and whose next eight bytes are
    /// `word`, which nearly always decide.
    @inline(__always)
    private func compareRest(
        _ slot: Int,
        _ key: Span<UInt8>,
        _ word: UInt64,
        _ span: Span<UInt8>
    ) -> Int {
        let entry = entry(slot, span)
        let suffix = suffixStart(entry.lowerBound, span)
        let other = KeyOrder.word(span, at: suffix, end: entry.upperBound)
        if other != word { return other < word ? -1 : 1 }
        return KeyOrder.compare(span, suffix..<entry.upperBound, key, prefixCount..<key.count)
    }

    private var prefix: Range<Int> {
        let start = PageLayout.headerByteCount &+ count &* PageLayout.offsetByteCount
        return start..<(start &+ prefixCount)
    }

    @inline(__always)
    private func entry(_ slot: Int, _ span: Span<UInt8>) -> Range<Int> {
        precondition(slot >= 0 && slot < count, "the page has no such entry")
        let at = PageLayout.headerByteCount &+ slot &* PageLayout.offsetByteCount
        let start = KeyOrder.u16(span, at: at)
        return start..<(slot &+ 1 < count ? KeyOrder.u16(span, at: at &+ 2) : usedByteCount)
    }

    @inline(__always)
    private func suffixStart(_ start: Int, _ span: Span<UInt8>) -> Int {
        isLeaf ? start &+ 1 &+ Int(span[start]) : start &+ PageReference.byteCount
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
