import ArchiveSegments
package import Strongroom

/// What verifying a vault covered and found.
public struct VaultReport: Sendable {
    /// The archive's identity in hexadecimal digits; nil if `archive.json` does not tell.
    public internal(set) var archive: String?
    /// What of the contents was proved: segments, commits, frames, bytes, records.
    public internal(set) var contents = VaultCounts()
    /// Everything that is missing or not what was shipped.
    public internal(set) var findings: [VaultFinding] = []
    /// Things worth knowing that are no damage.
    public internal(set) var notes: [String] = []
    /// Segments that were due and not reached within the time.
    public internal(set) var dueSegmentCount = 0
    /// The public key, in hexadecimal digits, that signed the findings in the vault's ledger; nil if
    /// they are not in it.
    public internal(set) var verifier: String?

    /// Whether everything is as it was shipped.
    public var isSound: Bool { findings.isEmpty }
}

/// What a verification has proved.
public struct VaultCounts: Equatable, Sendable {
    /// Snapshots whose signature, segments and tree are right.
    public internal(set) var snapshotCount = 0
    /// Segments that were looked at.
    public internal(set) var segmentCount = 0
    /// Bytes of segments that were hashed.
    public internal(set) var byteCount: UInt64 = 0
    /// Commits that were proved.
    public internal(set) var commitCount: UInt64 = 0
    /// Frames that were proved.
    public internal(set) var frameCount: UInt64 = 0
    /// Record versions: with a key those that were opened, without those that the seals count.
    public internal(set) var recordCount: UInt64 = 0
    /// Sum of their body lengths.
    public internal(set) var recordByteCount: UInt64 = 0
    /// Chunks of large bodies that were opened.
    public internal(set) var chunkCount: UInt64 = 0

    /// Nothing yet.
    public init() {}

    package init(_ report: VerificationReport) {
        snapshotCount = report.snapshotCount
        segmentCount = report.segmentCount
        byteCount = report.byteCount
        commitCount = report.commitCount
        frameCount = report.frameCount
        recordCount = report.recordCount
        recordByteCount = report.recordByteCount
        chunkCount = report.chunkCount
    }
    init(_ log: LogVerification) {
        segmentCount = log.segmentCount
        byteCount = log.byteCount
        commitCount = log.commitCount
        frameCount = log.frameCount
        recordCount = log.recordCount
        recordByteCount = log.recordByteCount
        chunkCount = log.chunkCount
    }
}
