internal import ArchiveBytes

/// A position among all entries of an ``IndexSnapshot``, in key order, each key once.
///
/// While it moves one way, every source stands at its next entry on that side; to turn round, all
/// sources are sought anew. There are few runs at any time, so the nearest entry is found by
/// looking at each.
package struct MergedCursor {
    private let runs: [SortedRun]
    /// Where each run stands: from -1, before the first entry, to its count.
    private var positions: [Int]
    private var tree: TreeCursor
    private var current = Source.none
    private var isForward = true

    private enum Source: Equatable {
        case none
        case tree
        case run(Int)
    }

    init(_ snapshot: IndexSnapshot) {
        runs = snapshot.runs
        positions = Array(repeating: 0, count: snapshot.runs.count)
        tree = snapshot.view.cursor()
    }

    /// Whether the cursor stands on an entry.
    package var isValid: Bool { current != .none }

    /// Lends the entry that the cursor stands on; it must stand on one.
    package func withEntry<Result, Failure: Error>(
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch current {
        case .none: preconditionFailure("the cursor stands on no entry")
        case .tree: return try use(tree.key.span, tree.value.span)
        case .run(let run): return try runs[run].withEntry(positions[run], use)
        }
    }

    /// Goes to the first entry whose key is not before `key`; false if there is none.
    package mutating func seek(atOrAfter key: Span<UInt8>) throws(IndexError) -> Bool {
        current = .none
        isForward = true
        _ = try tree.seek(atOrAfter: key)
        for run in runs.indices { positions[run] = runs[run].lowerBound(key) }
        return pick()
    }

    /// Goes to the last entry whose key is before `key`; false if there is none.
    package mutating func seek(before key: Span<UInt8>) throws(IndexError) -> Bool {
        current = .none
        isForward = false
        _ = try tree.seek(before: key)
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
        current = .none
        isForward = false
        _ = try tree.seekLast()
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

    /// Moves every source that stands on the current key off it.
    private mutating func leaveKey() throws(IndexError) {
        let step = isForward ? 1 : -1
        for run in runs.indices where Source.run(run) != current && has(run) {
            let isSame = runs[run].withEntry(positions[run]) { key, _ in
                withEntry { other, _ in KeyOrder.compare(key, other) == 0 }
            }
            if isSame { positions[run] += step }
        }
        switch current {
        case .none: return
        case .tree: break
        case .run(let run):
            let isSame =
                tree.isValid
                && withEntry { key, _ in KeyOrder.compare(key, tree.key.span) == 0 }
            positions[run] += step
            current = .none
            guard isSame else { return }
        }
        current = .none
        _ = try isForward ? tree.next() : tree.previous()
    }

    /// Stands on the nearest entry, in the newest source that has its key.
    private mutating func pick() -> Bool {
        current = tree.isValid ? .tree : .none
        for run in runs.indices where has(run) {
            guard current != .none else {
                current = .run(run)
                continue
            }
            let order = runs[run].withEntry(positions[run]) { key, _ in
                withEntry { other, _ in KeyOrder.compare(key, other) }
            }
            if isForward ? order <= 0 : order >= 0 { current = .run(run) }
        }
        return isValid
    }

    private func has(_ run: Int) -> Bool { positions[run] >= 0 && positions[run] < runs[run].count }
}
