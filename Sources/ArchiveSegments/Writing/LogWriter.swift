package import ArchiveBytes
import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing
import SystemPackage

/// How the log is written.
package struct LogParameters: Sendable {
    /// A segment is sealed when it has grown to this many bytes.
    package var segmentByteCount: Int
    /// Threads that compress and seal.
    package var threadCount: Int
    /// Compression level.
    package var level: Int
    /// Estimated bytes of pending entries at which a directory frame is written: bounds memory, and
    /// the work of opening the archive again.
    package var directoryByteCount: Int
    /// Plaintext for one of the archive's own dictionaries that makes a segment take it in.
    package var dictionaryByteCount = 1 << 20

    package init(
        segmentByteCount: Int = 64 << 20,
        threadCount: Int = 2,
        level: Int = 3,
        directoryByteCount: Int = 4 << 20
    ) {
        self.segmentByteCount = segmentByteCount
        self.threadCount = threadCount
        self.level = level
        self.directoryByteCount = directoryByteCount
    }
}

/// Where the frames of a batch stand, or will once they are written.
package struct PlacedBatch: Sendable {
    package let segment: SegmentNumber
    /// Offset of each draft's frame, in the order of the drafts.
    package let offsets: [UInt64]
    /// Where the entries of its records and chunks belong.
    package let directory: PendingDirectory
}

