import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// Directories: what an index must know of a segment, written into it.
extension LogWriter {
    /// Counts the records of the last commit, whose entries come into its ``PlacedBatch/directory``.
    ///
    /// The directory takes `directoryByteCount` bytes for them at most.
    package func count(_ records: SegmentTotals, directoryByteCount: Int) {
        active?.count(records, directoryByteCount: directoryByteCount)
    }

    /// Whether the pending entries have grown to the parameter's size.
    package var isDirectoryDue: Bool {
        (active?.unlistedByteCount ?? 0) >= parameters.directoryByteCount
    }

    /// Writes the pending entries as directory frames if there are as many bytes of them.
    package func flushDirectory(ifAbove byteCount: Int) throws(LogError) {
        guard let active, active.unlistedByteCount >= byteCount else { return }
        try flushDirectory()
    }

    /// Writes all pending entries as directory frames in one batch: opening the archive again takes
    /// the last directory frame to cover everything before it.
    package func flushDirectory() throws(LogError) {
        settle()
        guard let segment = active, !segment.pending.isEmpty else { return }
        var bytes: [UInt8] = []
        var leaves: [Digest] = []
        var offsets: [UInt64] = []
        var rest = segment.pending.blocks()[...]
        let sealer = DirectorySealer(keys: keys, threadCount: parameters.threadCount)
        while !rest.isEmpty {
            offsets.append(segment.committedByteCount + UInt64(bytes.count))
            let (count, leaf) = try sealer.append(
                rest,
                salt: try Self.salt(),
                totals: segment.totals,
                lastSequence: link.lastSequence,
                to: &bytes
            )
            rest = rest.dropFirst(count)
            leaves.append(leaf)
        }
        let body = CommitBody(
            number: link.number + 1,
            lastSequence: link.lastSequence,
            time: link.time,
            frameCount: leaves.count,
            frameByteCount: UInt64(bytes.count),
            root: MerkleTree.root(of: leaves),
            previous: link.hash,
            durable: link.number
        )
        guard bytes.count <= Limits.batch else {
            throw LogError(.overLimit, "a directory of \(bytes.count) bytes")
        }
        try append(body, to: segment) { offset, frame throws(SystemError) in
            bytes.append(contentsOf: frame)
            try segment.file.write(bytes.span, at: offset)
        }
        segment.didWriteDirectory(at: offsets)
    }
}
