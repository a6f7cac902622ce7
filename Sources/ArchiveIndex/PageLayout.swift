internal import ArchiveBytes

/// The plain bytes of a page.
///
///     u16 entry count ‖ u16 prefix length ‖ u16 used bytes ‖ u16 zero
///     u16 offset of each entry, in key order
///     the prefix that all keys of the page share
///     the entries, in order, without gaps; zeros to the end of the page
///
///     entry of a leaf:    u8 value length ‖ value ‖ rest of the key
///     entry of a branch:  page number, transaction, tag of the child ‖ rest of the separator
///
/// The rest of a key ends where the next entry begins. The separator of a branch's entry is the
/// lower fence of its child: no key below it is in the child. The leftmost page of a level has the
/// empty fence.
enum PageLayout {
    static let headerByteCount = 8
    static let offsetByteCount = 2

    /// The bytes of an entry beside its key and its payload, the offset included.
    static func entryOverhead(isLeaf: Bool) -> Int {
        isLeaf ? offsetByteCount + 1 : offsetByteCount
    }

    /// Checks that every offset and length stays within the body and its limits, so that reading
    /// the entries afterwards cannot leave it.
    ///
    /// The order of keys is ``Index/verifyAllPages()``'s.
    static func isWellFormed(_ body: Span<UInt8>, isLeaf: Bool, keyByteLimit: Int) -> Bool {
        let count = Int(body.u16(at: 0))
        let prefixCount = Int(body.u16(at: 2))
        let end = Int(body.u16(at: 4))
        let first = headerByteCount + count * offsetByteCount + prefixCount
        guard count > 0, body.u16(at: 6) == 0, end <= body.count, first < end else { return false }
        var offset = first
        guard Int(body.u16(at: headerByteCount)) == first else { return false }
        for slot in 0..<count {
            let next =
                slot + 1 < count
                ? Int(body.u16(at: headerByteCount + (slot + 1) * offsetByteCount)) : end
            guard next > offset, next <= end else { return false }
            var payload = PageReference.byteCount
            if isLeaf {
                let valueCount = Int(body[offset])
                guard valueCount <= IndexLimits.valueByteCount else { return false }
                payload = 1 + valueCount
            }
            let suffixCount = next - offset - payload
            guard suffixCount >= 0, prefixCount + suffixCount <= keyByteLimit else { return false }
            offset = next
        }
        return KeyOrder.isZero(body, end..<body.count)
    }
}
