internal import ArchiveBytes

/// Collects entries in any order and makes them a ``SortedRun``.
package struct RunBuilder: Sendable {
    private var arena: [UInt8] = []
    private var entries: [RunText.Entry] = []
    /// Room to sort in.
    private var spare: [RunText.Entry] = []

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
        arena.append(copying: value)
        addEntry(from: start, valueByteCount: value.count)
    }

    /// The same for a key of a byte, a text, and what an `ending` begins with, which ends with the value.
    package mutating func append(
        _ first: UInt8,
        _ text: Span<UInt8>,
        _ ending: Span<UInt8>,
        valueByteCount: Int
    ) {
        precondition((0...ending.count).contains(valueByteCount), "the value is out of bounds")
        let start = arena.count
        arena.append(addingCapacity: 1 + text.count + ending.count) { bytes in
            bytes.append(first)
            bytes.append(copying: text)
            bytes.append(copying: ending)
        }
        addEntry(from: start, valueByteCount: valueByteCount)
    }

    /// Notes that all bytes from `start` on are a key and behind it a value.
    @inline(__always)
    private mutating func addEntry(from start: Int, valueByteCount: Int) {
        let keyCount = arena.count &- start &- valueByteCount
        precondition((1...IndexLimits.keyByteCount).contains(keyCount), "the key is out of bounds")
        precondition(valueByteCount <= IndexLimits.valueByteCount, "the value is too long")
        precondition(arena.count <= Int(UInt32.max), "a run has 4 GiB at most")
        entries.append(
            RunText.Entry(
                word: 0,
                offset: UInt32(truncatingIfNeeded: start),
                keyCount: keyCount,
                valueCount: valueByteCount
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
    package consuming func finish() -> SortedRun { takeRun() }

    /// What a processor's own cache holds: within it bytes are brought into the order of keys at little
    /// cost.
    private static let orderedByteCount = 4 << 20
    /// Fewer entries are in the cache anyway when somebody reads them.
    private static let orderedCount = 64

    /// Sorts the entries and begins anew, mostly in the same memory.
    package mutating func takeRun() -> SortedRun {
        var (bytes, sorted, room): ([UInt8], [RunText.Entry], [RunText.Entry]) = ([], [], [])
        swap(&bytes, &arena)
        swap(&sorted, &entries)
        swap(&room, &spare)
        let tables = RunSorter.sort(&sorted, bytes.span, &room)
        Self.wipe(&room)
        guard sorted.count >= Self.orderedCount, bytes.count <= Self.orderedByteCount else {
            return SortedRun(RunText(arenas: [RunArena(bytes)], entries: sorted, tables: tables))
        }
        let text = Self.inOrder(sorted.span, tables, bytes.span)
        bytes.wipe()
        Self.wipe(&sorted)
        if bytes.capacity <= Self.orderedByteCount {
            bytes.removeAll(keepingCapacity: true)
            sorted.removeAll(keepingCapacity: true)
            swap(&bytes, &arena)
            swap(&sorted, &entries)
            swap(&room, &spare)
        }
        return SortedRun(text)
    }

    /// Overwrites the beginnings of keys that entries have.
    private static func wipe(_ entries: inout [RunText.Entry]) {
        let nothing = RunText.Entry(word: 0, offset: 0, keyCount: 0, valueCount: 0)
        for index in entries.indices { entries[index] = nothing }
    }

    /// Sorted entries with their keys and values laid in the same order.
    ///
    /// Every merge reads them in that order: the processor then fetches ahead what it would wait for
    /// otherwise, entry by entry.
    private static func inOrder(
        _ sorted: Span<RunText.Entry>,
        _ tables: [RunText.Table],
        _ bytes: Span<UInt8>
    ) -> RunText {
        var (ordered, entries): ([UInt8], [RunText.Entry]) = ([], [])
        ordered.reserveCapacity(bytes.count)
        entries.reserveCapacity(sorted.count)
        for index in sorted.indices {
            let entry = sorted[index]
            let start = Int(entry.offset)
            entries.append(
                RunText.Entry(
                    word: entry.word,
                    offset: UInt32(truncatingIfNeeded: ordered.count),
                    keyCount: entry.keyCount,
                    valueCount: entry.valueCount
                )
            )
            ordered.append(
                copying: bytes.extracting(start..<(start &+ entry.keyCount &+ entry.valueCount))
            )
        }
        return RunText(arenas: [RunArena(ordered)], entries: entries, tables: tables)
    }
}
