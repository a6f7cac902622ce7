import ArchiveFormat

/// Record versions that were committed and that no directory has listed yet, by their numbers.
///
/// Those of a batch have numbers that follow each other, so each has a place of its own; only where the
/// log is not as it should be are there others.
struct UnlistedRecords {
    /// The number of the first place.
    private var first: RecordSequence = 0
    private var places: [UInt64?] = []
    private var count = 0
    private var others: [RecordSequence: UInt64] = [:]

    /// Makes places for the records of the next batch, so many from a number on.
    mutating func expect(_ number: Int, from sequence: RecordSequence) {
        if count == 0 {
            places.removeAll(keepingCapacity: true)
            first = sequence
        }
        guard sequence == first &+ UInt64(places.count) else { return }
        places.append(contentsOf: repeatElement(nil, count: number))
    }

    mutating func insert(_ record: ListedRecord) {
        let place = record.sequence &- first
        guard place < UInt64(places.count) else {
            others[record.sequence] = record.fingerprint
            return
        }
        if places[Int(place)] == nil { count += 1 }
        places[Int(place)] = record.fingerprint
    }

    /// Takes out the record of a number: its fingerprint, or nil if there is none.
    mutating func remove(_ sequence: RecordSequence) -> UInt64? {
        let place = sequence &- first
        guard place < UInt64(places.count) else { return others.removeValue(forKey: sequence) }
        guard let print = places[Int(place)] else { return nil }
        places[Int(place)] = nil
        count -= 1
        return print
    }
}
