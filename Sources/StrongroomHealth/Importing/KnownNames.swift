import Strongroom

/// Tells of most names that the archive does not have that it does not, without asking the index.
///
/// A first import asks for the name of each of its records, and the answer is always no. So in an
/// archive that held no records when the import began, the names that came since are kept as some bits
/// each. That ends when records appear that the import did not write.
struct KnownNames {
    private var filter: NameFilter?
    private var hasBegun = false

    /// Takes note of what a view shows that was not written by the import.
    mutating func look(at sight: ImportSight) throws(ArchiveError) {
        if !hasBegun {
            hasBegun = true
            if try !sight.view.holdsRecords { filter = NameFilter() }
        }
        for records in sight.foreign where filter != nil {
            if try !sight.view.hasOnlyItsOwn(records) { filter = nil }
        }
    }

    /// Whether the archive or the import may have a name with this hash.
    func mayHold(_ hash: Int) -> Bool { filter?.mayHold(hash) ?? true }

    /// Takes down the name of a record that is new.
    mutating func insert(_ hash: Int) { filter?.insert(hash) }
}

extension ArchiveView {
    /// Whether there is any record that an import could meet again.
    fileprivate var holdsRecords: Bool {
        get throws(ArchiveError) {
            var query = RecordQuery()
            query.collection = RecordMaker.collection
            query.includesHistory = true
            var holdsAny = false
            try forEach(query) { _ in
                holdsAny = true
                return false
            }
            return holdsAny
        }
    }

    /// Whether these are all there, and are what the engine itself keeps in the log.
    fileprivate func hasOnlyItsOwn(_ records: ForeignRecords) throws(ArchiveError) -> Bool {
        var isOwn = true
        let count = try forEach(
            from: records.sequence,
            recorded: records.recorded,
            count: records.count
        ) { record, _ in
            if record.collection == RecordMaker.collection { isOwn = false }
        }
        return isOwn && count == records.count
    }
}

/// Names as four bits each among 32 million.
///
/// It never forgets one. Of names that it does not have it takes one in a hundred for its own when it
/// holds three million, and most from some twelve million on.
private struct NameFilter {
    /// The bits of a name are in one line of 64 bytes: one wait for memory, not four.
    private static let lineWordCount = 8
    private static let lineCount = 1 << 16

    private var words = [UInt64](repeating: 0, count: lineWordCount * lineCount)

    func mayHold(_ hash: Int) -> Bool {
        let line = Self.line(of: hash)
        var bits = Self.mixed(hash)
        for _ in 0..<4 {
            guard words[line &+ Int(bits & 7)] &>> (bits &>> 3 & 63) & 1 == 1 else { return false }
            bits &>>= 9
        }
        return true
    }

    mutating func insert(_ hash: Int) {
        let line = Self.line(of: hash)
        var bits = Self.mixed(hash)
        for _ in 0..<4 {
            words[line &+ Int(bits & 7)] |= 1 &<< (bits &>> 3 & 63)
            bits &>>= 9
        }
    }

    private static func line(of hash: Int) -> Int {
        Int(UInt(bitPattern: hash) &>> 48) &* lineWordCount
    }

    private static func mixed(_ hash: Int) -> UInt64 {
        UInt64(UInt(bitPattern: hash)) &* 0x9e37_79b9_7f4a_7c15 &>> 16
    }
}
