/// Which trees a checkpoint merges (the logarithmic method).
///
/// Trees are at least twice as large as what comes after them, so there are few to search, and an
/// entry moves to a tree of twice the size each time it is written: log2 of all checkpoints times
/// at most, and about three times for a load of a hundred.
enum Forest {
    /// Trees that together have so few entries are merged at once: writing them anew costs a few
    /// pages, and every reader would have to look into each.
    static let smallCount: UInt64 = 1_024

    /// How many trees, the oldest, stay as they are when `count` entries come.
    static func keptCount(_ trees: [Tree], adding count: UInt64) -> Int {
        var kept = trees.count
        var newest = count
        while kept > 0 {
            let last = trees[kept - 1].entryCount
            guard
                last < 2 * newest || last + newest <= smallCount
                    || kept == IndexLimits.treeCount
            else { break }
            newest += last
            kept -= 1
        }
        return kept
    }
}
