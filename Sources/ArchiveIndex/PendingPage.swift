internal import ArchiveBytes

/// Entries that wait to become one page, in key order.
///
/// The size of the page that they would make is known at any time: keys that share a longer
/// beginning make a smaller page, and each entry remembers what it shares with the one before.
struct PendingPage {
    struct Slot: BitwiseCopyable {
        let offset: UInt32
        let keyCount: UInt16
        let payloadCount: UInt16
        /// The bytes shared with the key before it on this level, even if that is on another page.
        let sharedCount: UInt16
    }

    let isLeaf: Bool
    private(set) var slots: [Slot] = []
    /// Each key and, behind it, its payload.
    private(set) var bytes: [UInt8] = []
    /// The bytes that all keys share.
    private(set) var prefixCount = 0
    /// Keys, payloads and what each entry costs beside them, as if nothing were shared.
    private var rawByteCount = 0

    init(isLeaf: Bool) { self.isLeaf = isLeaf }

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    /// The bytes of the page that these entries make.
    var usedByteCount: Int {
        PageLayout.headerByteCount &+ rawByteCount &- prefixCount &* (slots.count &- 1)
    }

    /// The bytes of the page with one more entry.
    func usedByteCount(addingKey keyCount: Int, payload: Int, shared: Int) -> Int {
        let prefix = slots.isEmpty ? keyCount : min(prefixCount, shared)
        return PageLayout.headerByteCount &+ rawByteCount &+ keyCount &+ payload
            &+ PageLayout.entryOverhead(isLeaf: isLeaf) &- prefix &* slots.count
    }

    /// The bytes that the last key shares with `prefix ‖ suffix`.
    func sharedWithLast(_ prefix: Span<UInt8>, _ suffix: Span<UInt8>) -> Int {
        guard let last = slots.last else { return 0 }
        let start = Int(last.offset)
        let keyCount = Int(last.keyCount)
        let span = bytes.span
        let limit = min(prefix.count, keyCount)
        let shared = KeyOrder.sharedByteCount(span, at: start, prefix, at: 0, limit: limit)
        guard shared == prefix.count else { return shared }
        return shared
            &+ KeyOrder.sharedByteCount(
                span,
                at: start &+ shared,
                suffix,
                at: 0,
                limit: min(suffix.count, keyCount &- shared)
            )
    }

    /// The first byte of the last key: the table that it belongs to.
    var table: UInt8? {
        guard let last = slots.last, last.keyCount > 0 else { return nil }
        return bytes[Int(last.offset)]
    }

    mutating func append(
        _ prefix: Span<UInt8>,
        _ suffix: Span<UInt8>,
        payload: Span<UInt8>,
        shared: Int
    ) {
        let keyCount = prefix.count &+ suffix.count
        prefixCount = slots.isEmpty ? keyCount : min(prefixCount, shared)
        rawByteCount &+=
            keyCount &+ payload.count &+ PageLayout.entryOverhead(isLeaf: isLeaf)
        slots.append(
            Slot(
                offset: UInt32(bytes.count),
                keyCount: UInt16(keyCount),
                payloadCount: UInt16(payload.count),
                sharedCount: UInt16(shared)
            )
        )
        bytes.append(copying: prefix)
        bytes.append(copying: suffix)
        bytes.append(copying: payload)
    }

    /// Appends entries of another page, which come after these.
    mutating func append(_ range: Range<Int>, of other: borrowing PendingPage) {
        let span = other.bytes.span
        for index in range {
            let slot = other.slots[index]
            let start = Int(slot.offset)
            let middle = start + Int(slot.keyCount)
            append(
                span.extracting(start..<middle),
                span.extracting(0..<0),
                payload: span.extracting(middle..<(middle + Int(slot.payloadCount))),
                shared: Int(slot.sharedCount)
            )
        }
    }

    mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        prefixCount = 0
        rawByteCount = 0
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        removeAll()
        bytes.append(contentsOf: repeatElement(0, count: bytes.capacity))
        bytes.removeAll()
    }

    /// The shortest key that separates this page from the one before: in a leaf, what the first key
    /// shares with the last of that page and one byte more.
    func withSeparator<Result>(_ use: (Span<UInt8>) -> Result) -> Result {
        let first = slots[0]
        let count =
            isLeaf
            ? min(Int(first.sharedCount) + 1, Int(first.keyCount)) : Int(first.keyCount)
        return use(bytes.span.extracting(Int(first.offset)..<(Int(first.offset) + count)))
    }

    /// Writes the plain bytes of the page over `body`.
    func encode(into body: inout [UInt8]) {
        precondition(usedByteCount <= body.count, "the entries must fit on the page")
        var target = body.mutableSpan
        target.set(u16: slots.count, at: 0)
        target.set(u16: prefixCount, at: 2)
        target.set(u16: usedByteCount, at: 4)
        target.set(u16: 0, at: 6)
        let source = bytes.span
        var offset = PageLayout.headerByteCount + slots.count * PageLayout.offsetByteCount
        let start = Int(slots[0].offset)
        target.copy(source.extracting(start..<(start + prefixCount)), at: offset)
        offset += prefixCount
        for index in slots.indices {
            let slot = slots[index]
            target.set(
                u16: offset,
                at: PageLayout.headerByteCount + index * PageLayout.offsetByteCount
            )
            let key = Int(slot.offset)
            let payload = key &+ Int(slot.keyCount)
            let end = payload &+ Int(slot.payloadCount)
            if isLeaf {
                target[offset] = UInt8(truncatingIfNeeded: slot.payloadCount)
                offset &+= 1
            }
            target.copy(source.extracting(payload..<end), at: offset)
            offset &+= end &- payload
            target.copy(source.extracting((key &+ prefixCount)..<payload), at: offset)
            offset &+= payload &- key &- prefixCount
        }
        for index in offset..<target.count { target[index] = 0 }
    }
}

extension MutableSpan where Element == UInt8 {
    fileprivate mutating func set(u16 value: Int, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value &>> 8)
    }
}
