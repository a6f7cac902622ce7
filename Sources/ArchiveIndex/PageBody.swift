internal import ArchiveBytes

/// The plain bytes of one well-formed page, and the ways to find something in them; see
/// ``PageLayout``.
struct PageBody: Sendable {
    let isLeaf: Bool
    let count: Int
    let prefixCount: Int
    let usedByteCount: Int
    private var bytes: [UInt8]

    /// Nil if the bytes are not a well-formed page: ``PageLayout/isWellFormed(_:isLeaf:keyByteLimit:)``.
    init?(_ bytes: consuming [UInt8], isLeaf: Bool, keyByteLimit: Int) {
        let wellFormed = PageLayout.isWellFormed(
            bytes.span,
            isLeaf: isLeaf,
            keyByteLimit: keyByteLimit
        )
        guard wellFormed else { return nil }
        self.isLeaf = isLeaf
        count = Int(bytes.span.u16(at: 0))
        prefixCount = Int(bytes.span.u16(at: 2))
        usedByteCount = Int(bytes.span.u16(at: 4))
        self.bytes = bytes
    }

    /// Overwrites everything with zeros.
    mutating func wipe() {
        for index in bytes.indices { bytes[index] = 0 }
    }

    /// The child of one entry of a branch.
    func child(_ slot: Int) -> PageReference {
        PageReference(decoding: bytes.span, at: entry(slot).lowerBound)
    }

    /// Lends an entry: the prefix of all keys, the rest of its key, and its value or child.
    func withEntry<Result, Failure: Error>(
        _ slot: Int,
        _ use: (
            _ prefix: Span<UInt8>, _ suffix: Span<UInt8>, _ payload: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let entry = entry(slot)
        let payload = payload(of: entry)
        let span = bytes.span
        return try use(
            span.extracting(prefix),
            span.extracting(payload.upperBound..<entry.upperBound),
            span.extracting(payload)
        )
    }

    /// Compares the key of an entry with `key`.
    func compare(_ slot: Int, with key: Span<UInt8>) -> Int {
        let order = comparePrefix(with: key)
        if order != 0 { return order }
        let suffix = suffix(of: entry(slot))
        return KeyOrder.compare(bytes.span, suffix, key, prefixCount..<key.count)
    }

    /// The first entry whose key is not before `key`, and whether it is that key.
    func lowerBound(_ key: Span<UInt8>) -> (slot: Int, isEqual: Bool) {
        let order = comparePrefix(with: key)
        if order > 0 { return (0, false) }
        if order < 0 { return (count, false) }
        let rest = prefixCount..<key.count
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) &>> 1
            let order = KeyOrder.compare(bytes.span, suffix(of: entry(middle)), key, rest)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return (low, false)
    }

    private var prefix: Range<Int> {
        let start = PageLayout.headerByteCount &+ count &* PageLayout.offsetByteCount
        return start..<(start &+ prefixCount)
    }

    private func entry(_ slot: Int) -> Range<Int> {
        precondition(slot >= 0 && slot < count, "the page has no such entry")
        let at = PageLayout.headerByteCount &+ slot &* PageLayout.offsetByteCount
        let start = Int(bytes.span.u16(at: at))
        return start..<(slot &+ 1 < count ? Int(bytes.span.u16(at: at &+ 2)) : usedByteCount)
    }

    private func payload(of entry: Range<Int>) -> Range<Int> {
        guard isLeaf else {
            return entry.lowerBound..<(entry.lowerBound &+ PageReference.byteCount)
        }
        let start = entry.lowerBound &+ 1
        return start..<(start &+ Int(bytes[entry.lowerBound]))
    }

    private func suffix(of entry: Range<Int>) -> Range<Int> {
        payload(of: entry).upperBound..<entry.upperBound
    }

    /// Negative if all keys of the page come before `key`, positive if none does; zero if `key`
    /// begins with the prefix, which then need not be compared again.
    private func comparePrefix(with key: Span<UInt8>) -> Int {
        let shared = min(prefixCount, key.count)
        let start = prefix.lowerBound
        let order = KeyOrder.compare(bytes.span, start..<(start &+ shared), key, 0..<shared)
        return order == 0 && key.count < prefixCount ? 1 : order
    }
}
