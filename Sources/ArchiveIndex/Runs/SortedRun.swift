internal import ArchiveBytes

/// Entries in key order in memory: never changed, shared by reference, wiped at the end.
///
/// Keys and values lie in arenas in the order they came; what is sorted are small fixed-size entries
/// that point into them. Each carries the eight bytes of its key behind what all keys of its
/// table share, so most comparisons never touch the arena.
package final class SortedRun: Sendable {
    let text: RunText

    static let empty = RunBuilder().finish()

    init(_ text: consuming RunText) { self.text = text }

    /// The number of entries.
    package var count: Int { text.entries.count }

    /// The memory that the run takes.
    package var byteCount: Int { text.byteCount }

    /// The first entry whose key is not before `key`.
    package func lowerBound(_ key: Span<UInt8>) -> Int { text.lowerBound(key) }

    /// Compares the key of an entry with `key`, mostly without touching the entry's bytes.
    func compare(_ index: Int, with key: Span<UInt8>) -> Int { text.compare(index, with: key) }

    /// Lends one entry.
    package func withEntry<Result, Failure: Error>(
        _ index: Int,
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try text.withEntry(index, use)
    }

    /// One run with the entries of both; where both have a key, `newer` wins.
    package static func merging(_ older: SortedRun, _ newer: SortedRun) -> SortedRun {
        SortedRun(RunText(merging: older.text, newer.text))
    }
}

/// Keys and values in the order they came, shared by all runs that have entries of them, and wiped when
/// the last of these is gone.
final class RunArena: Sendable {
    private let bytes: WipedBytes
    let byteCount: Int

    init(_ bytes: consuming [UInt8]) {
        byteCount = bytes.count
        self.bytes = WipedBytes(bytes)
    }

    @inline(__always)
    func withBytes<Result, Failure: Error>(
        _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(use)
    }
}

/// The bytes of a ``SortedRun``.
struct RunText: ~Copyable, Sendable {
    struct Entry: BitwiseCopyable {
        /// Eight bytes of the key from its table's ``Table/depth``, most significant first.
        var word: UInt64
        /// Where the key lies in its arena; its value follows.
        let offset: UInt32
        /// The lengths of key and value in 11 and 7 bits, and the number of the arena in 14.
        private let counts: UInt32

        static let arenaLimit = 1 << 14

        init(word: UInt64, offset: UInt32, keyCount: Int, valueCount: Int, arena: Int = 0) {
            self.word = word
            self.offset = offset
            counts = UInt32(truncatingIfNeeded: keyCount | valueCount &<< 11 | arena &<< 18)
        }

        @inline(__always) var keyCount: Int { Int(counts & 0x7ff) }
        @inline(__always) var valueCount: Int { Int(counts &>> 11 & 0x7f) }
        @inline(__always) var arena: Int { Int(counts &>> 18) }
    }

    /// The entries whose keys begin with the same byte.
    struct Table {
        let first: UInt8
        /// The bytes that all of its keys share.
        let depth: Int
        let range: Range<Int>
    }

    let arenas: [RunArena]
    let entries: [Entry]
    let tables: [Table]
    /// The bytes of all keys and values.
    let arenaByteCount: Int

    init(arenas: [RunArena], entries: [Entry], tables: [Table]) {
        self.arenas = arenas
        self.entries = entries
        self.tables = tables
        arenaByteCount = arenas.reduce(0) { $0 + $1.byteCount }
    }

    var byteCount: Int { arenaByteCount + entries.count * MemoryLayout<Entry>.stride }

    @inline(__always)
    func withEntry<Result, Failure: Error>(
        _ index: Int,
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let entry = entries[index]
        let key = Self.key(entry)
        let arenas = arenas.span
        return try arenas[entry.arena].withBytes { bytes throws(Failure) in
            try use(
                bytes.extracting(key),
                bytes.extracting(key.upperBound..<(key.upperBound &+ entry.valueCount))
            )
        }
    }

    func lowerBound(_ key: Span<UInt8>) -> Int {
        guard key.count > 0, let table = tables.first(where: { $0.first >= key[0] }) else {
            return key.count == 0 ? 0 : entries.count
        }
        let order = comparePrefix(of: table, with: key)
        if order != 0 { return order > 0 ? table.range.lowerBound : table.range.upperBound }
        let word = KeyOrder.word(key, at: table.depth, end: key.count)
        var low = table.range.lowerBound
        var high = table.range.upperBound
        while low < high {
            let middle = (low &+ high) &>> 1
            let entry = entries[middle]
            let isBefore: Bool
            if entry.word != word {
                isBefore = entry.word < word
            } else {
                isBefore = compare(entry, with: key, from: table.depth) < 0
            }
            if isBefore { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    func compare(_ index: Int, with key: Span<UInt8>) -> Int {
        guard key.count > 0, let table = tables.first(where: { index < $0.range.upperBound })
        else { return 1 }
        let order = comparePrefix(of: table, with: key)
        if order != 0 { return order }
        let entry = entries[index]
        let word = KeyOrder.word(key, at: table.depth, end: key.count)
        if entry.word != word { return entry.word < word ? -1 : 1 }
        return compare(entry, with: key, from: table.depth)
    }

    /// Compares an entry's key with `key`, of which `depth` bytes are equal.
    private func compare(_ entry: Entry, with key: Span<UInt8>, from depth: Int) -> Int {
        let range = Self.key(entry)
        return arenas[entry.arena].withBytes { bytes in
            KeyOrder.compare(
                bytes,
                (range.lowerBound &+ depth)..<range.upperBound,
                key,
                depth..<key.count
            )
        }
    }

    /// Negative if all keys of a table come before `key`, positive if none does; zero if `key`
    /// begins with what they share, which any of them has.
    private func comparePrefix(of table: Table, with key: Span<UInt8>) -> Int {
        let entry = entries[table.range.lowerBound]
        let start = Int(entry.offset)
        let shared = min(table.depth, key.count)
        let order = arenas[entry.arena].withBytes { bytes in
            KeyOrder.compare(bytes, start..<(start &+ shared), key, 0..<shared)
        }
        return order == 0 && key.count < table.depth ? 1 : order
    }

    @inline(__always)
    static func key(_ entry: Entry) -> Range<Int> {
        let start = Int(entry.offset)
        return start..<(start &+ entry.keyCount)
    }

    /// Orders two entries of one arena whose keys share `depth` bytes and whose words are of there.
    @inline(__always)
    static func compare(_ left: Entry, _ right: Entry, depth: Int, _ arena: Span<UInt8>) -> Int {
        if left.word != right.word { return left.word < right.word ? -1 : 1 }
        let leftKey = key(left)
        let rightKey = key(right)
        return KeyOrder.compare(
            arena,
            (leftKey.lowerBound &+ depth)..<leftKey.upperBound,
            arena,
            (rightKey.lowerBound &+ depth)..<rightKey.upperBound
        )
    }
}
