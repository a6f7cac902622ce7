import ArchiveBytes
import ArchiveFormat

/// What a prune would do to a vault, and why.
///
/// A value: it can be printed, shown as a dry run, and carried out by ``Prune``.
public struct PrunePlan: Sendable {
    /// What becomes of a snapshot.
    public enum Fate: Equatable, Sendable {
        /// A rule keeps it, or a hold.
        case stays
        /// No rule keeps it: it is condemned now, and goes after the grace.
        case isCondemned
        /// It was condemned before, and goes at that time, in microseconds since 1970.
        case waits(until: Int64)
        /// It was condemned before, and the grace is over: it goes now.
        case goes
        /// The grace is over and the vault's lock is not, until that time.
        case isLocked(until: Int64)
    }

    /// A snapshot in the vault.
    public struct Entry: Sendable {
        /// Its id.
        public let snapshot: String
        /// When it claims to have been made, in microseconds since 1970.
        public let time: Int64
        /// The newest record version in it.
        public let lastSequence: UInt64
        /// What becomes of it.
        public internal(set) var fate: Fate
        /// Why it stays; empty if it does not.
        public let reasons: [String]
    }

    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// The rules that were applied.
    public let rules: KeepRules
    /// How long what is condemned stays.
    public let grace: Duration
    /// The vault's snapshots, oldest first.
    public internal(set) var entries: [Entry]
    /// Segments that no snapshot needs and that wait for the end of their grace.
    public let waitingSegmentCount: Int
    /// Things worth knowing.
    public let notes: [String]

    /// Segments that no snapshot needs and that are condemned now.
    let condemnedSegments: [SegmentNumber]
    /// Segments that no snapshot needs and whose grace is over.
    let dueSegments: [SegmentNumber]
    /// Their bytes.
    public let dueByteCount: UInt64
    let document: ArchiveDocument

    /// Segments that no snapshot needs and that are condemned now.
    public var condemnedSegmentCount: Int { condemnedSegments.count }
    /// Segments that no snapshot needs and that go now.
    public var dueSegmentCount: Int { dueSegments.count }
    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        condemnedSegments.isEmpty && dueSegments.isEmpty
            && !entries.contains { $0.fate == .isCondemned || $0.fate == .goes }
    }

    /// How many snapshots have a fate that a test accepts.
    public func count(where isCounted: (Fate) -> Bool) -> Int {
        entries.count { isCounted($0.fate) }
    }
}

/// What a prune has done.
public struct PruneResult: Sendable {
    /// Snapshots that were condemned, by id.
    public internal(set) var condemned: [String] = []
    /// Snapshots whose manifests were removed.
    public internal(set) var removed: [String] = []
    /// Segments that were removed.
    public internal(set) var removedSegmentCount = 0
    /// Their bytes.
    public internal(set) var removedByteCount: UInt64 = 0
    /// What was left for a later run, and why.
    public internal(set) var notes: [String] = []
}
