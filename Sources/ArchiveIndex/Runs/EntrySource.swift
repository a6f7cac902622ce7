/// Entries in key order, each key once, to make a tree of.
protocol EntrySource {
    var isAtEnd: Bool { get }

    /// Goes to the next entry.
    mutating func advance() throws(IndexError)

    /// Lends the entry that the source stands on, which must not be at its end.
    func withEntry<Result, Failure: Error>(
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}
