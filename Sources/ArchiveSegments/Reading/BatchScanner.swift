import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing

/// A batch whose commit frame is there and right: it exists.
package struct ScannedBatch: Sendable {
    package struct Frame: Sendable {
        /// Offset in the segment.
        package let offset: UInt64
        package let byteCount: Int
        package let kind: FrameHeader.Kind
    }

    /// The frames before the commit frame.
    package let frames: [Frame]
    package let commit: CommitBody
    package let link: CommitLink
    /// Offset of the commit frame, and of the first byte behind it.
    package let commitOffset: UInt64
    package let end: UInt64
}

/// Walks the committed batches of one segment, from a known commit on, and proves each: Merkle root,
/// chain of commits and, with the log key, the commit's MAC.
///
/// One batch is in memory at a time. The walk ends at the first byte that does not continue the
/// chain; ``ending`` tells what stands there.
package struct BatchScanner {
    /// How the walk ended.
    package enum Ending: Sendable {
        /// The file ends here.
        case endOfFile
        /// A seal frame begins here.
        case seal(SealBody, frame: [UInt8])
        /// These bytes do not continue the chain.
        case broken(FormatError)
    }

    package let segment: SegmentNumber
    private let archiveID: ArchiveID
    private let mac: HMACSHA256?
    private let hasher = SHA256()
    /// The commit that the next batch must follow.
    package private(set) var link: CommitLink
    /// Where the next batch begins: the end of the valid prefix so far.
    package private(set) var offset: UInt64
    package private(set) var ending: Ending?
    private var window: SegmentWindow
    /// Frames of the batch before: most are alike.
    private var usualFrameCount = 0
    /// The buffer that batches are read into, to be given to the next scanner.
    package var buffer: [UInt8] { window.bytes }

    /// Begins behind `link`, whose successor's batch starts at `offset`.
    ///
    /// Reads ahead up to `end`, where the caller will stop; `buffer` is that of a scanner before.
    package init(
        _ file: any File,
        segment: SegmentNumber,
        archiveID: ArchiveID,
        logKey: SecretKey?,
        after link: CommitLink,
        at offset: UInt64,
        upTo end: UInt64? = nil,
        buffer: consuming [UInt8] = []
    ) throws(LogError) {
        self.segment = segment
        self.archiveID = archiveID
        mac = logKey.map { $0.withSpan { HMACSHA256(key: $0) } }
        self.link = link
        self.offset = offset
        window = try SegmentWindow(
            file,
            segment: segment,
            at: offset,
            upTo: end,
            buffer: buffer
        )
    }

    /// Goes on behind `link` at `offset`, wherever the walk has come to; the buffer is used again.
    package mutating func resume(after link: CommitLink, at offset: UInt64) {
        self.link = link
        self.offset = offset
        ending = nil
    }

    /// The next batch, or nil when the walk has ended.
    ///
    /// Corruption ends it; only failures to read throw.
    package mutating func next() throws(LogError) -> ScannedBatch? {
        guard ending == nil else { return nil }
        if let batch = wholeBatch() { return batch }
        // What is not right, and where, is told by going step by step.
        ending = nil
        var frames: [ScannedBatch.Frame] = []
        var leaves: [Digest] = []
        var position = offset
        while true {
            let header: FrameHeader
            switch try frameHeader(at: position) {
            case .end where frames.isEmpty:
                ending = .endOfFile
                return nil
            case .end:
                return stop(.truncated, "the file ends within a batch")
            case .broken(let error):
                ending = .broken(error)
                return nil
            case .frame(let found): header = found
            }
            let start = window.local(position)
            let frame = start..<(start + header.frameByteCount)
            if header.kind == .commit {
                let root = MerkleTree.root(of: leaves, using: hasher)
                return finish(frames, root: root, commit: header, at: position, frame: frame)
            }
            if header.kind == .seal {
                guard frames.isEmpty else {
                    return stop(.damaged, "a seal frame stands within a batch")
                }
                return sealed(header, frame: frame)
            }
            guard position + UInt64(header.frameByteCount) - offset <= UInt64(Limits.batch),
                frames.count < Limits.framesPerBatch
            else { return stop(.overLimit, "a batch is larger than a batch may be") }
            frames.append(
                ScannedBatch.Frame(
                    offset: position,
                    byteCount: header.frameByteCount,
                    kind: header.kind
                )
            )
            leaves.append(hasher.hash(prefix: 0, window.bytes.span.extracting(frame)))
            position += UInt64(header.frameByteCount)
        }
    }

    /// Lends the bytes of a frame of the batch that ``next()`` returned last.
    package func withFrame<Result, Failure: Error>(
        _ frame: ScannedBatch.Frame,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = window.local(frame.offset)
        return try body(window.bytes.span.extracting(start..<(start + frame.byteCount)))
    }

    /// The header of a frame of that batch, which is proved with it.
    package func header(of frame: ScannedBatch.Frame) -> FrameHeader {
        let header = withFrame(frame) { FrameHeader(unchecked: $0) }
        guard let header else { preconditionFailure("it was read before") }
        return header
    }

    /// The same header's number of the first record version.
    func firstSequence(of frame: ScannedBatch.Frame) -> RecordSequence {
        FrameHeader.firstSequence(window.bytes.span, at: window.local(frame.offset))
    }

    private mutating func finish(
        _ frames: [ScannedBatch.Frame],
        root: Digest,
        commit header: FrameHeader,
        at position: UInt64,
        frame: Range<Int>
    ) -> ScannedBatch? {
        let copy = Array(window.bytes[frame])
        let bytes = copy.span
        let bodyEnd = FrameHeader.byteCount + header.bodyByteCount
        let commit: CommitBody
        do {
            commit = try CommitBody(
                decoding: bytes.extracting(FrameHeader.byteCount..<bodyEnd)
            )
        } catch {
            ending = .broken(error)
            return nil
        }
        guard commit.number == link.number + 1, commit.previous == link.hash,
            commit.lastSequence >= link.lastSequence
        else { return stop(.damaged, "commit \(commit.number) does not follow \(link.number)") }
        guard commit.frameCount == frames.count, commit.frameByteCount == position - offset,
            commit.root == root
        else { return stop(.damaged, "the frames of commit \(commit.number) are not its own") }
        if let mac {
            guard
                PublicFrame.isAuthentic(bytes, header: header, archiveID: archiveID, mac: mac)
            else { return stop(.damaged, "commit \(commit.number) is not authentic") }
        }
        link = CommitLink(
            number: commit.number,
            lastSequence: commit.lastSequence,
            hash: hasher.hash(prefix: 0, bytes),
            time: commit.time
        )
        offset = position + UInt64(header.frameByteCount)
        return ScannedBatch(
            frames: frames,
            commit: commit,
            link: link,
            commitOffset: position,
            end: offset
        )
    }

    private mutating func sealed(_ header: FrameHeader, frame: Range<Int>) -> ScannedBatch? {
        let copy = Array(window.bytes[frame])
        let bytes = copy.span
        if let mac, !PublicFrame.isAuthentic(bytes, header: header, archiveID: archiveID, mac: mac)
        {
            return stop(.damaged, "the seal frame is not authentic")
        }
        do {
            let bodyEnd = FrameHeader.byteCount + header.bodyByteCount
            let body = try SealBody(decoding: bytes.extracting(FrameHeader.byteCount..<bodyEnd))
            guard body.committedByteCount == offset, body.segment == segment,
                body.lastCommit == link.number
            else { return stop(.damaged, "the seal frame is not this segment's") }
            ending = .seal(body, frame: copy)
        } catch {
            ending = .broken(error)
        }
        return nil
    }

    private mutating func stop(
        _ code: FormatError.Code,
        _ finding: String
    ) -> ScannedBatch? {
        ending = .broken(FormatError(code, finding))
        return nil
    }
}

