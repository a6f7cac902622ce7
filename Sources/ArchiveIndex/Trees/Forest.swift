/// Which trees a checkpoint merges (the logarithmic method).
///
/// Trees are at least twice as large as what comes after them, so there are few to search, and an
/// entry moves to a tree of twice the size each time it is written: log2 of all checkpoints times
/// at most, and about three times for a load of a hundred.
enum Forest {
    /// How many trees, the oldest, stay as they are when `count` entries come.
    static func keptCount(_ trees: [Tree], adding count: UInt64, smallCount: Int) -> Int {
        var kept = trees.count
        var newest = count
        while kept > 0 {
            let last = trees[kept - 1].entryCount
            guard
                last < 2 * newest || last + newest <= UInt64(smallCount)
                    || kept == IndexLimits.treeCount
            else { break }
            newest += last
            kept -= 1
        }
        return kept
    }
}
