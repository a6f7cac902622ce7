import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing

/// A batch whose commit frame is there and right: it exists.
package struct ScannedBatch: Sendable {
    package struct Frame: Sendable {
        /// Offset in the segment.
        package let offset: UInt64
        package let header: FrameHeader
    }

    /// The frames before the commit frame.
    package let frames: [Frame]
    package let commit: CommitBody
    package let link: CommitLink
    /// Offset of the commit frame, and of the first byte behind it.
    package let commitOffset: UInt64
    package let end: UInt64
}

/// Walks the committed batches of one segment, from a known commit on, and proves each: header
/// checks, Merkle root, chain of commits and, with the log key, the commit's MAC.
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
    private let file: any File
    private let archiveID: ArchiveID
    private let mac: HMACSHA256?
    private let hasher = SHA256()
    /// The commit that the next batch must follow.
    package private(set) var link: CommitLink
    /// Where the next batch begins: the end of the valid prefix so far.
    package private(set) var offset: UInt64
    package private(set) var ending: Ending?
    private var buffer: [UInt8] = []
    private var bufferOffset: UInt64
    private let fileByteCount: UInt64
    /// Bytes asked of the file at a time.
    private static let readByteCount = 1 << 20

    /// Begins behind `link`, whose successor's batch starts at `offset`.
    package init(
        _ file: any File,
        segment: SegmentNumber,
        archiveID: ArchiveID,
        logKey: SecretKey?,
        after link: CommitLink,
        at offset: UInt64
    ) throws(LogError) {
        self.file = file
        self.segment = segment
        self.archiveID = archiveID
        mac = logKey.map { $0.withSpan { HMACSHA256(key: $0) } }
        self.link = link
        self.offset = offset
        bufferOffset = offset
        do {
            fileByteCount = try file.byteCount()
        } catch {
            throw LogError(error, segment: segment)
        }
    }

    /// The next batch, or nil when the walk has ended.
    ///
    /// Corruption ends it; only failures to read throw.
    package mutating func next() throws(LogError) -> ScannedBatch? {
        guard ending == nil else { return nil }
        var frames: [ScannedBatch.Frame] = []
        var leaves: [Digest] = []
        var position = offset
        drop(before: offset)
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
            let frame = local(position)..<(local(position) + header.frameByteCount)
            if header.kind == .commit {
                return finish(frames, leaves, commit: header, at: position, frame: frame)
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
            frames.append(ScannedBatch.Frame(offset: position, header: header))
            leaves.append(hasher.hash(prefix: 0, buffer.span.extracting(frame)))
            position += UInt64(header.frameByteCount)
        }
    }

    /// Lends the bytes of a frame of the batch that ``next()`` returned last.
    package func withFrame<Result, Failure: Error>(
        _ frame: ScannedBatch.Frame,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = local(frame.offset)
        return try body(
            buffer.span.extracting(start..<(start + frame.header.frameByteCount))
        )
    }

    private mutating func finish(
        _ frames: [ScannedBatch.Frame],
        _ leaves: [Digest],
        commit header: FrameHeader,
        at position: UInt64,
        frame: Range<Int>
    ) -> ScannedBatch? {
        let copy = Array(buffer[frame])
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
            commit.root == MerkleTree.root(of: leaves)
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
        let copy = Array(buffer[frame])
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
    private enum Step {
        case end
        case frame(FrameHeader)
        case broken(FormatError)
    }

    /// Decodes the header at `position` and brings the whole frame into the buffer.
    private mutating func frameHeader(at position: UInt64) throws(LogError) -> Step {
        guard try fill(from: position, byteCount: FrameHeader.byteCount) else {
            return position == fileByteCount
                ? .end : .broken(FormatError(.truncated, "the file ends within a frame header"))
        }
        let header: FrameHeader
        do {
            header = try FrameHeader(
                decoding: buffer.span,
                at: local(position),
                archiveID: archiveID,
                hasher: hasher
            )
        } catch {
            return .broken(error)
        }
        guard try fill(from: position, byteCount: header.frameByteCount) else {
            return .broken(FormatError(.truncated, "the file ends within a frame"))
        }
        return .frame(header)
    }

    private func local(_ position: UInt64) -> Int { Int(position - bufferOffset) }

    /// Forgets what lies before `position`; cheap, since a batch is read as a whole.
    private mutating func drop(before position: UInt64) {
        let count = min(local(position), buffer.count)
        guard count > 0 else { return }
        buffer.removeSubrange(..<count)
        bufferOffset = position
    }

    /// Makes sure that the bytes are in the buffer; false if the file ends before.
    private mutating func fill(from position: UInt64, byteCount: Int) throws(LogError) -> Bool {
        let needed = local(position) + byteCount
        guard buffer.count < needed else { return true }
        let start = bufferOffset + UInt64(buffer.count)
        guard position + UInt64(byteCount) <= fileByteCount else { return false }
        let wanted = min(
            max(needed - buffer.count, Self.readByteCount),
            Int(fileByteCount - start)
        )
        do {
            buffer.append(contentsOf: try file.read(at: start, byteCount: wanted))
        } catch {
            throw LogError(error, segment: segment)
        }
        return buffer.count >= needed
    }
}