extension BatchScanner {
    /// The next batch if all is right with it, else nil and nothing is changed but what is in memory.
    ///
    /// It believes the headers until the batch ends: the Merkle root proves them with all else. That of
    /// the commit frame is checked, for no root stands above it yet.
    private mutating func wholeBatch() -> ScannedBatch? {
        var frames: [ScannedBatch.Frame] = []
        // Where frames begin behind the byte before the first.
        var starts: [Int] = []
        frames.reserveCapacity(usualFrameCount)
        starts.reserveCapacity(usualFrameCount)
        var position = offset
        while true {
            guard let (kind, byteCount) = try? outline(at: position) else { return nil }
            switch kind {
            case .seal: return nil
            case .commit:
                let local = window.local(position)
                guard !frames.isEmpty, let header = try? header(at: local) else { return nil }
                usualFrameCount = frames.count
                return finish(
                    frames,
                    root: root(at: starts, upTo: position),
                    commit: header,
                    at: position,
                    frame: local..<(local + byteCount)
                )
            default:
                guard Int(position - offset) + byteCount <= Limits.batch,
                    frames.count < Limits.framesPerBatch
                else { return nil }
            }
            starts.append(Int(position - offset) + 1)
            frames.append(
                ScannedBatch.Frame(offset: position, byteCount: byteCount, kind: kind)
            )
            position += UInt64(byteCount)
        }
    }

    /// The Merkle root over the frames of a batch that begin at `starts`.
    private mutating func root(at starts: [Int], upTo end: UInt64) -> Digest {
        let hasher = hasher
        return window.withBytes(fromBefore: offset, upTo: end) {
            hasher.treeRoot(overPiecesOf: &$0, at: starts.span)
        }
    }

    /// Decodes and checks the header that is loaded at `local`.
    private func header(at local: Int) throws(FormatError) -> FrameHeader {
        try FrameHeader(
            decoding: window.bytes.span,
            at: local,
            archiveID: archiveID,
            hasher: hasher
        )
    }

    /// Kind and size of the frame at `position`, which is brought into the buffer whole; nil if no header
    /// can stand there.
    private mutating func outline(
        at position: UInt64
    ) throws(LogError) -> (kind: FrameHeader.Kind, byteCount: Int)? {
        guard
            try window.load(
                from: position,
                byteCount: FrameHeader.byteCount,
                keeping: offset
            ),
            let (kind, byteCount) = FrameHeader.outline(
                window.bytes.span,
                at: window.local(position)
            ),
            position + UInt64(byteCount) - offset
                <= UInt64(Limits.batch) + CommitList.commitFrameByteCount,
            try window.load(from: position, byteCount: byteCount, keeping: offset)
        else { return nil }
        return (kind, byteCount)
    }

    private enum Step {
        case end
        case frame(FrameHeader)
        case broken(FormatError)
    }

    /// Decodes the header at `position` and brings the whole frame into the buffer.
    private mutating func frameHeader(at position: UInt64) throws(LogError) -> Step {
        guard
            try window.load(
                from: position,
                byteCount: FrameHeader.byteCount,
                keeping: offset
            )
        else {
            return position == window.fileByteCount
                ? .end : .broken(FormatError(.truncated, "the file ends within a frame header"))
        }
        let header: FrameHeader
        do {
            header = try self.header(at: window.local(position))
        } catch {
            return .broken(error)
        }
        guard
            try window.load(from: position, byteCount: header.frameByteCount, keeping: offset)
        else { return .broken(FormatError(.truncated, "the file ends within a frame")) }
        return .frame(header)
    }
}
