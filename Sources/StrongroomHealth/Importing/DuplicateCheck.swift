import ArchiveBytes
import ArchiveSealing
import Strongroom

/// Tells whether the archive holds a record already, byte for byte under the same name.
///
/// The archive's index answers for what the import sees of it. The batches handed over last, which
/// it does not see, and the one that is being filled are remembered here.
struct DuplicateCheck {
    /// How many batches are remembered once they were handed over.
    static let batchCount = ReadAhead.count + 1

    /// The newest first.
    private var old = (0..<batchCount).map { _ in Gathered() }
    private var newer = RecentNames()
    private var known = KnownNames()
    private let hasher = SHA256()
    private var lastHash = 0

    /// A batch that was handed over, and the names in it.
    private struct Gathered {
        var batch: ImportBatch?
        var names = RecentNames()
    }

    /// Begins a batch after `last`.
    mutating func beginBatch(
        after last: ImportBatch?,
        _ sight: ImportSight
    ) throws(ArchiveError) {
        // The memory of the oldest names is that of those which come.
        for place in old.indices.dropFirst().reversed() { old.swapAt(place, place - 1) }
        swap(&old[0].names, &newer)
        old[0].batch = last
        newer.removeAll()
        try known.look(at: sight)
    }

    /// Remembers that the name that was looked for last, and was new, is now that of the record at
    /// `index` of the batch.
    mutating func noteNew(at index: Int) {
        newer.append(lastHash, at: index)
        known.insert(lastHash)
    }

    /// Where the same record is, or nil if it is new.
    mutating func find(
        _ name: String,
        _ body: Span<UInt8>,
        _ batch: borrowing ImportBatch,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        lastHash = name.hashValue
        guard known.mayHold(lastHash) else { return nil }
        if let recent = recent(name, batch, { $0.isBody(body, at: $1) }) { return recent }
        guard try view.place(of: name, in: RecordMaker.collection) != nil else { return nil }
        return try stored(name, hasher.hash(body), in: view)
    }

    /// The same for a body of which only the digest is known.
    mutating func find(
        _ name: String,
        digest: Digest,
        _ batch: borrowing ImportBatch,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        lastHash = name.hashValue
        guard known.mayHold(lastHash) else { return nil }
        let hasher = hasher
        let recent = recent(name, batch) { $0.digest(at: $1, hasher) == digest }
        if let recent { return recent }
        guard try view.place(of: name, in: RecordMaker.collection) != nil else { return nil }
        return try stored(name, digest, in: view)
    }

    private func recent(
        _ name: String,
        _ batch: borrowing ImportBatch,
        _ isSame: (borrowing ImportBatch, Int) -> Bool
    ) -> PieceDraft.Content? {
        let known = newer.place(of: name, lastHash, in: batch, isSame)
        if known != nil { return known }
        for index in old.indices {
            guard let batch = old[index].batch else { continue }
            let known = old[index].names.place(of: name, lastHash, in: batch, isSame)
            if known != nil { return known }
        }
        return nil
    }

    /// Any version counts, not only the newest: an old export must not bring back what is known.
    private func stored(
        _ name: String,
        _ digest: Digest,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        let digest = digest.hex
        for version in try view.versions(of: name, in: RecordMaker.collection)
        where !version.isDeleted && version.sha256 == digest {
            return .known(sequence: version.sequence, recorded: version.recorded)
        }
        return nil
    }
}

/// The names of a batch, to be found by their hashes.
///
/// The names themselves are those of the batch's records: nothing here holds memory of its own for a
/// record, and a table with open addressing and at most half of its slots taken answers mostly at the
/// first try.
private struct RecentNames {
    private struct Known: BitwiseCopyable {
        var hash: Int
        /// The place of the record in the batch.
        var index: Int
    }

    private var known: [Known] = []
    /// Places in `known` plus one, or zero.
    private var slots = [Int32](repeating: 0, count: 1024)

    mutating func removeAll() {
        known.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = 0 }
    }

    mutating func append(_ hash: Int, at index: Int) {
        known.append(Known(hash: hash, index: index))
        if known.count * 2 > slots.count {
            slots = Array(repeating: 0, count: slots.count * 2)
            for place in known.indices { enter(place) }
        } else {
            enter(known.count - 1)
        }
    }

    private mutating func enter(_ place: Int) {
        var slot = known[place].hash & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot &+ 1) & (slots.count &- 1) }
        slots[slot] = Int32(place + 1)
    }

    /// Where a record of that name is in the batch that is the same.
    func place(
        of name: String,
        _ hash: Int,
        in batch: borrowing ImportBatch,
        _ isSame: (borrowing ImportBatch, Int) -> Bool
    ) -> PieceDraft.Content? {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let known = known[Int(slots[slot]) - 1]
            if known.hash == hash, batch.name(at: known.index).hasSameBytes(as: name),
                isSame(batch, known.index)
            {
                let place = RecentRecord(batch: batch.number, index: known.index)
                return .onItsWay(place, isNew: false)
            }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }
}

extension ImportBatch {
    /// The name of a record, the large one included.
    fileprivate func name(at index: Int) -> String? {
        index < records.count ? records.name(at: index) : large?.record.name
    }

    fileprivate func isBody(_ body: Span<UInt8>, at index: Int) -> Bool {
        guard index < records.count else {
            guard let large, case .held = large.body else { return false }
            return large.record.body.span.isEqual(to: body)
        }
        return records.withBody(at: index) { $0.isEqual(to: body) }
    }

    fileprivate func digest(at index: Int, _ hasher: SHA256) -> Digest? {
        guard index >= records.count else { return records.withBody(at: index, hasher.hash) }
        switch large?.body {
        case .held: return large.map { hasher.hash($0.record.body.span) }
        case .file(_, _, _, let digest): return digest
        case nil: return nil
        }
    }
}
