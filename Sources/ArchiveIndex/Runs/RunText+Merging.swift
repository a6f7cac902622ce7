internal import ArchiveBytes

extension RunText {
    /// Merges two runs; where both have a key, the entry of `newer` wins.
    ///
    /// Arenas are copied whole and only the small entries are merged, so an entry of 70 bytes costs
    /// a few nanoseconds however often it takes part.
    init(merging older: borrowing RunText, _ newer: borrowing RunText) {
        precondition(
            older.arenaByteCount <= Int(UInt32.max) - newer.arenaByteCount,
            "a run has 4 GiB at most"
        )
        var arena: [UInt8] = []
        arena.reserveCapacity(older.arenaByteCount + newer.arenaByteCount)
        older.appendArena(to: &arena)
        newer.appendArena(to: &arena)
        var entries: [Entry] = []
        entries.reserveCapacity(older.entries.count + newer.entries.count)
        var tables: [Table] = []
        let shift = UInt32(older.arenaByteCount)
        var left = 0
        var right = 0
        while left < older.tables.count || right < newer.tables.count {
            let start = entries.count
            let leftTable = left < older.tables.count ? older.tables[left] : nil
            let rightTable = right < newer.tables.count ? newer.tables[right] : nil
            let first = min(leftTable?.first ?? .max, rightTable?.first ?? .max)
            let leftPart = leftTable.flatMap { $0.first == first ? $0 : nil }
            let rightPart = rightTable.flatMap { $0.first == first ? $0 : nil }
            let depth = Self.depth(leftPart, rightPart, older, newer, arena.span)
            Self.merge(
                Part(leftPart, shift: 0, depth: depth),
                older.entries,
                Part(rightPart, shift: shift, depth: depth),
                newer.entries,
                depth: depth,
                arena.span,
                into: &entries
            )
            if leftPart != nil { left += 1 }
            if rightPart != nil { right += 1 }
            tables.append(Table(first: first, depth: depth, range: start..<entries.count))
        }
        self.init(arena: arena, entries: entries, tables: tables)
    }

    /// One side of the merge of a table.
    private struct Part {
        var next: Int
        let end: Int
        let shift: UInt32
        /// The words stay valid only if the table shares as many bytes as before.
        let keepsWords: Bool

        init(_ table: Table?, shift: UInt32, depth: Int) {
            next = table?.range.lowerBound ?? 0
            end = table?.range.upperBound ?? 0
            self.shift = shift
            keepsWords = table?.depth == depth
        }

        func entry(
            in entries: borrowing [Entry],
            depth: Int,
            _ arena: Span<UInt8>
        ) -> Entry {
            let entry = entries[next]
            let offset = entry.offset &+ shift
            var word = entry.word
            if !keepsWords {
                let start = Int(offset)
                word = KeyOrder.word(
                    arena,
                    at: start &+ depth,
                    end: start &+ Int(entry.keyCount)
                )
            }
            return Entry(
                word: word,
                offset: offset,
                keyCount: entry.keyCount,
                valueCount: entry.valueCount
            )
        }
    }

    private static func merge(
        _ left: consuming Part,
        _ leftEntries: borrowing [Entry],
        _ right: consuming Part,
        _ rightEntries: borrowing [Entry],
        depth: Int,
        _ arena: Span<UInt8>,
        into merged: inout [Entry]
    ) {
        var older = left
        var newer = right
        while older.next < older.end && newer.next < newer.end {
            let old = older.entry(in: leftEntries, depth: depth, arena)
            let new = newer.entry(in: rightEntries, depth: depth, arena)
            let order = compare(old, new, depth: depth, arena)
            merged.append(order < 0 ? old : new)
            if order <= 0 { older.next &+= 1 }
            if order >= 0 { newer.next &+= 1 }
        }
        while older.next < older.end {
            merged.append(older.entry(in: leftEntries, depth: depth, arena))
            older.next &+= 1
        }
        while newer.next < newer.end {
            merged.append(newer.entry(in: rightEntries, depth: depth, arena))
            newer.next &+= 1
        }
    }

    /// The bytes that all keys of both parts share.
    private static func depth(
        _ left: Table?,
        _ right: Table?,
        _ older: borrowing RunText,
        _ newer: borrowing RunText,
        _ arena: Span<UInt8>
    ) -> Int {
        guard let left else { return right?.depth ?? 0 }
        guard let right else { return left.depth }
        let leftStart = Int(older.entries[left.range.lowerBound].offset)
        let rightStart = older.arenaByteCount + Int(newer.entries[right.range.lowerBound].offset)
        return KeyOrder.sharedByteCount(
            arena,
            at: leftStart,
            arena,
            at: rightStart,
            limit: min(left.depth, right.depth)
        )
    }
}
