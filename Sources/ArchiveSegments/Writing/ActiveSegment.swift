import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing
package import SystemPackage

/// What a segment holds, counted: it stands in directory and seal frames, so that nobody needs keys
/// to know how much there should be.
package struct SegmentTotals: Equatable, Sendable {
    package static let byteCount = 16

    package var recordCount: UInt64
    package var recordByteCount: UInt64

    package init(recordCount: UInt64 = 0, recordByteCount: UInt64 = 0) {
        self.recordCount = recordCount
        self.recordByteCount = recordByteCount
    }
}

/// The one segment that grows, and what its seal will need.
package final class ActiveSegment {
    package let file: any File
    package let header: SegmentHeader
    /// The file's name until it is sealed: an unusual one, or the usual once it was needed.
    private var path: FilePath?
    /// What stood at the file's place when it was opened.
    var identity: FileIdentity?
    /// The end of the last commit; what stands behind is reserved zeros.
    package private(set) var committedByteCount: UInt64
    package private(set) var commits: [SealBody.Commit] = []
    package private(set) var directories: [UInt64] = []
    package private(set) var totals = SegmentTotals()
    /// What stands in no directory frame yet.
    package let pending: PendingDirectory
    /// A bound on the bytes that the directory of it takes.
    private(set) var unlistedByteCount = 0
    /// The archive's own dictionaries that frames of the segment may name: it holds them.
    var dictionaries: Set<UInt16> = []
    /// Plaintext that would have used a dictionary which the segment does not hold.
    var unservedByteCounts: [UInt16: Int] = [:]
    private var frameCount: UInt64 = 0
    private var reservedByteCount: UInt64
    /// Where the zeros end that were written ahead.
    private var zeroedByteCount: UInt64 = 0

    package var number: SegmentNumber { header.number }

    /// Where the file is until it is sealed.
    func path(in directory: SegmentDirectory) -> FilePath {
        if let path { return path }
        let usual = directory.path(SegmentDirectory.Name(number, isSealed: false))
        path = usual
        return usual
    }

    /// A segment that holds its header only.
    package init(file: any File, header: SegmentHeader) {
        self.file = file
        self.header = header
        pending = PendingDirectory()
        committedByteCount = UInt64(SegmentHeader.byteCount)
        reservedByteCount = committedByteCount
    }

    /// The same segment in another file, which holds a copy of its committed bytes.
    package init(copy segment: ActiveSegment, file: any File, path: FilePath) {
        self.file = file
        self.path = path
        header = segment.header
        committedByteCount = segment.committedByteCount
        reservedByteCount = segment.committedByteCount
        commits = segment.commits
        directories = segment.directories
        totals = segment.totals
        pending = segment.pending
        unlistedByteCount = segment.unlistedByteCount
        dictionaries = segment.dictionaries
        frameCount = segment.frameCount
    }

    /// Makes sure of space for `byteCount` more bytes and for sealing afterwards, before anything is
    /// written: a disk that is full is then a clean refusal, and close and seal still work.
    package func reserve(_ byteCount: UInt64) throws(LogError) {
        let sealing =
            UInt64(unlistedByteCount) + 48 * UInt64(commits.count) + Self.reserveForSealing
        let needed = committedByteCount + byteCount
        if needed + sealing > reservedByteCount { try allocate(needed, sealing) }
        if byteCount <= Self.largestSmallCommit { try writeZeros(behind: needed) }
    }

    private func allocate(_ needed: UInt64, _ sealing: UInt64) throws(LogError) {
        let step = min(max(committedByteCount, 1 << 20), 8 << 20)
        let target = needed + sealing + step
        do {
            try file.allocate(from: reservedByteCount, byteCount: target - reservedByteCount)
            reservedByteCount = target
        } catch {
            // What was reserved for sealing serves to seal, even on a full disk.
            guard isSealing, needed <= reservedByteCount else {
                throw LogError(error, segment: number)
            }
        }
    }

    /// Writes zeros where the next small commits will go.
    ///
    /// The first write to a reserved block changes what the file system knows of the file, so that the
    /// sync waits for its journal as well: for twice as long, where little is written.
    private func writeZeros(behind needed: UInt64) throws(LogError) {
        guard needed > zeroedByteCount, !isSealing else { return }
        // The block that the commit ends in is written with it.
        let start = (needed + 4_095) & ~4_095
        let step = min(max(committedByteCount, 16 << 10), 256 << 10)
        let end = min(start + step, reservedByteCount)
        guard start < end else { return }
        var zeros: [UInt8] = []
        zeros.append(zeros: Int(end - start))
        do {
            try file.write(zeros.span, at: start)
            zeroedByteCount = end
        } catch {
            throw LogError(error, segment: number)
        }
    }

    /// A commit of more bytes waits for them rather than for the journal.
    private static let largestSmallCommit: UInt64 = 64 << 10

    /// Set while directory and seal frames are written: they may use the reserve.
    package var isSealing = false

    /// Seal frame, trailer and the headers of directory frames.
    private static let reserveForSealing: UInt64 = 64 << 10

    /// Counts a batch whose sync has returned.
    package func didCommit(at offset: UInt64, leaf: Digest, frameCount: Int, end: UInt64) {
        commits.append(SealBody.Commit(offset: offset, leaf: leaf))
        self.frameCount += UInt64(frameCount) + 1
        committedByteCount = end
        reservedByteCount = max(reservedByteCount, end)
    }

    /// Counts committed records, which the directory takes `directoryByteCount` bytes for at most.
    func count(_ records: SegmentTotals, directoryByteCount: Int) {
        totals.recordCount += records.recordCount
        totals.recordByteCount += records.recordByteCount
        unlistedByteCount += directoryByteCount
    }

    /// Counts and remembers what a batch was found to hold.
    func note(_ entries: LogEntries) {
        var byteCount = entries.chunks.count * DirectoryChunk.footprint
        pending.add { pending in
            for record in entries.records {
                pending.append(record)
                byteCount += record.footprint
            }
            for (chunk, domain) in entries.chunks { pending.append(chunk, domain: domain) }
        }
        count(
            SegmentTotals(
                recordCount: UInt64(entries.records.count),
                recordByteCount: entries.bodyByteCount
            ),
            directoryByteCount: byteCount
        )
    }

    /// All that was pending now stands in directory frames at `offsets`.
    package func didWriteDirectory(at offsets: [UInt64]) {
        directories.append(contentsOf: offsets)
        forgetUnlisted()
    }

    /// Takes over a directory frame found in the file: it covers everything before it.
    package func found(directoryAt offset: UInt64, totals: SegmentTotals) {
        directories.append(offset)
        forgetUnlisted()
        self.totals = totals
    }

    private func forgetUnlisted() {
        pending.removeAll()
        unlistedByteCount = 0
    }

    /// The seal's body, unsigned.
    package func sealBody(
        tree: MerkleAccumulator,
        previousSeal: Digest,
        link: CommitLink
    ) -> SealBody {
        SealBody(
            segment: number,
            firstCommit: header.firstCommit,
            lastCommit: link.number,
            lastSequence: link.lastSequence,
            frameCount: frameCount,
            recordCount: totals.recordCount,
            recordByteCount: totals.recordByteCount,
            committedByteCount: committedByteCount,
            time: link.time,
            headerHash: header.hash,
            segmentRoot: MerkleTree.root(of: commits.map(\.leaf)),
            treeSize: tree.count,
            peaks: tree.peaks,
            previousSeal: previousSeal,
            directories: directories,
            commits: commits
        )
    }
}

/// Where the log ends: all that a writer needs to go on.
package struct LogPosition {
    package var link: CommitLink
    package var tree: MerkleAccumulator
    package var predecessor: SegmentHeader.Predecessor
    package var previousSeal: Digest
    /// The highest segment number that was ever used, as far as names tell.
    package var lastNumber: SegmentNumber
    /// The active segment, closed in order, to which writing goes on.
    package var active: ActiveSegment?

    /// Before the first commit.
    package static var origin: LogPosition {
        LogPosition(
            link: .origin,
            tree: MerkleAccumulator(),
            predecessor: .none,
            previousSeal: .zero,
            lastNumber: SegmentNumber(0)
        )
    }
}