/// The write end of the log: appends batches, seals segments.
///
/// Synchronous, with one owner. One write and one sync make a commit; at most one batch is in flight.
/// A failed write or sync poisons the writer for good: what the disk holds is then unknown, and only
/// reopening, which reads it again, can tell.
package final class LogWriter {
    package let directory: SegmentDirectory
    let keys: any LogKeys
    let parameters: LogParameters
    private let pool: SealingPool
    private let publicFrames: PublicFrameMaker

    /// The last commit, which is durable.
    package private(set) var link: CommitLink
    /// All commits' leaf hashes as one tree.
    package private(set) var tree: MerkleAccumulator
    /// What the next segment's header says of the one before.
    private var predecessor: SegmentHeader.Predecessor
    private var previousSeal: Digest
    private(set) var lastNumber: SegmentNumber
    private(set) var active: ActiveSegment?
    /// The archive's own dictionaries by number.
    var ownDictionaries: [UInt16: OwnDictionary] = [:]
    private var failure: LogError?
    /// Waits until the entries of all commits are in the pending directory, where others add them.
    package var settle: () -> Void = {}

    /// The log after its last sealed segment, which `position` describes.
    package init(
        _ directory: SegmentDirectory,
        keys: any LogKeys,
        parameters: LogParameters,
        position: LogPosition
    ) {
        self.directory = directory
        self.keys = keys
        self.parameters = parameters
        publicFrames = PublicFrameMaker(keys: keys)
        pool = SealingPool(
            keys: keys,
            threadCount: parameters.threadCount,
            level: parameters.level
        )
        link = position.link
        tree = position.tree
        predecessor = position.predecessor
        previousSeal = position.previousSeal
        lastNumber = position.lastNumber
        active = position.active
        // If that fails, the first commit asks again.
        if let active {
            active.identity = try? directory.fileSystem.identity(of: active.path(in: directory))
        }
    }

    /// Where the log ends now.
    package var position: LogPosition {
        LogPosition(
            link: link,
            tree: tree,
            predecessor: predecessor,
            previousSeal: previousSeal,
            lastNumber: lastNumber,
            active: active
        )
    }

    /// The active segment and the end of its last commit, or nil if the next commit begins one.
    package var activeEnd: (segment: SegmentNumber, offset: UInt64)? {
        active.map { ($0.number, $0.committedByteCount) }
    }

    /// The end of the log as the head remembers it.
    package var end: (segment: SegmentNumber, offset: UInt64) {
        activeEnd ?? (SegmentNumber(predecessor.segment), predecessor.committedByteCount)
    }

    /// Where the log ends, with its last commit.
    package var place: LogPlace {
        LogPlace(segment: end.segment, offset: end.offset, link: link)
    }

    /// An earlier failure or an orderly close has ended writing.
    package var isPoisoned: Bool { failure != nil }

    /// Writes one batch and makes it durable.
    ///
    /// When this returns, the batch is there for good; when it throws `full`, nothing of it is, and
    /// writing may go on once there is space. `willWrite` hears of a batch that has the space: if its
    /// commit fails after all, nothing is written any more.
    package func commit(
        _ drafts: [FrameDraft],
        of batch: RecordBatch = .none,
        lastSequence: RecordSequence,
        time: Timestamp,
        willWrite: (PlacedBatch) -> Void = { _ in }
    ) throws(LogError) -> PlacedBatch {
        try checkFit()
        try requireInPlace()
        precondition(lastSequence >= link.lastSequence, "sequence numbers only rise")
        if isFull { try seal() }
        let segment = try activeSegment(time: time)
        let choice = choose(drafts, of: batch, in: segment)
        let drafts = choice.drafts
        guard drafts.count <= Limits.framesPerBatch else {
            throw LogError(.overLimit, "a batch of \(drafts.count) frames")
        }
        // The batch is frozen: only now its salt is drawn, so that a virtual machine that is cloned
        // or resumed in the middle can only write the same bytes under the same nonce.
        let salt = try Self.salt()
        let outputs = try pool.seal(drafts, of: batch, salt: salt, epoch: keys.epoch)
        var offsets: [UInt64] = []
        var leaves: [Digest] = []
        offsets.reserveCapacity(drafts.count)
        leaves.reserveCapacity(drafts.count)
        var end = segment.committedByteCount
        for stretch in 0..<outputs {
            pool.withOutput(of: stretch) { bytes, frames in
                for frame in frames {
                    offsets.append(end + UInt64(frame.start))
                    leaves.append(frame.leaf)
                }
                end += UInt64(bytes.count)
            }
        }
        let body = CommitBody(
            number: link.number + 1,
            lastSequence: lastSequence,
            time: max(time, link.time),
            frameCount: drafts.count,
            frameByteCount: end - segment.committedByteCount,
            root: MerkleTree.root(of: leaves),
            previous: link.hash,
            durable: link.number
        )
        guard body.frameByteCount <= UInt64(Limits.batch) else {
            throw LogError(.overLimit, "a batch of \(body.frameByteCount) bytes")
        }
        offsets.removeFirst(choice.added.count)
        let placed = PlacedBatch(
            segment: segment.number,
            offsets: offsets,
            directory: segment.pending
        )
        try append(body, to: segment) { start, frame throws(SystemError) in
            willWrite(placed)
            var offset = start
            for stretch in 0..<outputs {
                try pool.withOutput(of: stretch) { bytes, _ throws(SystemError) in
                    if stretch == outputs - 1 { bytes.append(contentsOf: frame) }
                    try segment.file.write(bytes.span, at: offset)
                    offset += UInt64(bytes.count)
                }
            }
        }
        choice.note(in: segment)
        return placed
    }

    /// Seals the active segment: directory, seal frame, sync, rename.
    ///
    /// Nothing happens without one.
    package func seal() throws(LogError) {
        try checkFit()
        guard let segment = active else { return }
        try requireInPlace()
        segment.isSealing = true
        defer { segment.isSealing = false }
        try flushDirectory()
        var bytes: [UInt8] = []
        var body = segment.sealBody(tree: tree, previousSeal: previousSeal, link: link)
        body.signature = try keys.sign(body.signedBytes(archiveID: keys.archiveID))
        var encoded: [UInt8] = []
        encoded.reserveCapacity(body.byteCount)
        body.encodeUnsigned(appendingTo: &encoded)
        encoded.append(contentsOf: body.signature)
        _ = publicFrames.append(
            kind: .seal,
            body: encoded,
            firstSequence: link.lastSequence,
            epoch: keys.epoch,
            to: &bytes
        )
        let hash = SHA256.hash(bytes.span)
        bytes.append(contentsOf: SealTrailer.encode(sealOffset: segment.committedByteCount))
        try segment.reserve(UInt64(bytes.count))
        try poisoning { () throws(SystemError) in
            try segment.file.write(bytes.span, at: segment.committedByteCount)
            try segment.file.resize(to: segment.committedByteCount + UInt64(bytes.count))
            try segment.file.synchronize()
            try directory.fileSystem.rename(
                segment.path(in: directory),
                to: directory.path(SegmentDirectory.Name(segment.number, isSealed: true))
            )
            try directory.fileSystem.synchronizeDirectory(directory.path)
        }
        predecessor = SegmentHeader.Predecessor(
            segment: segment.number.value,
            committedByteCount: segment.committedByteCount,
            commitHash: link.hash
        )
        previousSeal = hash
        active = nil
    }

    /// Ends writing in order: the active segment loses its reserved space.
    ///
    /// The writer is unfit afterwards.
    package func close() throws(LogError) {
        guard failure == nil, let segment = active else { return }
        try poisoning { () throws(SystemError) in
            try segment.file.resize(to: segment.committedByteCount)
            try segment.file.synchronize()
        }
        failure = LogError(.poisoned, "the writer was closed")
    }
}

