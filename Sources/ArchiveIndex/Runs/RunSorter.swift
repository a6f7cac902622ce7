/// Sorts entries by key and drops all but the last of each key.
///
/// Radix sort from the top over eight bytes of each key at a time. Entries are moved between two
/// arrays in passes that keep the order of arrival, and the arena is read once for every eight bytes
/// that are needed to tell keys apart; comparing keys in it pair by pair would miss the cache each
/// time.
enum RunSorter {
    typealias Entry = RunText.Entry

    /// Below this an insertion sort is faster than another pass.
    private static let smallCount = 24
    private static let digitBits = 8

    /// Sorts in place; the tables that the entries belong to.
    ///
    /// `buffer` is scratch memory.
    static func sort(
        _ entries: inout [Entry],
        _ arena: Span<UInt8>,
        _ buffer: inout [Entry]
    ) -> [RunText.Table] {
        guard let first = entries.first else { return [] }
        if buffer.count < entries.count {
            buffer = Array(repeating: first, count: entries.count)
        }
        var span = entries.mutableSpan
        var spare = buffer.mutableSpan
        let ranges = partitionByTable(&span, &spare, arena)
        var tables: [RunText.Table] = []
        var end = 0
        for (table, range) in ranges.enumerated() where !range.isEmpty {
            let depth = sharedByteCount(span, range, arena)
            load(&span, range, depth: depth, arena)
            sort(&span, range, &spare, depth: depth, arena)
            let start = end
            end = keepLast(&span, range, at: start, depth: depth, arena)
            tables.append(
                RunText.Table(first: UInt8(table), depth: depth, range: start..<end)
            )
        }
        entries.removeLast(entries.count - end)
        return tables
    }

    /// Brings the entries of each table together and tells where they lie.
    private static func partitionByTable(
        _ entries: inout MutableSpan<Entry>,
        _ spare: inout MutableSpan<Entry>,
        _ arena: Span<UInt8>
    ) -> [Range<Int>] {
        var ends = [Int](repeating: 0, count: 256)
        for index in entries.indices { ends[Int(arena[Int(entries[index].offset)])] &+= 1 }
        var start = 0
        var ranges: [Range<Int>] = []
        for table in ends.indices {
            ranges.append(start..<(start + ends[table]))
            start += ends[table]
            ends[table] = ranges[table].lowerBound
        }
        guard !ranges.contains(entries.indices) else { return ranges }
        for index in entries.indices {
            let entry = entries[index]
            let table = Int(arena[Int(entry.offset)])
            spare[ends[table]] = entry
            ends[table] &+= 1
        }
        for index in entries.indices { entries[index] = spare[index] }
        return ranges
    }

    /// Sorts entries whose keys share `depth` bytes and whose words are of there.
    private static func sort(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        _ spare: inout MutableSpan<Entry>,
        depth: Int,
        _ arena: Span<UInt8>
    ) {
        if range.count <= smallCount {
            insertionSort(&entries, range, depth: depth, arena)
            return
        }
        let first = entries[range.lowerBound].word
        var difference: UInt64 = 0
        for index in range { difference |= entries[index].word ^ first }
        guard difference != 0 else {
            sortDeeper(&entries, range, &spare, depth: depth, arena)
            return
        }
        let shift = UInt64(max(0, 64 - difference.leadingZeroBitCount - digitBits))
        scatter(&entries, range, &spare, shift: shift)
        var start = range.lowerBound
        while start < range.upperBound {
            let digit = entries[start].word &>> shift
            var end = start &+ 1
            while end < range.upperBound, entries[end].word &>> shift == digit { end &+= 1 }
            if end &- start > 1 { sort(&entries, start..<end, &spare, depth: depth, arena) }
            start = end
        }
    }

    /// Orders entries by eight bits of their words; above these all are equal.
    private static func scatter(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        _ spare: inout MutableSpan<Entry>,
        shift: UInt64
    ) {
        var places = [256 of Int](repeating: 0)
        for index in range { places[Int(entries[index].word &>> shift & 0xff)] &+= 1 }
        var start = range.lowerBound
        for digit in places.indices {
            let count = places[digit]
            places[digit] = start
            start &+= count
        }
        for index in range {
            let entry = entries[index]
            let digit = Int(entry.word &>> shift & 0xff)
            spare[places[digit]] = entry
            places[digit] &+= 1
        }
        for index in range { entries[index] = spare[index] }
    }

