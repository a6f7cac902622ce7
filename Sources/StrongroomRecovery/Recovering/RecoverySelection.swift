import ArchiveBytes
import ArchiveFormat
import Strongroom

/// Which record versions are brought back: all conditions must hold.
public struct RecoverySelection: Equatable, Sendable {
    /// The collection; nil for all.
    public var collection: String?
    /// Names begin so.
    public var namePrefix: String?
    /// The record's subject.
    public var subject: String?

    /// Everything.
    public init() {}

    /// Whether nothing is left out.
    public var isEverything: Bool { self == RecoverySelection() }

    func includes(_ record: DirectoryRecord) -> Bool {
        // The engine's own records are made anew.
        guard record.collection != SystemRecords.collection else { return false }
        if let collection, !record.collection.hasSameBytes(as: collection) { return false }
        if let namePrefix, !record.name.utf8.starts(with: namePrefix.utf8) { return false }
        if let subject, !record.subject.hasSameBytes(as: subject) { return false }
        return true
    }
}

/// What recovering a part, or what survives, has done.
public struct ExtractionResult: Sendable {
    /// The identity of the archive that the vault is of, in hexadecimal digits.
    public let source: String
    /// The new archive's identity.
    public internal(set) var archive = ""
    /// The new archive's public key.
    public internal(set) var publicKey = ""
    /// The snapshot that was read.
    public let snapshot: String
    /// Record versions in the new archive, deletions included.
    public internal(set) var recordCount: UInt64 = 0
    /// Sum of their body lengths.
    public internal(set) var recordByteCount: UInt64 = 0
    /// Record versions that did not survive.
    public internal(set) var lost: [LostRecords] = []
    /// What is missing or damaged in the vault.
    public internal(set) var findings: [VaultFinding] = []
    /// How long it took.
    public internal(set) var duration: Duration = .zero

    init(source: String, snapshot: String) {
        self.source = source
        self.snapshot = snapshot
    }
}

/// Record versions that a vault has lost.
public struct LostRecords: Equatable, Sendable {
    /// Their numbers.
    public let sequences: ClosedRange<UInt64>
    /// The collection of a single one whose name is still known.
    public let collection: String?
    /// Its name.
    public let name: String?
}
