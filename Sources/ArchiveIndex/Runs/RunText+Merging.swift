internal import ArchiveBytes

extension RunText {
    /// Arenas that together have so many bytes are copied into one: many small ones would take more
    /// time than they save.
    private static let smallByteCount = 256 << 10
    /// A run with more arenas gets one for all.
    private static let arenaLimit = 1_024

    /// Merges two runs; where both have a key, the entry of `newer` wins.
    ///
    /// Large arenas are shared and only the small entries are merged, so an entry of 70 bytes costs a
    /// few nanoseconds however often it takes part.
    init(merging older: borrowing RunText, _ newer: borrowing RunText) {
        var arenas = older.arenas + newer.arenas
        var moves: [Move]
        if arenas.count > Self.arenaLimit
            || older.arenaByteCount + newer.arenaByteCount <= Self.smallByteCount
        {
            (arenas, moves) = Self.joined(arenas)
        } else {
            moves = arenas.indices.map { Move(offset: 0, arena: $0) }
        }
        let newerMoves = Array(moves[older.arenas.count...])
        moves.removeLast(newerMoves.count)
        let merger = Merger(arenas: arenas)
        var entries: [Entry] = []
        entries.reserveCapacity(older.entries.count + newer.entries.count)
        var tables: [Table] = []
        var left = 0
        var right = 0
        while left < older.tables.count || right < newer.tables.count {
            let start = entries.count
            let leftTable = left < older.tables.count ? older.tables[left] : nil
            let rightTable = right < newer.tables.count ? newer.tables[right] : nil
            let first = min(leftTable?.first ?? .max, rightTable?.first ?? .max)
            let leftPart = leftTable.flatMap { $0.first == first ? $0 : nil }
            let rightPart = rightTable.flatMap { $0.first == first ? $0 : nil }
            let depth = Self.depth(leftPart, rightPart, older, newer)
            merger.merge(
                Part(leftPart, moves, depth: depth),
                older.entries,
                Part(rightPart, newerMoves, depth: depth),
                newer.entries,
                depth: depth,
                into: &entries
            )
            if leftPart != nil { left += 1 }
            if rightPart != nil { right += 1 }
            tables.append(Table(first: first, depth: depth, range: start..<entries.count))
        }
        self.init(arenas: arenas, entries: entries, tables: tables)
    }

    /// Where the bytes of an arena are in the merged run.
    private struct Move: BitwiseCopyable {
        let offset: UInt32
        let arena: Int
    }

    /// One arena with the bytes of all.
    private static func joined(_ arenas: [RunArena]) -> ([RunArena], [Move]) {
        let byteCount = arenas.reduce(0) { $0 + $1.byteCount }
        precondition(byteCount <= Int(UInt32.max), "a run has 4 GiB at most")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        var moves: [Move] = []
        for arena in arenas {
            moves.append(Move(offset: UInt32(bytes.count), arena: 0))
            arena.withBytes { bytes.append(copying: $0) }
        }
        return ([RunArena(bytes)], moves)
    }

    /// The bytes that all keys of both parts share.
    private static func depth(
        _ left: Table?,
        _ right: Table?,
        _ older: borrowing RunText,
        _ newer: borrowing RunText
    ) -> Int {
        guard let left else { return right?.depth ?? 0 }
        guard let right else { return left.depth }
        let limit = min(left.depth, right.depth)
        return older.withEntry(left.range.lowerBound) { key, _ in
            newer.withEntry(right.range.lowerBound) { other, _ in
                KeyOrder.sharedByteCount(key, at: 0, other, at: 0, limit: limit)
            }
        }
    }

    /// One side of the merge of a table.
    private struct Part {
        var next: Int
        let end: Int
        let moves: [Move]
        /// The words stay valid only if the table shares as many bytes as before.
        let keepsWords: Bool

        init(_ table: Table?, _ moves: [Move], depth: Int) {
            next = table?.range.lowerBound ?? 0
            end = table?.range.upperBound ?? 0
            self.moves = moves
            keepsWords = table?.depth == depth
        }
    }

    /// Merges entries that point into the arenas of a new run.
    private struct Merger {
        let arenas: [RunArena]

        func merge(
            _ left: consuming Part,
            _ leftEntries: borrowing [Entry],
            _ right: consuming Part,
            _ rightEntries: borrowing [Entry],
            depth: Int,
            into merged: inout [Entry]
        ) {
            var older = left
            var newer = right
            if older.next < older.end && newer.next < newer.end {
                var old = entry(older, leftEntries, depth: depth)
                var new = entry(newer, rightEntries, depth: depth)
                while true {
                    let order = compare(old, new, depth: depth)
                    merged.append(order < 0 ? old : new)
                    if order <= 0 {
                        older.next &+= 1
                        if order == 0 { newer.next &+= 1 }
                        guard older.next < older.end else { break }
                        old = entry(older, leftEntries, depth: depth)
                    }
                    if order >= 0 {
                        if order > 0 { newer.next &+= 1 }
                        guard newer.next < newer.end else { break }
                        new = entry(newer, rightEntries, depth: depth)
                    }
                }
            }
            while older.next < older.end {
                merged.append(entry(older, leftEntries, depth: depth))
                older.next &+= 1
            }
            while newer.next < newer.end {
                merged.append(entry(newer, rightEntries, depth: depth))
                newer.next &+= 1
            }
        }

        /// The next entry of a part, as it will stand in the new run.
        @inline(__always)
        private func entry(
            _ part: borrowing Part,
            _ entries: borrowing [Entry],
            depth: Int
        ) -> Entry {
            let entry = entries[part.next]
            let move = part.moves[entry.arena]
            var moved = Entry(
                word: entry.word,
                offset: entry.offset &+ move.offset,
                keyCount: entry.keyCount,
                valueCount: entry.valueCount,
                arena: move.arena
            )
            if !part.keepsWords {
                let key = RunText.key(moved)
                moved.word = arenas[move.arena].withBytes {
                    KeyOrder.word($0, at: key.lowerBound &+ depth, end: key.upperBound)
                }
            }
            return moved
        }

        @inline(__always)
        private func compare(_ left: Entry, _ right: Entry, depth: Int) -> Int {
            if left.word != right.word { return left.word < right.word ? -1 : 1 }
            let leftKey = RunText.key(left)
            let rightKey = RunText.key(right)
            return arenas[left.arena].withBytes { bytes in
                arenas[right.arena].withBytes { others in
                    KeyOrder.compare(
                        bytes,
                        (leftKey.lowerBound &+ depth)..<leftKey.upperBound,
                        others,
                        (rightKey.lowerBound &+ depth)..<rightKey.upperBound
                    )
                }
            }
        }
    }
}