extension LogWriter {
    static func salt() throws(LogError) -> [UInt8] {
        do {
            return try Randomness.bytes(FrameNonce.saltByteCount)
        } catch {
            throw LogError(.system, "the system gave no random bytes (\(error))")
        }
    }

    private func checkFit() throws(LogError) {
        guard let failure else { return }
        throw LogError(
            .poisoned,
            segment: failure.segment,
            "writing stopped after an earlier failure (\(failure.finding)); reopen the archive"
        )
    }

    /// Ends writing; whoever opens the archive next finds everything that was acknowledged.
    package func stop(_ finding: String) {
        failure = failure ?? LogError(.poisoned, segment: active?.number, finding)
    }

    /// Ends writing to a file whose name is gone or leads to another one: nobody would find what is
    /// acknowledged there.
    private func requireInPlace() throws(LogError) {
        guard let active else { return }
        let found: FileIdentity?
        do {
            found = try directory.fileSystem.identity(of: active.path(in: directory))
        } catch {
            throw LogError(error, segment: active.number)
        }
        guard let found, active.identity == nil || active.identity == found else {
            stop(
                "\(active.path(in: directory).string) was moved, removed or replaced while it was open"
            )
            return try checkFit()
        }
        active.identity = found
    }

    /// Runs calls after whose failure the disk's content is unknown.
    private func poisoning<Result>(
        _ body: () throws(SystemError) -> Result
    ) throws(LogError) -> Result {
        do {
            return try body()
        } catch {
            let unknown = LogError(
                .durabilityUnknown,
                segment: active?.number,
                "\(error.description); whether the batch is durable is known after reopening",
                cause: error
            )
            failure = unknown
            throw unknown
        }
    }

    private func activeSegment(time: Timestamp) throws(LogError) -> ActiveSegment {
        if let active { return active }
        let number = SegmentNumber(lastNumber.value + 1)
        let header = SegmentHeader(
            archiveID: keys.archiveID,
            number: number,
            created: time,
            firstCommit: link.number + 1,
            firstSequence: link.lastSequence + 1,
            epoch: keys.epoch,
            predecessor: predecessor
        )
        let path = directory.path(SegmentDirectory.Name(number, isSealed: false))
        do {
            let file = try directory.fileSystem.open(path, .createNew)
            // Until its first commit the file is only a name that must not be used again.
            lastNumber = number
            try file.write(header.encode().span, at: 0)
            try file.synchronize()
            try directory.fileSystem.synchronizeDirectory(directory.path)
            let segment = ActiveSegment(file: file, header: header)
            segment.identity = try directory.fileSystem.identity(of: path)
            active = segment
            return segment
        } catch {
            // Its number is not used again, and nothing was ever in it.
            if lastNumber == number { try? directory.fileSystem.remove(path) }
            throw LogError(error, segment: number)
        }
    }

    /// Appends a batch's frames and its commit frame, syncs, and moves the log's end.
    ///
    /// `write` gets the offset of the batch and the commit frame, which it writes last.
    func append(
        _ body: CommitBody,
        to segment: ActiveSegment,
        writing write: (UInt64, [UInt8]) throws(SystemError) -> Void
    ) throws(LogError) {
        var encoded: [UInt8] = []
        body.encode(appendingTo: &encoded)
        var frame: [UInt8] = []
        let leaf = publicFrames.append(
            kind: .commit,
            body: encoded,
            firstSequence: body.lastSequence,
            epoch: keys.epoch,
            to: &frame
        )
        try segment.reserve(body.frameByteCount + UInt64(frame.count))
        let commitOffset = segment.committedByteCount + body.frameByteCount
        try poisoning { () throws(SystemError) in
            try write(segment.committedByteCount, frame)
            try segment.file.synchronizeData()
        }
        link = CommitLink(
            number: body.number,
            lastSequence: body.lastSequence,
            hash: leaf,
            time: body.time
        )
        tree.append(leafHash: leaf)
        segment.didCommit(
            at: commitOffset,
            leaf: leaf,
            frameCount: body.frameCount,
            end: commitOffset + UInt64(frame.count)
        )
    }
}
