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

/// Hashes entries by what they say, so that the log's side need not write keys for it.
///
/// An entry of a table of texts is hashed in the numbers and texts that its bytes are made of, each as it
/// stands there: two that differ in a byte differ in one of these. One whose bytes are not as
/// ``IndexKeys`` and ``IndexValue`` write them is hashed whole and is none that a record makes. A record
/// version of a ``TimeRun`` is hashed by its numbers.
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

    /// Ends an entry of the table of subjects or terms.
    @inline(__always)
    func end(
        _ text: KeyedHash,
        _ time: (seconds: UInt64, rest: UInt64),
        _ sequence: IndexKeys.NumberCode,
        _ place: RecordPlace
    ) -> UInt64 {
        var hash = text
        hash.combine(time.seconds &<< 16 | UInt64(place.slot), sequence.word)
        // Whether there are such bytes is told by the last bits of what was taken.
        if time.rest | sequence.lead != 0 { hash.combine(time.rest, sequence.lead) }
        hash.combine(place.segment.value, place.frameOffset)
        return hash.value
    }

    /// Ends an entry of the table of names.
    @inline(__always)
    func end(
        _ collection: KeyedHash,
        name: Span<UInt8>,
        _ sequence: IndexKeys.NumberCode,
        _ place: RecordPlace,
        isTombstone: Bool
    ) -> UInt64 {
        var hash = collection
        hash.combine(name)
        hash.combine(UInt64(place.slot) &<< 1 | (isTombstone ? 1 : 0), sequence.word)
        if sequence.lead != 0 { hash.combine(sequence.lead) }
        hash.combine(place.segment.value, place.frameOffset)
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
        if let hash = known(key, value) { return hash }
        var hash = empty
        hash.combine(key)
        hash.combine(value)
        return hash.value
    }

    /// Nil for an entry that no record makes.
    @inline(__always)
    private func known(_ key: Span<UInt8>, _ value: Span<UInt8>) -> UInt64? {
        guard key.count >= 8, let zero = key.firstIndex(ofByte: 0, from: 1),
            let found = try? IndexValue(value), found.byteCount == value.count,
            found.place.slot < Limits.recordsPerPack
        else { return nil }
        let text = begin(key[0], key.extracting(1..<zero))
        let sequence = IndexKeys.sequenceCode(key)
        let end = key.count &- sequence.byteCount
        guard key[0] != IndexKeys.Table.name.rawValue else {
            guard zero < end, found.note <= IndexKeys.tombstone else { return nil }
            let name = key.extracting((zero &+ 1)..<end)
            return self.end(text, name: name, sequence, found.place, isTombstone: found.note != 0)
        }
        let timeByteCount = end &- zero &- 1
        guard found.note == 0, timeByteCount == 6 || timeByteCount == 9 else { return nil }
        // With the sequence behind it there are eight bytes.
        let seconds = key.bigEndianU64(at: zero &+ 1) &>> 16
        guard seconds & 1 == (timeByteCount == 9 ? 1 : 0) else { return nil }
        var rest: UInt64 = 0
        if timeByteCount == 9 { rest = key.bigEndianU64(at: zero &+ 2) & 0xff_ffff }
        return self.end(text, (seconds, rest), sequence, found.place)
    }
}
