import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// What one batch was found to be.
enum BatchProof: Sendable {
    case whole(ProvedBatch)
    /// Its bytes are not those that the seal lists; it begins at the offset.
    case broken(offset: UInt64, String)
}

/// A batch that is whole, and what is inside its frames.
struct ProvedBatch: Sendable {
    let link: CommitLink
    let commitOffset: UInt64
    let frameCount: Int
    /// The lowest sequence that the headers of its packs name.
    let firstSequence: RecordSequence?
    let directories: [UInt64]
    /// In the order of the frames; empty without keys.
    let findings: [(offset: UInt64, finding: FrameFinding)]
}

/// Proves batches: one a worker, used by one thread at a time.
final class BatchProver {
    private let archiveID: ArchiveID
    private let logKey: SecretKey?
    private let check: FrameCheck?
    /// What runs are read into, one after the other.
    private var buffer: [UInt8] = []

    init(
        archiveID: ArchiveID,
        keys: (any LogKeys)?,
        dictionaries: DictionaryLibrary? = nil,
        visit: FrameVisitor = FrameVisitor()
    ) {
        self.archiveID = archiveID
        logKey = keys?.logKey
        check = keys.map { FrameCheck(keys: $0, dictionaries: dictionaries, visit: visit) }
    }

    /// Proves the batches of a run; one that is broken does not hide the next.
    func prove(_ run: BatchRun) throws(LogError) -> [BatchProof] {
        var proofs: [BatchProof] = []
        proofs.reserveCapacity(run.commits.count)
        var scanner = try run.scanner(logKey: logKey, buffer: buffer)
        buffer = []
        defer { buffer = scanner.buffer }
        for commit in run.commits {
            let leaf = run.list.commits[commit].leaf
            if let batch = try scanner.next(), batch.link.hash == leaf {
                proofs.append(.whole(proved(batch, in: scanner)))
                continue
            }
            var finding = "its hash is not the one that the seal lists"
            if case .broken(let error) = scanner.ending { finding = error.finding }
            proofs.append(.broken(offset: run.list.offset(of: commit), finding))
            scanner.resume(
                after: run.list.link(before: commit + 1),
                at: run.list.offset(of: commit + 1)
            )
        }
        return proofs
    }

    /// Opens every frame of the batch that `scanner` returned last.
    func proved(_ batch: ScannedBatch, in scanner: borrowing BatchScanner) -> ProvedBatch {
        var findings: [(offset: UInt64, finding: FrameFinding)] = []
        var firstSequence: RecordSequence?
        var directories: [UInt64] = []
        let segment = scanner.segment
        for frame in batch.frames {
            switch frame.kind {
            case .directory: directories.append(frame.offset)
            case .records:
                firstSequence = min(firstSequence ?? .max, scanner.firstSequence(of: frame))
            default: break
            }
            guard let check else { continue }
            let header = scanner.header(of: frame)
            let finding = scanner.withFrame(frame) {
                check.finding($0, header: header, segment: segment, offset: frame.offset)
            }
            if let finding { findings.append((frame.offset, finding)) }
        }
        return ProvedBatch(
            link: batch.link,
            commitOffset: batch.commitOffset,
            frameCount: batch.frames.count,
            firstSequence: firstSequence,
            directories: directories,
            findings: findings
        )
    }

    /// Checks one frame again, once more collections are known than when it was read first.
    func again(
        _ file: any File,
        segment: SegmentNumber,
        at offset: UInt64
    ) throws(LogError) -> FrameFinding? {
        guard let check else { return nil }
        let (bytes, header) = try frame(file, segment, offset)
        return check.finding(bytes.span, header: header, segment: segment, offset: offset)
    }

    /// Makes known the collections that a directory tells of.
    func learn(_ file: any File, segment: SegmentNumber, at offset: UInt64) throws(LogError) {
        guard let check else { return }
        let (bytes, header) = try frame(file, segment, offset)
        try check.learn(bytes.span, header: header, segment: segment, offset: offset)
    }

    private func frame(
        _ file: any File,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) -> (bytes: [UInt8], header: FrameHeader) {
        var bytes: [UInt8] = []
        try LogReader.read(file, segment, at: offset, into: &bytes)
        do {
            let header = try FrameHeader(
                decoding: bytes.span,
                at: 0,
                archiveID: archiveID,
                hasher: SHA256()
            )
            return (bytes, header)
        } catch {
            throw LogError(error, segment: segment, offset: offset)
        }
    }
}
