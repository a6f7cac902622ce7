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
        arena.count + entries.count * MemoryLayout<RunText.Entry>.stride
    }

    /// Makes room at once for what is known to come.
    package mutating func reserve(entryCount: Int, byteCount: Int) {
        entries.reserveCapacity(entries.count + entryCount)
        arena.reserveCapacity(arena.count + byteCount)
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
                offset: UInt32(arena.count),
                keyCount: UInt16(key.count),
                valueCount: UInt8(value.count)
            )
        )
        arena.append(copying: key)
        arena.append(copying: value)
    }

    /// Sorts the entries.
    package consuming func finish() -> SortedRun {
        var sorter = RunSorter(arena: arena, entries: entries)
        sorter.sort()
        return SortedRun(
            RunText(arena: arena, entries: sorter.sorted, tables: sorter.tables)
        )
    }
}

/// Sorts entries by key and drops all but the last of each key.
struct RunSorter {
    private let arena: [UInt8]
    private var entries: [RunText.Entry]
    private(set) var sorted: [RunText.Entry] = []
    private(set) var tables: [RunText.Table] = []

    init(arena: [UInt8], entries: [RunText.Entry]) {
        self.arena = arena
        self.entries = entries
    }

    mutating func sort() {
        sorted.reserveCapacity(entries.count)
        var buckets = partitionByTable()
        for first in buckets.indices where !buckets[first].isEmpty {
            let range = buckets[first]
            let depth = sharedByteCount(range)
            load(range, depth: depth)
            sort(range, depth: depth)
            let start = sorted.count
            // Entries of one key stand in the order they came; the last one counts.
            for index in range {
                let isLast =
                    index &+ 1 == range.upperBound
                    || RunText.compare(entries[index], entries[index &+ 1], depth: depth, arena)
                        != 0
                if isLast { sorted.append(entries[index]) }
            }
            tables.append(
                RunText.Table(first: UInt8(first), depth: depth, range: start..<sorted.count)
            )
            buckets[first] = 0..<0
        }
        entries = []
    }

    /// Brings the entries of each table together and tells where they lie.
    private mutating func partitionByTable() -> [Range<Int>] {
        var counts = [Int](repeating: 0, count: 256)
        for entry in entries { counts[Int(arena[Int(entry.offset)])] &+= 1 }
        var ranges: [Range<Int>] = []
        var start = 0
        for count in counts {
            ranges.append(start..<(start + count))
            start += count
        }
        guard counts.count(where: { $0 > 0 }) > 1 else { return ranges }
        var next = ranges.map(\.lowerBound)
        var moved = entries
        for entry in entries {
            let table = Int(arena[Int(entry.offset)])
            moved[next[table]] = entry
            next[table] &+= 1
        }
        entries = moved
        return ranges
    }

    private func sharedByteCount(_ range: Range<Int>) -> Int {
        let first = RunText.key(entries[range.lowerBound])
        var shared = first.count
        for index in range {
            let key = RunText.key(entries[index])
            shared = KeyOrder.sharedByteCount(
                arena.span,
                at: first.lowerBound,
                arena.span,
                at: key.lowerBound,
                limit: min(shared, key.count)
            )
        }
        return shared
    }

    private mutating func load(_ range: Range<Int>, depth: Int) {
        for index in range {
            let entry = entries[index]
            let key = RunText.key(entry)
            entries[index] = RunText.Entry(
                word: KeyOrder.word(
                    arena.span,
                    at: key.lowerBound &+ depth,
                    end: key.upperBound
                ),
                offset: entry.offset,
                keyCount: entry.keyCount,
                valueCount: entry.valueCount
            )
        }
    }

    private mutating func sort(_ range: Range<Int>, depth: Int) {
        let arena = arena
        entries[range].sort { left, right in
            let order = RunText.compare(left, right, depth: depth, arena)
            return order != 0 ? order < 0 : left.offset < right.offset
        }
    }
}
