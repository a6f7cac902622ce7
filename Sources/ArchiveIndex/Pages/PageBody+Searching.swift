internal import ArchiveBytes

/// A search goes by the heads of every 16th entry to the entries between two of them, and walks there.
extension PageBody {
    /// The first entry whose key is not before `key`.
    func lowerBound(_ key: Span<UInt8>) -> Position {
        let span = bytes.content.array.span
        let first = PageEntry(span, at: PageLayout.firstOffset(count))
        let commonCount = KeyOrder.u16(span, at: 4)
        let limit = min(commonCount, key.count)
        let shared = KeyOrder.sharedByteCount(
            span,
            at: first.rest.lowerBound,
            key,
            at: 0,
            limit: limit
        )
        let strideCount = PageLayout.offsetCount(count)
        guard shared == commonCount else {
            if Self.order(span, first, key, shared) > 0 {
                return Position(slot: 0, offset: start(of: 0, span))
            }
            return walk(from: strideCount &- 1, key, shared, span)
        }
        let head = UInt32(KeyOrder.word(key, at: commonCount, end: key.count) &>> 32)
        let low = headCount(below: head, strideCount, span)
        guard low == strideCount || KeyOrder.u32(span, at: PageLayout.headPlace(low)) != head else {
            return lowerBound(key, in: low, strideCount, span)
        }
        // It lies behind an entry with a lower head and before the next one, which has a higher head.
        guard low > 0 else { return Position(slot: 0, offset: start(of: 0, span)) }
        let other = KeyOrder.u32(span, at: PageLayout.headPlace(low &- 1))
        let matched = commonCount &+ (head ^ other).leadingZeroBitCount &>> 3
        // Zeros of a head may stand where one of the keys has ended.
        let entry = PageEntry(span, at: start(of: low &- 1, span))
        let known = min(matched, key.count, entry.sharedCount &+ entry.rest.count)
        return walk(from: low &- 1, key, known, span)
    }

    /// How many of the 16th entries have a head below `head`.
    @inline(__always)
    private func headCount(
        below head: UInt32,
        _ strideCount: Int,
        _ span: Span<UInt8>
    ) -> Int {
        var low = 0
        var high = strideCount
        while low < high {
            let middle = (low &+ high) &>> 1
            if KeyOrder.u32(span, at: PageLayout.headPlace(middle)) < head {
                low = middle &+ 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The same where heads do not tell: the 16th entries before `start` are below `key`, those from
    /// there on may be anything.
    private func lowerBound(
        _ key: Span<UInt8>,
        in start: Int,
        _ strideCount: Int,
        _ span: Span<UInt8>
    ) -> Position {
        let first = PageEntry(span, at: PageLayout.firstOffset(count))
        // What the key shares with the first one decides most comparisons that follow.
        let matched = sharedByteCount(span, first, key, from: 0)
        let order = Self.order(span, first, key, matched)
        if order >= 0 {
            return Position(slot: 0, offset: self.start(of: 0, span), isEqual: order == 0)
        }
        var low = 0
        var high = strideCount
        var known = matched
        if start > 1 {
            low = start &- 1
            let entry = PageEntry(span, at: self.start(of: low, span))
            known =
                entry.sharedCount == matched
                ? sharedByteCount(span, entry, key, from: matched)
                : min(entry.sharedCount, matched)
        }
        while low &+ 1 < high {
            let middle = (low &+ high) &>> 1
            let entry = PageEntry(span, at: self.start(of: middle, span))
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

    // MARK: Comparing

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
