internal import ArchiveBytes

/// Entries that wait to become one page, in key order.
///
/// The size of the page that they would make is known at any time, so that it can be cut where it
/// is full: keys that share a longer beginning make a smaller page.
struct PendingPage {
    struct Slot: BitwiseCopyable {
        /// Where the payload lies; the key follows.
        let offset: UInt32
        let keyCount: UInt16
        let payloadCount: UInt16
    }

    let isLeaf: Bool
    private(set) var slots: [Slot] = []
    /// The bytes that all keys share.
    private(set) var prefixCount = 0
    /// Each payload and, behind it, its key; valid up to `end`.
    private var bytes: [UInt8]
    private var end = 0

    init(isLeaf: Bool, capacity: Int) {
        self.isLeaf = isLeaf
        // Whole keys take more room here than on the page, where they are without their prefix.
        bytes = Array(repeating: 0, count: 2 * capacity)
    }

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    /// The bytes of the page that these entries make.
    var usedByteCount: Int {
        Self.usedByteCount(
            slots.count,
            rawByteCount: end,
            prefixCount: prefixCount,
            isLeaf: isLeaf
        )
    }

    /// The bytes of a page of `count` entries with `rawByteCount` bytes of payloads and whole keys.
    static func usedByteCount(
        _ count: Int,
        rawByteCount: Int,
        prefixCount: Int,
        isLeaf: Bool
    ) -> Int {
        PageLayout.headerByteCount &+ rawByteCount &- prefixCount &* (count &- 1)
            &+ count &* PageLayout.entryOverhead(isLeaf: isLeaf)
    }

    /// Appends an entry, unless the page would then be larger than `capacity`.
    mutating func append(
        _ key: Span<UInt8>,
        payload: Span<UInt8>,
        capacity: Int
    ) -> Bool {
        let keyCount = key.count
        let start = end
        let newEnd = start &+ payload.count &+ keyCount
        // Keys are in order: what the first and the last share, all share.
        let shared = slots.isEmpty ? keyCount : sharedWithFirst(key)
        let used = Self.usedByteCount(
            slots.count &+ 1,
            rawByteCount: newEnd,
            prefixCount: shared,
            isLeaf: isLeaf
        )
        guard used <= capacity else { return false }
        if newEnd > bytes.count { grow(toHold: newEnd) }
        prefixCount = shared
        slots.append(
            Slot(
                offset: UInt32(truncatingIfNeeded: start),
                keyCount: UInt16(truncatingIfNeeded: keyCount),
                payloadCount: UInt16(truncatingIfNeeded: payload.count)
            )
        )
        end = newEnd
        var target = bytes.mutableSpan
        target.copy(payload, at: start)
        target.copy(key, at: start &+ payload.count)
        return true
    }

    /// Lends one entry.
    func withEntry<Result>(
        _ index: Int,
        _ use: (_ key: Span<UInt8>, _ payload: Span<UInt8>) -> Result
    ) -> Result {
        let slot = slots[index]
        let start = Int(slot.offset)
        let key = start &+ Int(slot.payloadCount)
        let span = bytes.span
        return use(
            span.extracting(key..<(key &+ Int(slot.keyCount))),
            span.extracting(start..<key)
        )
    }

    mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        prefixCount = 0
        end = 0
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        removeAll()
        for index in bytes.indices { bytes[index] = 0 }
    }

    /// The bytes that a key shares with the first one, as many at most as all share.
    @inline(__always)
    private func sharedWithFirst(_ key: Span<UInt8>) -> Int {
        KeyOrder.sharedByteCount(
            bytes.span,
            at: Int(slots[0].payloadCount),
            key,
            at: 0,
            limit: min(key.count, prefixCount)
        )
    }

    private mutating func grow(toHold byteCount: Int) {
        bytes.append(contentsOf: repeatElement(0, count: max(byteCount, 2 * bytes.count)))
    }

    /// Writes the plain bytes of the page over `body`.
    func encode(into body: inout [UInt8]) {
        let used = usedByteCount
        precondition(used <= body.count, "the entries must fit on the page")
        var target = body.mutableSpan
        target.set(u16: slots.count, at: 0)
        target.set(u16: prefixCount, at: 2)
        target.set(u16: used, at: 4)
        target.set(u16: 0, at: 6)
        let source = bytes.span
        var offset = PageLayout.headerByteCount + slots.count * PageLayout.offsetByteCount
        let first = Int(slots[0].payloadCount)
        target.copy(source.extracting(first..<(first + prefixCount)), at: offset)
        offset += prefixCount
        var place = PageLayout.headerByteCount
        for index in slots.indices {
            let slot = slots[index]
            target.set(u16: offset, at: place)
            place &+= PageLayout.offsetByteCount
            let start = Int(slot.offset)
            let key = start &+ Int(slot.payloadCount)
            let end = key &+ Int(slot.keyCount)
            if isLeaf {
                target[offset] = UInt8(truncatingIfNeeded: slot.payloadCount)
                offset &+= 1
            }
            target.copy(source.extracting(start..<key), at: offset)
            offset &+= key &- start
            target.copy(source.extracting((key &+ prefixCount)..<end), at: offset)
            offset &+= end &- key &- prefixCount
        }
        for index in offset..<target.count { target[index] = 0 }
    }
}

extension MutableSpan where Element == UInt8 {
    @inline(__always)
    fileprivate mutating func set(u16 value: Int, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value &>> 8)
    }
}
