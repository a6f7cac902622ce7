internal import ArchiveBytes

/// The keys from `start` on that are before `end`, if there is one.
struct KeyRange: Sendable {
    var start: [UInt8] = []
    var end: [UInt8]?
}

/// What is merged into one tree: trees, oldest first, then runs, which are newer than all of them.
struct MergeInputs: Sendable {
    let trees: [TreeCursor]
    let runs: [SortedRun]

    init(_ trees: [TreeCursor], _ runs: [SortedRun]) {
        self.trees = trees
        self.runs = runs
    }

    /// The number of entries, of equal keys all.
    var entryCount: Int {
        trees.reduce(0) { $0 + Int($1.entryCount) } + runs.reduce(0) { $0 + $1.count }
    }

    /// The entries of a range of keys in order.
    func merge(_ range: KeyRange = KeyRange()) throws(IndexError) -> SortedMerge {
        try SortedMerge(trees, runs, in: range)
    }

    /// At most `count` ranges with about as many entries each: all keys, in order.
    ///
    /// None ends within the keys of a stem.
    func ranges(_ count: Int, _ stemByteCount: StemByteCount?) throws(IndexError) -> [KeyRange] {
        var ranges = [KeyRange()]
        guard count > 1 else { return ranges }
        let keys = try samples(count)
        for (last, key) in zip(keys, keys.dropFirst()) {
            let stem = stemByteCount?(key.span) ?? 0
            let cut = stem > 0 ? Array(key.prefix(stem)) : key
            // The largest input has a key in each range.
            guard KeyOrder.compare(last.span, cut.span) < 0 else { continue }
            ranges[ranges.count - 1].end = cut
            ranges.append(KeyRange(start: cut))
        }
        return ranges
    }

    /// The first key of the largest input, and others at about equal distances: `count` at most.
    private func samples(_ count: Int) throws(IndexError) -> [[UInt8]] {
        let tree = trees.max { $0.entryCount < $1.entryCount }
        let run = runs.max { $0.count < $1.count }
        if let run, run.count > Int(tree?.entryCount ?? 0) {
            return (0..<count).map { part in
                run.withEntry(run.count * part / count) { key, _ in Array(copying: key) }
            }
        }
        guard var tree, try tree.seekFirst() else { return [] }
        var keys = [tree.key]
        let fences = try tree.fences()
        for part in 1..<count where !fences.isEmpty {
            let fence = fences[fences.count * part / count]
            if try tree.seek(atOrAfter: fence.span) { keys.append(tree.key) }
        }
        return keys
    }
}
