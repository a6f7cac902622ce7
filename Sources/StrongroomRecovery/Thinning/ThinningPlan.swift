import ArchiveBytes
import ArchiveFormat

/// Which sealed segments can leave an archive's directory for good reason: a vault has them.
///
/// A value: it can be printed, and carried out by ``Thinning``.
public struct ThinningPlan: Sendable {
    /// A segment that can go.
    public struct Step: Sendable {
        /// Its number.
        public var number: UInt64 { segment.number.value }
        /// Its length.
        public var byteCount: UInt64 { segment.byteCount }
        /// Whether the vault's ledger says that it was proved not long ago, so that it is not read.
        public let isProved: Bool

        let segment: SnapshotManifest.Segment
    }

    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// The newest snapshot that archive and vault have.
    public let snapshot: String
    /// The segments that can go, oldest first.
    public internal(set) var steps: [Step] = []
    /// Sealed segments that stay because they are among the newest.
    public internal(set) var keptSegmentCount = 0
    /// Sealed segments that stay because no snapshot in the vault lists them yet.
    public internal(set) var waitingSegmentCount = 0
    /// Segments that are not here any more.
    public internal(set) var remoteSegmentCount = 0
    /// Segments that the vault should have and does not, or not whole.
    ///
    /// Those that are here stay.
    public internal(set) var findings: [VaultFinding] = []

    /// Bytes that can go.
    public var byteCount: UInt64 { steps.reduce(0) { $0 + $1.byteCount } }

    let document: ArchiveDocument
    let vaults: [String]
}

extension ThinningPlan: CustomStringConvertible {
    /// One line for each segment, and a sum.
    public var description: String {
        var lines = steps.map { step in
            "segment \(step.number) (\(step.byteCount) bytes)"
                + (step.isProved ? ", proved before" : ", to be proved by reading it back")
        }
        lines += findings.map { "stays or is lost: \($0)" }
        lines.append(
            "\(Counted.text(steps.count, "segment")) and \(Counted.text(byteCount, "byte")) "
                + "can live in the vault alone; "
                + "\(remoteSegmentCount) do already, \(keptSegmentCount) are kept, "
                + "\(waitingSegmentCount) are in no snapshot that the vault has"
        )
        return lines.joined(separator: "\n")
    }
}

/// What thinning an archive has done.
public struct ThinningResult: Sendable {
    /// Segments that went.
    public internal(set) var segmentCount = 0
    /// Their bytes.
    public internal(set) var byteCount: UInt64 = 0
    /// What keeps segments here, or was lost in the vault.
    public internal(set) var findings: [VaultFinding] = []
    /// How long it took.
    public internal(set) var duration: Duration = .zero
}
