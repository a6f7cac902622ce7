import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// Adds up, batch by batch in order, what the frames of one segment hold, and holds directories
/// against it.
///
/// Without keys there is nothing to add: that the bytes are the right ones is proved by their
/// hashes.
struct ContentsLedger {
    private let file: any File
    private let name: SegmentDirectory.Name
    private let prover: BatchProver?

    private(set) var totals = SegmentTotals()
    private(set) var chunkCount: UInt64 = 0
    private(set) var erasedFrameCount: UInt64 = 0
    private(set) var directoryOffsets: [UInt64] = []
    /// What the next directory must list; nil behind damage, until a directory has passed.
    private var expected: Expected?
    /// A batch has made a collection known: frames of it may have been read too early to be opened.
    private var hasLearnt = false
    /// Directories that tell of collections whose own record is damaged, until they are asked.
    private var unasked: [UInt64]

    /// `prover` opens frames again that were read too early; nil without keys.
    init(
        _ file: any File,
        _ name: SegmentDirectory.Name,
        prover: BatchProver?,
        directories: [UInt64] = []
    ) {
        unasked = directories
        self.file = file
        self.name = name
        self.prover = prover
        expected = Expected()
    }

    /// What was committed and no directory has listed yet.
    private struct Expected {
        var records = UnlistedRecords()
        var chunks: Set<Digest> = []
    }

    /// A batch could not be read: what it held is not known.
    mutating func forget() { expected = nil }

    /// Takes the next batch; `lastSequence` is that of the batch before, nil if that is not known.
    mutating func add(
        _ batch: ProvedBatch,
        after lastSequence: RecordSequence?
    ) throws(LogError) -> [Damage] {
        directoryOffsets.append(contentsOf: batch.directories)
        guard prover != nil else { return [] }
        var damages: [Damage] = []
        var sequences: [RecordSequence] = []
        let count = batch.findings.reduce(0) { $0 + $1.finding.recordCount }
        sequences.reserveCapacity(count)
        if let lastSequence { expected?.records.expect(count, from: lastSequence + 1) }
        for (offset, finding) in batch.findings {
            if let text = try add(finding, at: offset, &sequences) {
                expected = nil
                damages.append(damage(batch, at: offset, text))
            }
        }
        if damages.isEmpty, erasedFrameCount == 0, let lastSequence {
            if !Self.areAll(sequences, from: lastSequence + 1, to: batch.link.lastSequence) {
                damages.append(
                    damage(
                        batch,
                        at: batch.commitOffset,
                        "the batch does not hold the records that its commit numbers"
                    )
                )
            }
        }
        return damages
    }

    /// Whether these, in any order, are just the numbers of a range.
    private static func areAll(
        _ sequences: [RecordSequence],
        from first: RecordSequence,
        to last: RecordSequence
    ) -> Bool {
        guard UInt64(sequences.count) == last &+ 1 &- first else { return false }
        var isThere = [Bool](repeating: false, count: sequences.count)
        for sequence in sequences {
            let place = sequence &- first
            guard place < UInt64(isThere.count), !isThere[Int(place)] else { return false }
            isThere[Int(place)] = true
        }
        return true
    }

    /// Adds what one frame holds; answers what is wrong with it.
    private mutating func add(
        _ finding: FrameFinding,
        at offset: UInt64,
        mayTryAgain: Bool = true,
        _ sequences: inout [RecordSequence]
    ) throws(LogError) -> String? {
        switch finding {
        case .erased, .damaged:
            if mayTryAgain, let prover, learn(prover),
                let second = try prover.again(file, segment: name.number, at: offset)
            {
                return try add(second, at: offset, mayTryAgain: false, &sequences)
            }
            if case .damaged(let text) = finding { return text }
            erasedFrameCount += 1
            expected = nil
        case .records(let records, let bodyByteCount, let madeKnown):
            if madeKnown { hasLearnt = true }
            for record in records {
                expected?.records.insert(record)
                sequences.append(record.sequence)
            }
            totals.recordCount += UInt64(records.count)
            totals.recordByteCount += bodyByteCount
        case .chunk(let id):
            expected?.chunks.insert(id)
            chunkCount += 1
        case .directory(let records, let chunks, let erasedCount):
            if erasedCount > 0 { expected = nil }
            return compare(records, chunks)
        }
        return nil
    }

    /// Whether more collections are known than when the frames were read first.
    private mutating func learn(_ prover: BatchProver) -> Bool {
        for offset in unasked {
            // One that cannot be read has nothing to tell; that it cannot is found in its turn.
            if (try? prover.learn(file, segment: name.number, at: offset)) != nil {
                hasLearnt = true
            }
        }
        unasked = []
        return hasLearnt
    }

    private func damage(_ batch: ProvedBatch, at offset: UInt64, _ finding: String) -> Damage {
        Damage(
            file: name.text,
            offset: offset,
            commits: batch.link.number...batch.link.number,
            finding
        )
    }

    /// A directory must list exactly what was committed since the one before.
    private mutating func compare(_ records: [ListedRecord], _ chunks: [Digest]) -> String? {
        guard expected != nil else { return nil }
        let finding = "the directory does not list what the segment holds"
        // One flush may take several frames: what this one lists is done, the rest is still to come.
        for record in records {
            let known = expected?.records.remove(record.sequence)
            guard known == record.fingerprint else { return finding }
        }
        guard expected?.chunks.isSuperset(of: chunks) == true else { return finding }
        expected?.chunks.subtract(chunks)
        return nil
    }
}
