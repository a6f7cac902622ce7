import ArchiveBytes
import ArchiveFormat

/// What recovering has done.
public struct RecoveryResult: Sendable {
    /// Whether the archive is back.
    ///
    /// If not, what could be fetched is there, and running the recovery again goes on from it once
    /// the vault is mended.
    public internal(set) var isComplete = false
    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// The archive's public key in hexadecimal digits.
    public let publicKey: String
    /// The snapshot that was recovered.
    public let snapshot: String
    /// When it was made, in microseconds since 1970.
    public let snapshotTime: Int64
    /// Whether the log ends before the snapshot, at the moment that was asked for.
    public internal(set) var isCut = false
    /// Commits that were recovered from behind the snapshot, where the vault follows the archive.
    public internal(set) var followedCommitCount: UInt64 = 0
    /// The newest record version that was recovered.
    public internal(set) var lastSequence: UInt64
    /// Record versions, deletions included.
    public internal(set) var recordCount: UInt64
    /// Sum of their body lengths.
    public internal(set) var recordByteCount: UInt64
    /// Segments that were fetched now.
    public internal(set) var fetchedSegmentCount = 0
    /// Their bytes.
    public internal(set) var fetchedByteCount: UInt64 = 0
    /// Segments that an interrupted run had fetched already.
    public internal(set) var presentSegmentCount = 0
    /// Their bytes.
    public internal(set) var presentByteCount: UInt64 = 0
    /// What is missing or damaged in the vault.
    ///
    /// A complete recovery has such findings too if they do not concern its snapshot.
    public internal(set) var findings: [VaultFinding]
    /// When the newest record in it was recorded, in microseconds since 1970; nil if there is none.
    public internal(set) var newestRecordTime: Int64?
    /// From the start until all bytes were here, durable and each proved by the signed manifest; nil if
    /// the archive is not complete.
    ///
    /// The archive is whole from then on; what comes behind makes its index.
    public internal(set) var timeToVerified: Duration?
    /// From the start until a record had been read; nil if the archive is not complete or has none.
    public internal(set) var timeToFirstRecord: Duration?
    /// From the start until everything was done.
    public internal(set) var duration: Duration = .zero

    init(_ vault: UnlockedVault, _ stored: StoredManifest) {
        let manifest = stored.manifest
        archive = manifest.archiveID.hex
        publicKey = vault.publicKey
        snapshot = manifest.id
        snapshotTime = manifest.time.microseconds
        lastSequence = manifest.lastSequence
        recordCount = manifest.recordCount
        recordByteCount = manifest.recordByteCount
        findings = vault.findings
    }

    mutating func add(_ outcome: SegmentFetch.Outcome, byteCount: UInt64) {
        switch outcome {
        case .fetched:
            fetchedSegmentCount += 1
            fetchedByteCount += byteCount
        case .present:
            presentSegmentCount += 1
            presentByteCount += byteCount
        case .failed(let finding): findings.append(finding)
        }
    }
}
