internal import ArchiveBytes

/// The plain bytes of a page.
///
///     u16 entry count ‖ u16 prefix length ‖ u16 used bytes ‖ u16 zero
///     a slot of eight bytes for each entry, in key order:
///         u16 offset of the entry ‖ u16 length of the rest of its key ‖ head: four bytes of that rest
///     the prefix that all keys of the page share
///     the entries, in order, without gaps; zeros to the end of the page
///
///     entry of a leaf:    value ‖ tail: the rest of the key behind its head
///     entry of a branch:  page number, transaction, tag of the child ‖ tail of the separator
///
/// A key is prefix ‖ head ‖ tail; a head that is longer than the rest of its key ends in zeros. The
/// heads lie side by side, so a search touches the entries themselves only where heads are equal.
///
/// The separator of a branch's entry is the lower fence of its child: no key below it is in the
/// child. The leftmost page of a level has the empty fence.
enum PageLayout {
    static let headerByteCount = 8
    static let slotByteCount = 8
    static let headByteCount = 4

    /// The bytes of an entry on the page, with a key of which the first `prefixCount` are shared.
    ///
    /// Of a shorter rest the head takes as much room as of a longer one.
    @inline(__always)
    static func entryByteCount(keyCount: Int, payloadCount: Int, prefixCount: Int) -> Int {
        slotByteCount &+ payloadCount &+ max(0, keyCount &- prefixCount &- headByteCount)
    }

    /// Checks that every offset and length stays within the body and its limits, so that reading the
    /// entries afterwards cannot leave it.
    ///
    /// The order of keys is ``IndexInvariants``'s.
    static func isWellFormed(_ body: Span<UInt8>, isLeaf: Bool, keyByteLimit: Int) -> Bool {
        let count = KeyOrder.u16(body, at: 0)
        let prefixCount = KeyOrder.u16(body, at: 2)
        let end = KeyOrder.u16(body, at: 4)
        let first = headerByteCount + count * slotByteCount + prefixCount
        guard count > 0, KeyOrder.u16(body, at: 6) == 0, end <= body.count, first <= end else {
            return false
        }
        var offset = first
        guard KeyOrder.u16(body, at: headerByteCount) == first else { return false }
        for index in 0..<count {
            let slot = headerByteCount + index * slotByteCount
            let next = index + 1 < count ? KeyOrder.u16(body, at: slot + slotByteCount) : end
            let restCount = KeyOrder.u16(body, at: slot + 2)
            let payloadCount = next - offset - max(0, restCount - headByteCount)
            guard next <= end, prefixCount + restCount <= keyByteLimit else { return false }
            guard
                isLeaf
                    ? (0...IndexLimits.valueByteCount).contains(payloadCount)
                    : payloadCount == PageReference.byteCount
            else { return false }
            if restCount < headByteCount {
                let padding = (slot + 4 + restCount)..<(slot + slotByteCount)
                guard KeyOrder.isZero(body, padding) else { return false }
            }
            offset = next
        }
        return KeyOrder.isZero(body, end..<body.count)
    }
}
