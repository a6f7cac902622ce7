internal import ArchiveBytes

/// A position among all entries of an ``IndexSnapshot``, in key order, each key once.
///
/// While it moves one way, every source stands at its next entry on that side; to turn round, all
/// sources are sought anew. There are few sources at any time, so the nearest entry is found by
/// looking at each.
package struct MergedCursor {
    // Sources are numbered oldest first, trees before runs: of equal keys the highest number counts.
    private var trees: [TreeCursor]
    private let runs: [SortedRun]
    /// Where each run stands: from -1, before the first entry, to its count.
    private var positions: [Int]
    /// The source that has the entry on which the cursor stands.
    private var current: Int?
    private var isForward = true

    init(_ snapshot: IndexSnapshot) {
        trees = snapshot.view.cursors()
        runs = snapshot.runs
        positions = Array(repeating: 0, count: snapshot.runs.count)
    }

    /// Whether the cursor stands on an entry.
    package var isValid: Bool { current != nil }

    /// Lends the entry that the cursor stands on; it must stand on one.
    package func withEntry<Result, Failure: Error>(
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let current else { preconditionFailure("the cursor stands on no entry") }
        return try withEntry(of: current, use)
    }

    /// Goes to the first entry whose key is not before `key`; false if there is none.
    package mutating func seek(atOrAfter key: Span<UInt8>) throws(IndexError) -> Bool {
        current = nil
        isForward = true
        for tree in trees.indices { _ = try trees[tree].seek(atOrAfter: key) }
        for run in runs.indices { positions[run] = runs[run].lowerBound(key) }
        return pick()
    }

    /// Goes to the last entry whose key is before `key`; false if there is none.
    package mutating func seek(before key: Span<UInt8>) throws(IndexError) -> Bool {
        current = nil
        isForward = false
        for tree in trees.indices { _ = try trees[tree].seek(before: key) }
        for run in runs.indices { positions[run] = runs[run].lowerBound(key) - 1 }
        return pick()
    }

    /// Goes to the first entry of all.
    package mutating func seekFirst() throws(IndexError) -> Bool {
        let empty: [UInt8] = []
        return try seek(atOrAfter: empty.span)
    }

    /// Goes to the last entry of all.
    package mutating func seekLast() throws(IndexError) -> Bool {
        current = nil
        isForward = false
        for tree in trees.indices { _ = try trees[tree].seekLast() }
        for run in runs.indices { positions[run] = runs[run].count - 1 }
        return pick()
    }

    /// Goes to the next entry; false, and nowhere, after the last.
    package mutating func next() throws(IndexError) -> Bool {
        guard isValid else { return false }
        if !isForward {
            let key = withEntry { key, _ in Array(copying: key) }
            _ = try seek(atOrAfter: key.span)
        }
        try leaveKey()
        return pick()
    }

    /// Goes to the entry before; false, and nowhere, before the first.
    package mutating func previous() throws(IndexError) -> Bool {
        guard isValid else { return false }
        if isForward {
            let key = withEntry { key, _ in Array(copying: key) }
            return try seek(before: key.span)
        }
        try leaveKey()
        return pick()
    }

    // MARK: Sources

    private var sourceCount: Int { trees.count &+ runs.count }

    private func isThere(_ source: Int) -> Bool {
        if source < trees.count { return trees[source].isValid }
        let run = source &- trees.count
        return positions[run] >= 0 && positions[run] < runs[run].count
    }

    @inline(__always)
    private func withEntry<Result, Failure: Error>(
        of source: Int,
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if source < trees.count {
            // Of the cursor nothing more is taken out: what an array lends is copied.
            let (key, value) = (trees[source].key, trees[source].value)
            return try use(key.span, value.span)
        }
        let run = source &- trees.count
        return try runs[run].withEntry(positions[run], use)
    }

    private mutating func step(_ source: Int) throws(IndexError) {
        if source < trees.count {
            _ = try isForward ? trees[source].next() : trees[source].previous()
        } else {
            positions[source &- trees.count] += isForward ? 1 : -1
        }
    }

    private func compare(_ left: Int, _ right: Int) -> Int {
        withEntry(of: left) { key, _ in
            withEntry(of: right) { other, _ in KeyOrder.compare(key, other) }
        }
    }

    /// Moves every source that stands on the current key off it, and stands nowhere.
    private mutating func leaveKey() throws(IndexError) {
        guard let left = current else { return }
        for source in 0..<sourceCount where source != left && isThere(source) {
            if compare(source, left) == 0 { try step(source) }
        }
        // If the page of the next entry cannot be read, the cursor stands nowhere.
        current = nil
        try step(left)
    }

    /// Stands on the nearest entry, in the newest source that has its key.
    private mutating func pick() -> Bool {
        current = nil
        for source in 0..<sourceCount where isThere(source) {
            guard let best = current else {
                current = source
                continue
            }
            let order = compare(source, best)
            if isForward ? order <= 0 : order >= 0 { current = source }
        }
        return isValid
    }
}
