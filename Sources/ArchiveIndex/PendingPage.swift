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

    private(set) var slots: [Slot] = []
    /// The bytes that all keys share.
    private(set) var prefixCount = 0
    /// The bytes of the page that these entries make.
    private(set) var usedByteCount = PageLayout.headerByteCount
    /// Each payload and, behind it, its key; valid up to `end`.
    ///
    /// Nothing until the first entry comes.
    private var bytes: [UInt8] = []
    private var end = 0
    private let roomByteCount: Int

    init(capacity: Int) {
        // Whole keys take more room here than on the page, where they are without their prefix.
        roomByteCount = 2 * capacity
    }

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    /// The first byte of the keys, if there are any: the table that they belong to.
    var table: UInt8? {
        guard let first = slots.first, first.keyCount > 0 else { return nil }
        return bytes[Int(first.offset) + Int(first.payloadCount)]
    }

    /// Appends an entry, unless the page would then be larger than `capacity`.
    ///
    /// The key comes in up to three parts, as it lies on a page that it is copied from.
    mutating func append(
        _ prefix: Span<UInt8>,
        _ head: Span<UInt8>,
        _ tail: Span<UInt8>,
        payload: Span<UInt8>,
        capacity: Int
    ) -> Bool {
        let keyCount = prefix.count &+ head.count &+ tail.count
        // Keys are in order: what the first and the last share, all share.
        let shared = slots.isEmpty ? keyCount : sharedWithFirst(prefix, head, tail)
        let before = shared == prefixCount ? usedByteCount : usedByteCount(sharing: shared)
        let used =
            before
            &+ PageLayout.entryByteCount(
                keyCount: keyCount,
                payloadCount: payload.count,
                prefixCount: shared
            )
        guard used <= capacity else { return false }
        usedByteCount = used
        prefixCount = shared
        var place = end
        end = place &+ payload.count &+ keyCount
        if end > bytes.count { grow() }
        slots.append(
            Slot(
                offset: UInt32(truncatingIfNeeded: place),
                keyCount: UInt16(truncatingIfNeeded: keyCount),
                payloadCount: UInt16(truncatingIfNeeded: payload.count)
            )
        )
        var target = bytes.mutableSpan
        target.copy(payload, at: place)
        place &+= payload.count
        target.copy(prefix, at: place)
        place &+= prefix.count
        target.copy(head, at: place)
        place &+= head.count
        target.copy(tail, at: place)
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

    /// The bytes that one entry takes on the page.
    func entryByteCount(_ index: Int) -> Int {
        PageLayout.entryByteCount(
            keyCount: Int(slots[index].keyCount),
            payloadCount: Int(slots[index].payloadCount),
            prefixCount: prefixCount
        )
    }

    mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        prefixCount = 0
        usedByteCount = PageLayout.headerByteCount
        end = 0
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        removeAll()
        for index in bytes.indices { bytes[index] = 0 }
    }

    /// The bytes of the page if all keys shared only so many.
    private func usedByteCount(sharing prefixCount: Int) -> Int {
        var used = PageLayout.headerByteCount &+ prefixCount
        for slot in slots {
            used &+= PageLayout.entryByteCount(
                keyCount: Int(slot.keyCount),
                payloadCount: Int(slot.payloadCount),
                prefixCount: prefixCount
            )
        }
        return used
    }

    /// The bytes that a key shares with the first one, as many at most as all share.
    @inline(__always)
    private func sharedWithFirst(
        _ prefix: Span<UInt8>,
        _ head: Span<UInt8>,
        _ tail: Span<UInt8>
    ) -> Int {
        let first = Int(slots[0].payloadCount)
        var shared = sharedByteCount(at: first, prefix, limit: prefixCount)
        guard shared == prefix.count else { return shared }
        shared &+= sharedByteCount(at: first &+ shared, head, limit: prefixCount &- shared)
        guard shared == prefix.count &+ head.count else { return shared }
        return shared &+ sharedByteCount(at: first &+ shared, tail, limit: prefixCount &- shared)
    }

    @inline(__always)
    private func sharedByteCount(at offset: Int, _ part: Span<UInt8>, limit: Int) -> Int {
        KeyOrder.sharedByteCount(
            bytes.span,
            at: offset,
            part,
            at: 0,
            limit: min(limit, part.count)
        )
    }

    private mutating func grow() {
        let room = max(roomByteCount, end + end / 2)
        bytes.append(contentsOf: repeatElement(0, count: room - bytes.count))
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
        var place = PageLayout.headerByteCount
        var offset = place + slots.count * PageLayout.slotByteCount
        let first = Int(slots[0].payloadCount)
        target.copy(source.extracting(first..<(first + prefixCount)), at: offset)
        offset += prefixCount
        for index in slots.indices {
            let slot = slots[index]
            let start = Int(slot.offset)
            let key = start &+ Int(slot.payloadCount)
            let end = key &+ Int(slot.keyCount)
            let rest = key &+ prefixCount
            let tail = min(rest &+ PageLayout.headByteCount, end)
            target.set(u16: offset, at: place)
            target.set(u16: end &- rest, at: place &+ 2)
            let head = KeyOrder.word(source, at: rest, end: tail)
            for byte in 0..<PageLayout.headByteCount {
                target[place &+ 4 &+ byte] = UInt8(
                    truncatingIfNeeded: head &>> UInt64(56 &- 8 &* byte)
                )
            }
            place &+= PageLayout.slotByteCount
            target.copy(source.extracting(start..<key), at: offset)
            offset &+= key &- start
            target.copy(source.extracting(tail..<end), at: offset)
            offset &+= end &- tail
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
