package import ArchiveFormat

extension LogWriter {
    /// Whether the active segment, or its commit table, takes no further commit.
    var isFull: Bool {
        guard let active else { return false }
        return active.committedByteCount >= UInt64(parameters.segmentByteCount)
            || active.commits.count >= Limits.commitsPerSegment - 1_024
    }

    /// The segment that the next commit is in.
    package var nextSegment: SegmentNumber {
        guard let active, !isFull else { return SegmentNumber(lastNumber.value + 1) }
        return active.number
    }
}
