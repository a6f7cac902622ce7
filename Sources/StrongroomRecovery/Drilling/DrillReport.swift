import ArchiveBytes
import ArchiveFormat
import ArchiveSealing

/// What a drill has shown, as evidence: a JSON document that the archive's own key signs.
public struct DrillReport: Sendable {
    /// What was rehearsed.
    public enum Scenario: String, Sendable, CaseIterable {
        /// The machine is gone; there is the vault and a key.
        case lostHost = "lost-host"
        /// The archive is there and its index is gone: it is made anew from the log.
        case lostIndex = "lost-index"
        /// The machine is gone, and a segment in the vault is damaged: another vault has it.
        case damagedVault = "damaged-vault"
        /// The machine is gone, and somebody deleted the newest snapshot: the one before comes back.
        case deletedSnapshot = "deleted-snapshot"
        /// From a moment on nothing is to be trusted: what was there just before it comes back.
        case ransomware
    }

    /// How it went.
    public enum Outcome: String, Sendable, CaseIterable {
        /// Everything came back and is what was signed.
        case passed = "pass"
        /// Something is missing or damaged.
        case failed = "fail"
        /// It could not be tried to the end, so nothing is known.
        case inconclusive
    }

    /// Why a drill did not pass.
    public struct Reason: Equatable, Sendable {
        /// For programs: the code of what failed, or ``mismatch``.
        public let code: String
        /// For people.
        public let detail: String

        /// The code where what came back differs from what the snapshot signs.
        public static let mismatch = "mismatch"
    }

    /// The snapshot that was recovered, as its manifest says.
    public struct Source: Equatable, Sendable {
        /// Its id.
        public let snapshot: String
        /// When it was made, in microseconds since 1970.
        public let time: Int64
        /// The newest record version in it.
        public let lastSequence: UInt64
        /// Record versions in it.
        public let recordCount: UInt64
        /// Sum of their body lengths.
        public let recordByteCount: UInt64
        /// Segments of it.
        public let segmentCount: Int
        /// Their bytes.
        public let segmentByteCount: UInt64
        /// Commits under its tree.
        public let treeSize: UInt64
        /// The tree's root in hexadecimal digits.
        public let treeRoot: String
        /// SHA-256 of the manifest, which lists each segment's SHA-256, in hexadecimal digits.
        public let manifestSHA256: String
    }

    /// What was rehearsed.
    public let scenario: Scenario
    /// How it went.
    public internal(set) var outcome = Outcome.inconclusive
    /// Why it did not pass; empty if it did.
    public internal(set) var reasons: [Reason] = []
    /// When it began, in microseconds since 1970.
    public let started: Int64
    /// When it ended.
    public internal(set) var ended: Int64 = 0
    /// The archive's identity in hexadecimal digits; nil if the vault did not tell.
    public internal(set) var archive: String?
    /// The archive's public key in hexadecimal digits; nil if no keyring was opened, and then the
    /// report is not signed.
    public internal(set) var publicKey: String?
    /// The snapshot that was recovered; nil if there was none.
    public internal(set) var source: Source?
    /// What was proved of what came back; nil if it came not so far.
    public internal(set) var counts: VaultCounts?
    /// From the start until a record had been read.
    public internal(set) var timeToFirstRecord: Duration?
    /// From the start until everything was verified: the recovery time (RTO).
    public internal(set) var timeToVerified: Duration?
    /// From the moment up to which everything came back to the one when the disaster struck: the loss
    /// window (RPO).
    public internal(set) var lossWindow: Duration?
    /// When the disaster struck, in microseconds since 1970; nil if the drill did not come so far.
    public internal(set) var struck: Int64?
    /// The recovery time against what was wanted; nil if nothing was.
    public internal(set) var recoveryTime: Objective?
    /// The loss window against what was wanted; nil if nothing was.
    public internal(set) var recoveryPoint: Objective?
    /// The steps, in order.
    public internal(set) var phases: [Phase] = []
    /// The user's own checks, in order.
    public internal(set) var checks: [Check] = []
    /// What was taken to be damaged or lost for the rehearsal; the vault itself was not touched.
    public internal(set) var staged: [String] = []
    /// Everything that is missing or damaged.
    public internal(set) var findings: [String] = []
    /// Things worth knowing that are no damage.
    public internal(set) var notes: [String] = []
    /// The document's bytes, signed if a keyring was opened.
    public internal(set) var bytes: [UInt8] = []

    /// Whether ``bytes`` carry a signature.
    public internal(set) var isSigned = false
    /// SHA-256 of ``bytes`` in hexadecimal digits.
    public var digest: String { SHA256.hash(bytes.span).hex }
    /// Reports of earlier drills that came back with the archive, oldest first.
    public internal(set) var history: [DrillReport] = []

    init(_ scenario: Scenario, started: Int64) {
        self.scenario = scenario
        self.started = started
    }

    /// Notes what the vault lacks: the drill has failed.
    mutating func note(_ findings: some Sequence<VaultFinding>) {
        for finding in findings {
            self.findings.append(finding.description)
            conclude(.failed, finding.kind.rawValue, finding.description)
        }
    }

    mutating func conclude(_ outcome: Outcome, _ code: String, _ detail: String) {
        // The first fault decides; a later one cannot make it better.
        if self.outcome != .failed { self.outcome = outcome }
        reasons.append(Reason(code: code, detail: detail))
    }
}

extension DrillReport.Source {
    init(_ stored: StoredManifest) {
        let manifest = stored.manifest
        snapshot = manifest.id
        time = manifest.time.microseconds
        lastSequence = manifest.lastSequence
        recordCount = manifest.recordCount
        recordByteCount = manifest.recordByteCount
        segmentCount = manifest.segments.count
        segmentByteCount = manifest.segmentByteCount
        treeSize = manifest.treeSize
        treeRoot = manifest.treeRoot.hex
        manifestSHA256 = SHA256.hash(stored.bytes.span).hex
    }
}
