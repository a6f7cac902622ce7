internal import ArchiveBytes

/// Collects what a node of one level becomes and cuts it into pages.
///
/// At most three pages' worth of entries wait here, however many a checkpoint brings: a page is
/// given away as soon as the entries behind it fill another. When the node ends, the last two pages
/// share their entries evenly, so that later entries find room on both, unless the node only grew at
/// its end: then keys arrive in order and an even cut would leave half-empty pages behind for ever.
struct LevelBuilder {
    private let capacity: Int
    private let isLeaf: Bool
    /// The separator of the node's first page, as its parent had it.
    private var fence: [UInt8] = []
    private var isFirstPage = true

    private var back: PendingPage
    private var front: PendingPage
    /// Complete: to be taken before the next entry comes.
    private(set) var ready: PendingPage

    private var sawGrowth = false
    private var onlyAppends = true

    init(isLeaf: Bool, geometry: PageGeometry) {
        self.isLeaf = isLeaf
        capacity = geometry.bodyByteCount
        back = PendingPage(isLeaf: isLeaf)
        front = back
        ready = back
    }

    /// Begins a node whose keys are not before `fence`.
    mutating func begin(fence: Span<UInt8>) {
        precondition(isEmpty, "the node before must have ended")
        self.fence.removeAll(keepingCapacity: true)
        self.fence.append(copying: fence)
        isFirstPage = true
        sawGrowth = false
        onlyAppends = true
    }

    var isEmpty: Bool { back.isEmpty && front.isEmpty && ready.isEmpty }

    /// The only entry of a level that never filled a page, or nil.
    var soleReference: PageReference? {
        guard isFirstPage, front.isEmpty, ready.isEmpty, back.count == 1 else { return nil }
        let slot = back.slots[0]
        return PageReference(
            decoding: back.bytes.span,
            at: Int(slot.offset) + Int(slot.keyCount)
        )
    }

    /// Adds the next entry; `isGrowth` tells that the node did not have it before.
    ///
    /// True if a page is ``ready`` now.
    mutating func push(
        _ prefix: Span<UInt8>,
        _ suffix: Span<UInt8>,
        payload: Span<UInt8>,
        isGrowth: Bool
    ) -> Bool {
        precondition(ready.isEmpty, "the ready page must be taken first")
        if isGrowth { sawGrowth = true } else if sawGrowth { onlyAppends = false }
        let shared = back.sharedWithLast(prefix, suffix)
        let used = back.usedByteCount(
            addingKey: prefix.count &+ suffix.count,
            payload: payload.count,
            shared: shared
        )
        if used <= capacity {
            back.append(prefix, suffix, payload: payload, shared: shared)
            return false
        }
        swap(&ready, &front)
        swap(&front, &back)
        back.append(prefix, suffix, payload: payload, shared: shared)
        return !ready.isEmpty
    }

    /// Tells whether a key is of another table than the one before it.
    ///
    /// No page holds keys of two tables: each table then grows at the end of a page of its own, and
    /// its keys share longer prefixes.
    func changesTable(_ prefix: Span<UInt8>, _ suffix: Span<UInt8>) -> Bool {
        guard isLeaf, let table = back.table else { return false }
        return table != (prefix.isEmpty ? suffix[0] : prefix[0])
    }

    /// Goes on with the same node after all its pages so far were taken.
    mutating func resume() {
        precondition(isEmpty, "the pages must have been taken")
        sawGrowth = false
        onlyAppends = true
    }

    /// Makes another of the pages that remain ``ready``; false when there is none.
    mutating func finish() -> Bool {
        precondition(ready.isEmpty, "the ready page must be taken first")
        if !front.isEmpty {
            if !(onlyAppends && sawGrowth) { balance() }
            swap(&ready, &front)
            return true
        }
        swap(&ready, &back)
        return !ready.isEmpty
    }

    /// Writes the plain bytes of the ready page.
    func encodeReady(into body: inout [UInt8]) { ready.encode(into: &body) }

    /// Gives the ready page up; its separator and whether the parent did not have it before.
    mutating func takeReady(separator: inout [UInt8]) -> Bool {
        separator.removeAll(keepingCapacity: true)
        let isGrowth = !isFirstPage
        if isFirstPage {
            separator.append(copying: fence.span)
        } else {
            ready.withSeparator { separator.append(copying: $0) }
        }
        isFirstPage = false
        ready.removeAll()
        return isGrowth
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        back.wipe()
        front.wipe()
        ready.wipe()
    }

    /// Moves entries from the front page to the back one until both are about equally full.
    private mutating func balance() {
        var cut = front.count
        var moved = 0
        // An entry is moved while that leaves the front page at least as full as the back one.
        while cut > 1 {
            let slot = front.slots[cut - 1]
            let byteCount = Int(slot.keyCount) - front.prefixCount + Int(slot.payloadCount)
            guard front.usedByteCount - moved - byteCount >= back.usedByteCount + moved else {
                break
            }
            moved += byteCount
            cut -= 1
        }
        // The prefix shrinks when a key is added that shares less, so the sum is only an estimate.
        while cut < front.count {
            var second = PendingPage(isLeaf: isLeaf)
            second.append(cut..<front.count, of: front)
            second.append(0..<back.count, of: back)
            if second.usedByteCount <= capacity {
                var first = PendingPage(isLeaf: isLeaf)
                first.append(0..<cut, of: front)
                front = first
                back = second
                return
            }
            cut += max(1, (front.count - cut) / 2)
        }
    }
}
