/// The sizes that bound every structure of the index.
package enum IndexLimits {
    /// The longest key: the longest name (1,024 bytes), a collection, numbers and escapes fit in it.
    package static let keyByteCount = 1_600

    /// The longest value of an entry: the place of a record, never the record.
    package static let valueByteCount = 64

    /// The most opaque bytes that a checkpoint keeps about the log position it covers.
    package static let coverageByteCount = 512

    /// The most trees that a forest has.
    ///
    /// Each is at least twice as large as the next, but for the small ones: ten thousand million entries
    /// stay below it.
    package static let treeCount = 24

    /// The most levels of pages, and the bound of every recursion over them.
    ///
    /// Two entries always fit on a page, and about 300 do as a rule: five levels hold 300^5 keys.
    package static let depth = 8

    /// The page sizes that an index may have: powers of two in this range.
    ///
    /// An engine chooses from 4 KiB up; the small ones exist so that tests split pages all the
    /// time.
    package static let pageByteCounts = 512...65_536
}
