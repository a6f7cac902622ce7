import ArchiveBytes
import ArchiveFormat
import ArchiveSealing

/// Checks what is inside the frames of one segment, batch by batch.
///
/// Without keys there is nothing to do: that the bytes are the right ones is proved by their
/// hashes.
struct ContentsVerifier {
    private let keys: (any LogKeys)?
    private let opener: FrameOpener?
    private let mac: HMACSHA256?
    private let hasher = SHA256()
    private let segment: SegmentNumber
    private let visit: ((RecordEntry, SegmentNumber, UInt64, Int) -> Void)?

    private(set) var totals = SegmentTotals()
    private(set) var chunkCount: UInt64 = 0
    private(set) var erasedFrameCount: UInt64 = 0
    private(set) var directoryOffsets: [UInt64] = []
    /// What the next directory must list; nil behind damage, until a directory has passed.
    private var expected: LogEntries?

    init(
        keys: (any LogKeys)?,
        segment: SegmentNumber,
        visit: ((RecordEntry, SegmentNumber, UInt64, Int) -> Void)?
    ) {
        self.keys = keys
        self.segment = segment
        self.visit = visit
        opener = keys.map { FrameOpener(keys: $0) }
        mac = keys.map { $0.logKey.withSpan { HMACSHA256(key: $0) } }
        expected = LogEntries(segment: segment)
    }

    /// A batch could not be read: what it held is not known.
    mutating func forget() { expected = nil }

    /// Opens every frame of a batch.
    mutating func check(
        _ batch: ScannedBatch,
        in scanner: borrowing BatchScanner,
        file: String,
        after lastSequence: RecordSequence?
    ) -> [Damage] {
        var damages: [Damage] = []
        var sequences: Set<RecordSequence> = []
        for frame in batch.frames {
            if frame.header.kind == .directory { directoryOffsets.append(frame.offset) }
            guard let opener, let keys else { continue }
            do {
                try check(frame, scanner, opener, keys, &sequences)
            } catch  where error.code == .erased {
                erasedFrameCount += 1
                expected = nil
            } catch {
                expected = nil
                damages.append(
                    Damage(
                        file: file,
                        offset: frame.offset,
                        commits: batch.commit.number...batch.commit.number,
                        error.finding
                    )
                )
            }
        }
        if keys != nil, damages.isEmpty, erasedFrameCount == 0, let lastSequence {
            let stated = lastSequence...batch.commit.lastSequence
            if sequences.count != stated.count - 1 || !sequences.allSatisfy(stated.contains) {
                damages.append(
                    Damage(
                        file: file,
                        offset: batch.commitOffset,
                        commits: batch.commit.number...batch.commit.number,
                        "the batch does not hold the records that its commit numbers"
                    )
                )
            }
        }
        return damages
    }

    private mutating func check(
        _ frame: ScannedBatch.Frame,
        _ scanner: borrowing BatchScanner,
        _ opener: FrameOpener,
        _ keys: any LogKeys,
        _ sequences: inout Set<RecordSequence>
    ) throws(LogError) {
        if frame.header.kind == .directory {
            return try checkDirectory(frame, scanner, keys)
        }
        let plain = try scanner.withFrame(frame) { bytes throws(LogError) in
            try opener.open(bytes, header: frame.header, segment: segment, offset: frame.offset)
        }
        switch frame.header.kind {
        case .records: try checkPack(plain, frame, keys, &sequences)
        case .chunk: try checkChunk(plain, frame, keys)
        default: return
        }
    }

