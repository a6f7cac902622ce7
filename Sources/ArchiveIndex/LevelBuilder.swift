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
    /// The separator of the next page to be given away.
    private var fence: [UInt8] = []
    private var isFirstPage = true

    private var back: PendingPage
    private var front: PendingPage
    /// Complete: to be taken before the next entry comes.
    private var ready: PendingPage

    private var sawGrowth = false
    private var onlyAppends = true

    init(isLeaf: Bool, geometry: PageGeometry) {
        self.isLeaf = isLeaf
        capacity = geometry.bodyByteCount
        back = PendingPage(isLeaf: isLeaf, capacity: capacity)
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
        return back.withEntry(0) { _, payload in PageReference(decoding: payload, at: 0) }
    }

    /// Adds the next entry; `isGrowth` tells that the node did not have it before.
    ///
    /// True if a page is ready now.
    mutating func push(
        _ prefix: Span<UInt8>,
        _ suffix: Span<UInt8>,
        payload: Span<UInt8>,
        isGrowth: Bool
    ) -> Bool {
        if isGrowth { sawGrowth = true } else if sawGrowth { onlyAppends = false }
        if back.append(prefix, suffix, payload: payload, capacity: capacity) { return false }
        precondition(ready.isEmpty, "the ready page must be taken first")
        swap(&ready, &front)
        swap(&front, &back)
        let fits = back.append(prefix, suffix, payload: payload, capacity: capacity)
        precondition(fits, "an entry fits on an empty page")
        return !ready.isEmpty
    }

    /// Tells whether a key is of another table than those before it.
    ///
    /// No page holds keys of two tables: each table then grows at the end of a page of its own, and
    /// its keys share longer prefixes.
    func changesTable(_ key: Span<UInt8>) -> Bool {
        guard let table = back.table else { return false }
        return table != key[0]
    }

    /// Goes on with the same node at the first key of another table, after all its pages so far
    /// were taken.
    mutating func resume(at key: Span<UInt8>) {
        precondition(isEmpty, "the pages must have been taken")
        sawGrowth = false
        onlyAppends = true
        fence.removeAll(keepingCapacity: true)
        fence.append(key[0])
    }

    /// Makes another of the pages that remain ready; false when there is none.
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
        swap(&separator, &fence)
        fence.removeAll(keepingCapacity: true)
        let isGrowth = !isFirstPage
        isFirstPage = false
        // What follows is in front, or at the end of a node in the back.
        if !front.isEmpty {
            findFence(after: ready, before: front)
        } else if !back.isEmpty {
            findFence(after: ready, before: back)
        }
        ready.removeAll()
        return isGrowth
    }

    /// Overwrites what is left of the entries in memory.
    mutating func wipe() {
        back.wipe()
        front.wipe()
        ready.wipe()
    }

    /// The shortest key that separates two pages: in a leaf, what the first key of the later one
    /// shares with the last of the earlier and one byte more.
    private mutating func findFence(after earlier: PendingPage, before later: PendingPage) {
        later.withEntry(0) { key, _ in
            var count = key.count
            if isLeaf {
                count = earlier.withEntry(earlier.count - 1) { last, _ in
                    1
                        + KeyOrder.sharedByteCount(
                            last,
                            at: 0,
                            key,
                            at: 0,
                            limit: min(last.count, key.count)
                        )
                }
            }
            fence.append(copying: key.extracting(0..<min(count, key.count)))
        }
    }

    /// Moves entries from the front page to the back one until both are about equally full.
    private mutating func balance() {
        var cut = front.count
        var moved = 0
        // An entry is moved while that leaves the front page at least as full as the back one.
        while cut > 1 {
            let byteCount = front.withEntry(cut - 1) { key, payload in
                key.count - front.prefixCount + payload.count
                    + PageLayout.entryOverhead(isLeaf: isLeaf)
            }
            guard front.usedByteCount - moved - byteCount >= back.usedByteCount + moved else {
                break
            }
            moved += byteCount
            cut -= 1
        }
        // The prefix shrinks when a key is added that shares less, so the sum is only an estimate.
        while cut < front.count {
            var second = PendingPage(isLeaf: isLeaf, capacity: capacity)
            if second.append(cut..<front.count, of: front, capacity: capacity),
                second.append(0..<back.count, of: back, capacity: capacity)
            {
                var first = PendingPage(isLeaf: isLeaf, capacity: capacity)
                let fits = first.append(0..<cut, of: front, capacity: capacity)
                precondition(fits, "a part of a page fits on a page")
                swap(&front, &first)
                swap(&back, &second)
                first.wipe()
                second.wipe()
                return
            }
            second.wipe()
            cut += max(1, (front.count - cut) / 2)
        }
    }
}

extension PendingPage {
    /// Appends entries of another page, which come after these; false if they do not fit.
    fileprivate mutating func append(
        _ range: Range<Int>,
        of other: borrowing PendingPage,
        capacity: Int
    ) -> Bool {
        for index in range {
            let fits = other.withEntry(index) { key, payload in
                append(key.extracting(0..<0), key, payload: payload, capacity: capacity)
            }
            guard fits else { return false }
        }
        return true
    }
}
