internal import ArchiveBytes

/// Collects entries in any order and makes them a ``SortedRun``.
package struct RunBuilder {
    private var arena: [UInt8] = []
    private var entries: [RunText.Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// The memory that the entries take.
    package var byteCount: Int {
        arena.count &+ entries.count &* MemoryLayout<RunText.Entry>.stride
    }

    /// Makes room at once for what is known to come.
    package mutating func reserve(entryCount: Int, byteCount: Int) {
        entries.reserveCapacity(entries.count + entryCount)
        arena.reserveCapacity(arena.count + byteCount)
    }

    /// Makes room for as much as another one has.
    mutating func reserve(like other: borrowing RunBuilder) {
        reserve(entryCount: other.entries.count, byteCount: other.arena.count)
    }

    /// Adds an entry; if its key is there already, this one wins.
    package mutating func append(key: Span<UInt8>, value: Span<UInt8>) {
        precondition(
            (1...IndexLimits.keyByteCount).contains(key.count),
            "the key is out of bounds"
        )
        precondition(value.count <= IndexLimits.valueByteCount, "the value is too long")
        precondition(
            arena.count <= Int(UInt32.max) - key.count - value.count,
            "a run has 4 GiB at most"
        )
        entries.append(
            RunText.Entry(
                word: 0,
                offset: UInt32(truncatingIfNeeded: arena.count),
                keyCount: key.count,
                valueCount: value.count
            )
        )
        arena.append(copying: key)
        arena.append(copying: value)
    }

    /// The same for a key that `write` appends to what it gets.
    package mutating func append(value: Span<UInt8>, key write: (inout [UInt8]) -> Void) {
        let start = arena.count
        write(&arena)
        let keyCount = arena.count - start
        precondition((1...IndexLimits.keyByteCount).contains(keyCount), "the key is out of bounds")
        precondition(value.count <= IndexLimits.valueByteCount, "the value is too long")
        arena.append(copying: value)
        precondition(arena.count <= Int(UInt32.max), "a run has 4 GiB at most")
        entries.append(
            RunText.Entry(
                word: 0,
                offset: UInt32(truncatingIfNeeded: start),
                keyCount: keyCount,
                valueCount: value.count
            )
        )
    }

    /// Visits the entries in the order they came.
    package func visit(_ visit: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        let bytes = arena.span
        for entry in entries {
            let key = RunText.key(entry)
            let value = key.upperBound..<(key.upperBound + entry.valueCount)
            visit(bytes.extracting(key), bytes.extracting(value))
        }
    }

    /// Sorts the entries.
    package consuming func finish() -> SortedRun {
        var sorted: [RunText.Entry] = []
        swap(&sorted, &entries)
        let tables = RunSorter.sort(&sorted, arena.span)
        return SortedRun(RunText(arenas: [RunArena(arena)], entries: sorted, tables: tables))
    }
}
