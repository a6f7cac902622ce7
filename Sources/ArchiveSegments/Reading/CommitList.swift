import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// Batches of one segment that stand one behind the other, and where each one's commit frame is: what
/// is needed to read them from several places at a time.
///
/// A seal lists what is signed. Of a segment without one, the list says what seems to be there, and
/// nothing of it is to be believed before the batches themselves are proved.
struct CommitList: Sendable {
    let file: any File
    let segment: SegmentNumber
    let archiveID: ArchiveID
    /// What the first batch follows, and where it begins.
    let firstLink: CommitLink
    let start: UInt64
    var commits: [SealBody.Commit]

    static let commitFrameByteCount = UInt64(
        FrameHeader.frameByteCount(bodyByteCount: CommitBody.byteCount)
    )

    /// Where the batch of a commit begins.
    func offset(of commit: Int) -> UInt64 {
        commit == 0 ? start : commits[commit - 1].offset + Self.commitFrameByteCount
    }

    /// What the batch of a commit must follow, as far as the list tells: the number of the last record
    /// stands in the commit itself.
    func link(before commit: Int) -> CommitLink {
        guard commit > 0 else { return firstLink }
        return CommitLink(
            number: firstLink.number + UInt64(commit),
            lastSequence: firstLink.lastSequence,
            hash: commits[commit - 1].leaf,
            time: firstLink.time
        )
    }

    /// Cuts the list into runs of about `byteCount` bytes, one batch at least.
    func runs(byteCount: UInt64) -> [BatchRun] {
        var runs: [BatchRun] = []
        var first = 0
        var start = self.start
        for (index, commit) in commits.enumerated()
        where commit.offset - start >= byteCount || index == commits.count - 1 {
            runs.append(BatchRun(list: self, commits: first..<(index + 1)))
            first = index + 1
            start = commit.offset
        }
        return runs
    }
}

/// Batches of one segment that one worker reads, one behind the other.
struct BatchRun: Sendable {
    let list: CommitList
    /// Indices in the list of commits.
    let commits: Range<Int>

    /// A scanner of these batches that reads nothing behind them.
    func scanner(
        logKey: SecretKey?,
        buffer: consuming [UInt8]
    ) throws(LogError) -> BatchScanner {
        try BatchScanner(
            list.file,
            segment: list.segment,
            archiveID: list.archiveID,
            logKey: logKey,
            after: list.link(before: commits.lowerBound),
            at: list.offset(of: commits.lowerBound),
            upTo: list.offset(of: commits.upperBound),
            buffer: buffer
        )
    }
}

extension SealedSegment {
    /// The batches that the seal lists.
    var commitList: CommitList {
        CommitList(
            file: file,
            segment: header.number,
            archiveID: header.archiveID,
            firstLink: firstLink,
            start: UInt64(SegmentHeader.byteCount),
            commits: seal.commits
        )
    }
}

extension CommitList {
    /// Walks from header to header behind `link`, up to the first that is none, and lists the commits
    /// that follow each other.
    static func outline(
        _ file: any File,
        segment: SegmentNumber,
        archiveID: ArchiveID,
        after link: CommitLink,
        at offset: UInt64
    ) throws(LogError) -> CommitList {
        var list = CommitList(
            file: file,
            segment: segment,
            archiveID: archiveID,
            firstLink: link,
            start: offset,
            commits: []
        )
        let hasher = SHA256()
        var window = try SegmentWindow(file, segment: segment, at: offset)
        var position = offset
        while try window.load(
            from: position,
            byteCount: FrameHeader.byteCount,
            keeping: position
        ) {
            let start = window.local(position)
            guard
                let header = try? FrameHeader(
                    decoding: window.bytes.span,
                    at: start,
                    archiveID: archiveID,
                    hasher: hasher
                ),
                header.kind != .seal
            else { break }
            let next = position + UInt64(header.frameByteCount)
            if header.kind == .commit {
                let byteCount = header.frameByteCount
                guard byteCount == Int(commitFrameByteCount),
                    try window.load(from: position, byteCount: byteCount, keeping: position)
                else { break }
                let start = window.local(position)
                let frame = window.bytes.span.extracting(start..<(start + byteCount))
                list.commits.append(
                    SealBody.Commit(offset: position, leaf: hasher.hash(prefix: 0, frame))
                )
            }
            position = next
        }
        return list
    }
}
