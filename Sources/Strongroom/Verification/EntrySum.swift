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

/// Hashes entries by what they say, so that the log's side need not write them for it.
///
/// An entry of a table of texts is hashed in the numbers and texts that its bytes are made of, each as it
/// stands there: two that differ in a byte differ in one of these. One whose bytes can not be taken apart
/// so is hashed whole and is none that a record makes. A record version of a ``TimeRun`` is hashed by its
/// numbers.
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
        _ value: ValueWords
    ) -> UInt64 {
        var hash = text
        hash.combine(time.seconds, sequence.word)
        // Whether there are such bytes is told by the last bits of what was taken.
        if time.rest | sequence.lead != 0 { hash.combine(time.rest, sequence.lead) }
        hash.combine(value.low, value.high)
        return hash.value
    }

    /// Ends an entry of the table of names.
    @inline(__always)
    func end(
        _ collection: KeyedHash,
        name: Span<UInt8>,
        _ sequence: IndexKeys.NumberCode,
        _ value: ValueWords
    ) -> UInt64 {
        var hash = collection
        hash.combine(name)
        hash.combine(sequence.word, sequence.lead)
        hash.combine(value.low, value.high)
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
            let value = ValueWords(value)
        else { return nil }
        let text = begin(key[0], key.extracting(1..<zero))
        let sequence = IndexKeys.sequenceCode(key)
        let end = key.count &- sequence.byteCount
        guard key[0] != IndexKeys.Table.name.rawValue else {
            guard zero < end else { return nil }
            return self.end(text, name: key.extracting((zero &+ 1)..<end), sequence, value)
        }
        let timeByteCount = end &- zero &- 1
        guard timeByteCount == 6 || timeByteCount == 9 else { return nil }
        // With the sequence behind it there are eight bytes.
        let seconds = key.bigEndianU64(at: zero &+ 1) &>> 16
        guard seconds & 1 == (timeByteCount == 9 ? 1 : 0) else { return nil }
        var rest: UInt64 = 0
        if timeByteCount == 9 { rest = key.bigEndianU64(at: zero &+ 2) & 0xff_ffff }
        return self.end(text, (seconds, rest), sequence, value)
    }
}

/// The bytes of an entry's value and how many there are, as two words.
struct ValueWords: Equatable {
    let low: UInt64
    let high: UInt64

    /// Nil for more bytes than fit, or fewer than a place of a record has.
    @inline(__always)
    init?(_ value: Span<UInt8>) {
        let count = value.count
        guard count >= 3, count <= 15 else { return nil }
        var (low, high): (UInt64, UInt64) = (0, 0)
        if count >= 8 {
            low = value.u64(at: 0)
            high = value.u64(at: count &- 8) &>> UInt64(8 &* (16 &- count))
            if count == 8 { high = 0 }
        } else if count >= 4 {
            // Bytes that are taken twice are the same.
            low = UInt64(value.u32(at: 0))
            low |= UInt64(value.u32(at: count &- 4)) &<< UInt64(8 &* (count &- 4))
        } else {
            low = UInt64(value.u16(at: 0)) | UInt64(value[2]) &<< 16
        }
        self.init(low, high, count)
    }

    /// What ``IndexValue`` encodes for a place; a place that takes more bytes, which no archive has, gets
    /// words that are no entry's, and is then looked up by itself.
    @inline(__always)
    init(_ place: RecordPlace, isTombstone: Bool) {
        var bytes = Bytes()
        bytes.append(varint: 2 &* UInt64(place.slot) | (isTombstone ? 1 : 0))
        if isTombstone { bytes.append(varint: IndexKeys.tombstone) }
        bytes.append(varint: place.segment.value)
        let offset = place.frameOffset / UInt64(FrameHeader.alignment)
        bytes.append(offset, byteCount: (71 &- offset.leadingZeroBitCount) &>> 3)
        self.init(
            UInt64(truncatingIfNeeded: bytes.all),
            UInt64(truncatingIfNeeded: bytes.all &>> 64),
            bytes.count
        )
    }

    @inline(__always)
    private init(_ low: UInt64, _ high: UInt64, _ count: Int) {
        self.low = low
        self.high = high ^ UInt64(count) &<< 56
    }

    /// Up to 16 bytes, the first one lowest.
    private struct Bytes {
        var all: UInt128 = 0
        var count = 0

        @inline(__always)
        mutating func append(_ word: UInt64, byteCount: Int) {
            all |= UInt128(word) &<< UInt128(8 &* min(count, 15))
            count &+= byteCount
        }

        @inline(__always)
        mutating func append(varint value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                append(rest & 0x7f | 0x80, byteCount: 1)
                rest &>>= 7
            }
            append(rest, byteCount: 1)
        }
    }
}
