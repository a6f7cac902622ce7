package import ArchiveSegments

/// What a verification covered and found.
public struct VerificationReport: Sendable {
    /// Everything is what was written.
    public var isSound: Bool { damages.isEmpty }
    /// What is not, each with its place, in sentences without contents.
    public var findings: [String] { damages.map(\.description) }
    /// Things worth knowing that are no damage.
    public internal(set) var notes: [String] = []

    /// Files whose every byte was looked at, segments not counted.
    public internal(set) var documentCount = 0
    /// Segments, commits and frames that were proved.
    public internal(set) var segmentCount = 0
    /// Commits that were proved.
    public internal(set) var commitCount: UInt64 = 0
    /// Frames that were proved.
    public internal(set) var frameCount: UInt64 = 0
    /// Bytes of segments that were hashed.
    public internal(set) var byteCount: UInt64 = 0
    /// Record versions: opened and checked against their digests, or without keys those that the
    /// seals count.
    public internal(set) var recordCount: UInt64 = 0
    /// Sum of their body lengths.
    public internal(set) var recordByteCount: UInt64 = 0
    /// Chunks of large bodies that were opened.
    public internal(set) var chunkCount: UInt64 = 0
    /// Snapshots whose signature, segments and tree are right.
    public internal(set) var snapshotCount = 0
    /// Entries of the index that were compared with the log; nil where it was not looked at.
    public internal(set) var indexEntryCount: UInt64?

    package internal(set) var damages: [Damage] = []

    package mutating func take(_ log: LogVerification) {
        segmentCount = log.segmentCount
        commitCount = log.commitCount
        frameCount = log.frameCount
        byteCount = log.byteCount
        recordCount = log.recordCount
        recordByteCount = log.recordByteCount
        chunkCount = log.chunkCount
        damages.append(contentsOf: log.damages)
        notes.append(contentsOf: log.notes)
        if log.erasedFrameCount > 0 {
            notes.append("\(log.erasedFrameCount) frames belong to erased subjects")
        }
    }
}
