package import ArchiveBytes
package import ArchiveSealing

/// The body of the seal frame, the last of a sealed segment, public and signed.
///
/// It lists the segment's commit frames, not all frames: a commit's root covers the frames of its
/// batch, and forty bytes for every small frame would cost more than the frames' own headers.
package struct SealBody: Equatable, Sendable {
    /// Where a commit frame stands, and its leaf hash.
    package struct Commit: Equatable, Sendable {
        package var offset: UInt64
        package var leaf: Digest

        package init(offset: UInt64, leaf: Digest) {
            self.offset = offset
            self.leaf = leaf
        }
    }

    package static let signatureByteCount = 64
    private static let fixedByteCount = 72 + 32 + 32 + 8 + 32 + 8

    package var segment: SegmentNumber
    package var firstCommit: CommitNumber
    package var lastCommit: CommitNumber
    package var lastSequence: RecordSequence
    /// Frames before the seal frame, commit frames included.
    package var frameCount: UInt64
    package var recordCount: UInt64
    /// Sum of the records' body lengths.
    package var recordByteCount: UInt64
    /// Offset of the seal frame: everything before it is header and committed batches.
    package var committedByteCount: UInt64
    package var time: Timestamp
    package var headerHash: Digest
    /// RFC 9162 root over this segment's commit leaf hashes.
    package var segmentRoot: Digest
    /// The archive's commit tree once this segment is sealed: its size, and the roots of its perfect
    /// subtrees from left to right, from which it can be continued.
    package var treeSize: UInt64
    package var peaks: [Digest]
    /// SHA-256 of the seal frame of the sealed segment before this one; zero in the first.
    package var previousSeal: Digest
    /// Offsets of the directory frames, rising.
    package var directories: [UInt64]
    package var commits: [Commit]
    package var signature: [UInt8]

    package init(
        segment: SegmentNumber,
        firstCommit: CommitNumber,
        lastCommit: CommitNumber,
        lastSequence: RecordSequence,
        frameCount: UInt64,
        recordCount: UInt64,
        recordByteCount: UInt64,
        committedByteCount: UInt64,
        time: Timestamp,
        headerHash: Digest,
        segmentRoot: Digest,
        treeSize: UInt64,
        peaks: [Digest],
        previousSeal: Digest,
        directories: [UInt64],
        commits: [Commit],
        signature: [UInt8] = []
    ) {
        self.segment = segment
        self.firstCommit = firstCommit
        self.lastCommit = lastCommit
        self.lastSequence = lastSequence
        self.frameCount = frameCount
        self.recordCount = recordCount
        self.recordByteCount = recordByteCount
        self.committedByteCount = committedByteCount
        self.time = time
        self.headerHash = headerHash
        self.segmentRoot = segmentRoot
        self.treeSize = treeSize
        self.peaks = peaks
        self.previousSeal = previousSeal
        self.directories = directories
        self.commits = commits
        self.signature = signature
    }

    /// The length of the encoded body.
    package var byteCount: Int {
        Self.fixedByteCount + Digest.byteCount * peaks.count + 8 * directories.count
            + 40 * commits.count + Self.signatureByteCount
    }

    /// The body without its signature, which signs these bytes (``signedBytes(archiveID:)``).
    package func encodeUnsigned(appendingTo bytes: inout [UInt8]) {
        bytes.append(u64: segment.value)
        bytes.append(u64: firstCommit)
        bytes.append(u64: lastCommit)
        bytes.append(u64: lastSequence)
        bytes.append(u64: frameCount)
        bytes.append(u64: recordCount)
        bytes.append(u64: recordByteCount)
        bytes.append(u64: committedByteCount)
        bytes.append(u64: UInt64(bitPattern: time.microseconds))
        bytes.append(digest: headerHash)
        bytes.append(digest: segmentRoot)
        bytes.append(u64: treeSize)
        bytes.append(digest: previousSeal)
        bytes.append(u32: UInt32(directories.count))
        bytes.append(u32: UInt32(commits.count))
        for peak in peaks { bytes.append(digest: peak) }
        for offset in directories { bytes.append(u64: offset) }
        for commit in commits {
            bytes.append(u64: commit.offset)
            bytes.append(digest: commit.leaf)
        }
    }

    /// What the Ed25519 signature signs.
    package func signedBytes(archiveID: ArchiveID) -> [UInt8] {
        var bytes = Array("strongroom/v1/seal".utf8)
        bytes.append(0)
        bytes.append(archiveID: archiveID)
        encodeUnsigned(appendingTo: &bytes)
        return bytes
    }

    package init(decoding bytes: Span<UInt8>) throws(FormatError) {
        guard bytes.count >= Self.fixedByteCount + Self.signatureByteCount else {
            throw FormatError(.truncated, "a seal body of \(bytes.count) bytes")
        }
        let directoryCount = Int(bytes.u32(at: Self.fixedByteCount - 8))
        let commitCount = Int(bytes.u32(at: Self.fixedByteCount - 4))
        let peakCount = bytes.u64(at: 136).nonzeroBitCount
        guard directoryCount <= Limits.directoriesPerSegment,
            commitCount <= Limits.commitsPerSegment,
            bytes.count == Self.fixedByteCount + Digest.byteCount * peakCount + 8 * directoryCount
                + 40 * commitCount + Self.signatureByteCount
        else { throw FormatError(.damaged, "the seal body's counts do not match its length") }
        var offset = Self.fixedByteCount
        var peaks: [Digest] = []
        for _ in 0..<peakCount {
            peaks.append(Digest(reading: bytes, at: offset))
            offset += Digest.byteCount
        }
        var directories: [UInt64] = []
        for _ in 0..<directoryCount {
            directories.append(bytes.u64(at: offset))
            offset += 8
        }
        var commits: [Commit] = []
        commits.reserveCapacity(commitCount)
        for _ in 0..<commitCount {
            commits.append(
                Commit(offset: bytes.u64(at: offset), leaf: Digest(reading: bytes, at: offset + 8))
            )
            offset += 40
        }
        self.init(
            segment: SegmentNumber(bytes.u64(at: 0)),
            firstCommit: bytes.u64(at: 8),
            lastCommit: bytes.u64(at: 16),
            lastSequence: bytes.u64(at: 24),
            frameCount: bytes.u64(at: 32),
            recordCount: bytes.u64(at: 40),
            recordByteCount: bytes.u64(at: 48),
            committedByteCount: bytes.u64(at: 56),
            time: Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 64))),
            headerHash: Digest(reading: bytes, at: 72),
            segmentRoot: Digest(reading: bytes, at: 104),
            treeSize: bytes.u64(at: 136),
            peaks: peaks,
            previousSeal: Digest(reading: bytes, at: 144),
            directories: directories,
            commits: commits,
            signature: [UInt8](copying: bytes.extracting(offset..<(offset + 64)))
        )
        guard (1...Limits.number).contains(firstCommit), lastCommit <= Limits.number,
            lastSequence <= Limits.number
        else { throw FormatError(.damaged, "the seal numbers what cannot be") }
    }
}

/// The sixteen bytes at the end of a sealed segment: where the seal frame is.
package enum SealTrailer {
    package static let byteCount = 16
    private static let magic: [UInt8] = Array("SEALED01".utf8)

    package static func encode(sealOffset: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u64: sealOffset)
        bytes.append(contentsOf: magic)
        return bytes
    }

    /// The seal frame's offset, or nil if these are not a trailer's bytes.
    package static func sealOffset(decoding bytes: Span<UInt8>) -> UInt64? {
        guard bytes.count == byteCount, bytes.extracting(8..<16).isEqual(to: magic.span) else {
            return nil
        }
        return bytes.u64(at: 0)
    }
}
