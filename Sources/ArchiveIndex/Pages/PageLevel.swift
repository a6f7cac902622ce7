/// What kind of page a number stands for in its header and in who names it.
///
/// Leaves of a tree have 0, and branches one more than their children. The pages of a filter have 16, and
/// the branches above them one more than their children.
enum PageLevel {
    static let leaf: UInt8 = 0
    static let filter: UInt8 = 16

    /// Whether a page of the level names no others.
    @inline(__always)
    static func isLowest(_ level: UInt8) -> Bool { level & ~filter == 0 }

    /// Whether there are such pages.
    static func isKnown(_ level: UInt32) -> Bool {
        level & ~UInt32(filter) < UInt32(IndexLimits.depth)
    }
}