    /// Sorts entries that all have the same word by what follows it.
    private static func sortDeeper(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        _ spare: inout MutableSpan<Entry>,
        depth: Int,
        _ arena: Span<UInt8>
    ) {
        var shortest = Int.max
        for index in range { shortest = min(shortest, entries[index].keyCount) }
        guard shortest >= depth + 8 else {
            // A key that ends inside the word looks as if zeros followed.
            mergeSort(&entries, range, &spare, depth: depth, arena)
            return
        }
        let word = entries[range.lowerBound].word
        let deeper = sharedByteCount(entries, range, arena)
        guard deeper < shortest || !areAllOfCount(shortest, entries, range) else { return }
        load(&entries, range, depth: deeper, arena)
        sort(&entries, range, &spare, depth: deeper, arena)
        for index in range { entries[index].word = word }
    }

    private static func areAllOfCount(
        _ count: Int,
        _ entries: borrowing MutableSpan<Entry>,
        _ range: Range<Int>
    ) -> Bool {
        for index in range where entries[index].keyCount != count { return false }
        return true
    }

    private static func insertionSort(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        depth: Int,
        _ arena: Span<UInt8>
    ) {
        for index in range.dropFirst() {
            let entry = entries[index]
            var place = index
            while place > range.lowerBound,
                RunText.compare(entries[place &- 1], entry, depth: depth, arena) > 0
            {
                entries[place] = entries[place &- 1]
                place &-= 1
            }
            if place != index { entries[place] = entry }
        }
    }

    private static func mergeSort(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        _ spare: inout MutableSpan<Entry>,
        depth: Int,
        _ arena: Span<UInt8>
    ) {
        if range.count <= smallCount {
            insertionSort(&entries, range, depth: depth, arena)
            return
        }
        let middle = range.lowerBound + range.count / 2
        mergeSort(&entries, range.lowerBound..<middle, &spare, depth: depth, arena)
        mergeSort(&entries, middle..<range.upperBound, &spare, depth: depth, arena)
        for index in range { spare[index] = entries[index] }
        var left = range.lowerBound
        var right = middle
        for index in range {
            let takesLeft =
                right == range.upperBound
                || left < middle
                    && RunText.compare(spare[left], spare[right], depth: depth, arena) <= 0
            entries[index] = takesLeft ? spare[left] : spare[right]
            if takesLeft { left &+= 1 } else { right &+= 1 }
        }
    }

    /// Entries of one key stand in the order they came: moves the last of each to `start` on.
    private static func keepLast(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        at start: Int,
        depth: Int,
        _ arena: Span<UInt8>
    ) -> Int {
        var end = start
        for index in range {
            let entry = entries[index]
            let isLast =
                index &+ 1 == range.upperBound
                || RunText.compare(entry, entries[index &+ 1], depth: depth, arena) != 0
            if isLast {
                entries[end] = entry
                end &+= 1
            }
        }
        return end
    }

    /// The bytes that all keys share.
    private static func sharedByteCount(
        _ entries: borrowing MutableSpan<Entry>,
        _ range: Range<Int>,
        _ arena: Span<UInt8>
    ) -> Int {
        let first = RunText.key(entries[range.lowerBound])
        var shared = first.count
        for index in range {
            let key = RunText.key(entries[index])
            shared = KeyOrder.sharedByteCount(
                arena,
                at: first.lowerBound,
                arena,
                at: key.lowerBound,
                limit: min(shared, key.count)
            )
        }
        return shared
    }

    /// Sets the words to the eight bytes behind the first `depth` of each key.
    private static func load(
        _ entries: inout MutableSpan<Entry>,
        _ range: Range<Int>,
        depth: Int,
        _ arena: Span<UInt8>
    ) {
        for index in range {
            let key = RunText.key(entries[index])
            entries[index].word = KeyOrder.word(
                arena,
                at: key.lowerBound &+ depth,
                end: key.upperBound
            )
        }
    }
}
