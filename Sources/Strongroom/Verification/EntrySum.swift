import ArchiveBytes
import ArchiveFormat

/// So many entries of an index, and the sum of their hashes, whose key is drawn anew in each process.
///
/// A ``TimeRun`` counts as an entry for each of its record versions, for it does not matter where runs
/// are cut.
struct EntrySum: Equatable, Sendable {
    private(set) var entryCount: UInt64 = 0
    private var hash: UInt64 = 0

    /// Adds one entry by its hash.
    @inline(__always)
    mutating func add(_ entry: UInt64) {
        entryCount += 1
        hash &+= entry
    }

    mutating func add(_ other: EntrySum) {
        entryCount += other.entryCount
        hash &+= other.hash
    }
}

/// Hashes entries part by part, so that the log's side need not write keys for it.
///
/// A key of a table of texts is hashed in two parts, up to the text's end and what follows; a record
/// version of a ``TimeRun`` by its numbers.
struct EntryHash {
    private let empty = KeyedHash.empty

    /// Begins an entry of a table by its text, or by what all keys of a time begin with.
    @inline(__always)
    func begin(_ table: UInt8, _ text: Span<UInt8>) -> KeyedHash {
        var hash = empty
        hash.combine(UInt64(table))
        hash.combine(text)
        return hash
    }

    /// Ends an entry by what follows the zero behind its text, and its value.
    @inline(__always)
    func end(_ text: KeyedHash, _ rest: Span<UInt8>, _ value: Span<UInt8>) -> UInt64 {
        var hash = text
        hash.combine(rest)
        hash.combine(value)
        return hash.value
    }

    /// Ends the entry of a record version that was recorded at a time.
    @inline(__always)
    func end(_ time: KeyedHash, _ place: RecordPlace) -> UInt64 {
        var hash = time
        hash.combine(place.sequence, place.frameOffset)
        hash.combine(UInt64(place.slot), place.segment.value)
        return hash.value
    }

    /// The hash of an entry of any table but that of times.
    @inline(__always)
    func whole(_ key: Span<UInt8>, _ value: Span<UInt8>) -> UInt64 {
        guard let zero = key.firstIndex(ofByte: 0, from: 1) else {
            // No text ends in it, so it is none that a record makes.
            return end(empty, key, value)
        }
        let text = begin(key[0], key.extracting(1..<zero))
        return end(text, key.extracting((zero + 1)...), value)
    }
}