    private mutating func checkPack(
        _ plain: [UInt8],
        _ frame: ScannedBatch.Frame,
        _ keys: any LogKeys,
        _ sequences: inout Set<RecordSequence>
    ) throws(LogError) {
        do {
            let pack = try Pack(decoding: plain)
            for (index, slot) in pack.slots.enumerated() {
                let entry = try pack.entry(index)
                try checkDomain(
                    entry.subject.map(KeyDomainName.subject) ?? .collection(entry.collection),
                    frame,
                    keys
                )
                if entry.body == .inline {
                    guard hasher.hash(pack.bytes.span.extracting(slot.body)) == entry.digest
                    else {
                        throw FormatError(
                            .damaged,
                            "the body of record \(entry.sequence) has another digest"
                        )
                    }
                }
                let record = DirectoryRecord(entry, frameOffset: frame.offset, slot: index)
                if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                    keys.learn(collection: collection)
                }
                expected?.records.append(record)
                sequences.insert(entry.sequence)
                totals.recordCount += 1
                totals.recordByteCount += entry.bodyByteCount
                visit?(entry, segment, frame.offset, index)
            }
        } catch let error as FormatError {
            throw LogError(error, segment: segment, offset: frame.offset)
        } catch let error as LogError {
            throw error
        } catch {
            throw LogError(.corrupt, segment: segment, offset: frame.offset, "\(error)")
        }
    }

    private mutating func checkChunk(
        _ plain: [UInt8],
        _ frame: ScannedBatch.Frame,
        _ keys: any LogKeys
    ) throws(LogError) {
        let chunk: ChunkPlaintext
        do {
            chunk = try ChunkPlaintext(decoding: plain.span)
        } catch {
            throw LogError(error, segment: segment, offset: frame.offset)
        }
        try checkDomain(chunk.domain, frame, keys)
        let key = try keys.contentKey(of: chunk.domain, epoch: frame.header.epoch)
        let content = key.withSpan { HMACSHA256(key: $0) }
        guard content.authenticate(plain.span.extracting(chunk.start...)) == chunk.id else {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: frame.offset,
                "a chunk's bytes are not those of its content id"
            )
        }
        expected?.chunks.append(
            (DirectoryChunk(id: chunk.id, frameOffset: frame.offset), chunk.domain)
        )
        chunkCount += 1
    }

    /// A frame must be sealed for the domain that its contents are of.
    private func checkDomain(
        _ domain: KeyDomainName,
        _ frame: ScannedBatch.Frame,
        _ keys: any LogKeys
    ) throws(LogError) {
        let tag = try keys.domain(domain, epoch: frame.header.epoch).tag
        guard keys.masked(tag, nonce: frame.header.nonce) == frame.header.maskedTag else {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: frame.offset,
                "the frame is sealed for another subject or collection than its contents are of"
            )
        }
    }

    /// A directory must list exactly what was committed since the one before.
    private mutating func checkDirectory(
        _ frame: ScannedBatch.Frame,
        _ scanner: borrowing BatchScanner,
        _ keys: any LogKeys
    ) throws(LogError) {
        let mac = mac
        let archiveID = keys.archiveID
        let (blocks, erasedCount) = try scanner.withFrame(frame) { bytes throws(LogError) in
            guard let mac,
                PublicFrame.isAuthentic(
                    bytes,
                    header: frame.header,
                    archiveID: archiveID,
                    mac: mac
                )
            else {
                throw LogError(
                    .corrupt,
                    segment: segment,
                    offset: frame.offset,
                    "the directory frame is not authentic"
                )
            }
            return try DirectoryFrame.open(
                bytes,
                header: frame.header,
                keys: keys,
                segment: segment,
                offset: frame.offset
            )
        }
        if erasedCount > 0 { expected = nil }
        guard var rest = expected else { return }
        try compare(blocks, with: &rest, at: frame.offset)
        expected = rest
    }

    private func compare(
        _ blocks: [DirectoryBlock],
        with expected: inout LogEntries,
        at offset: UInt64
    ) throws(LogError) {
        let listed = blocks.flatMap(\.records)
        let numbers = Set(listed.map(\.sequence))
        let known = expected.records.filter { numbers.contains($0.sequence) }
        let ids = Set(blocks.flatMap(\.chunks).map(\.id))
        guard
            listed.sorted(by: { $0.sequence < $1.sequence })
                == known.sorted(by: { $0.sequence < $1.sequence }),
            ids.isSubset(of: expected.chunks.map(\.chunk.id))
        else {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "the directory does not list what the segment holds"
            )
        }
        // One flush may take several frames: what this one lists is done, the rest is still to come.
        expected.records.removeAll { numbers.contains($0.sequence) }
        expected.chunks.removeAll { ids.contains($0.chunk.id) }
    }
}
