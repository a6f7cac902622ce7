import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import StrongroomVaults

/// What the vault's prunes have said so far.
struct PruneLedger: Sendable {
    /// What is condemned, and when it may go.
    struct Condemnation: Sendable {
        /// In microseconds since 1970; never before the grace was over by the vault's own clock.
        let due: Int64
        /// The documents that say so.
        let documents: [String]
    }

    private(set) var snapshots: [String: Condemnation] = [:]
    private(set) var segments: [SegmentNumber: Condemnation] = [:]
    /// Objects that say nothing because the archive's key did not sign them.
    private(set) var findings: [VaultFinding] = []
    /// Whether the vault was ever pruned.
    private(set) var isEmpty = true

    static func read(
        _ store: any ObjectStore,
        _ archive: ArchiveDocument
    ) async throws(RecoveryError) -> PruneLedger {
        let (found, findings) = try await documents(store, VaultObject.prunePrefix, archive)
        var ledger = PruneLedger(found)
        ledger.findings = findings
        ledger.isEmpty = found.isEmpty && findings.isEmpty
        return ledger
    }

    /// What documents say, each with when the vault got it.
    init(_ found: [(PruneDocument, Int64?)]) {
        var cancelled: Set<[String]> = []
        for (document, _) in found where document.kind == .restored {
            for snapshot in document.snapshots {
                for other in document.cancels { cancelled.insert([other, snapshot.id]) }
            }
        }
        for (document, arrival) in found where document.kind == .condemned {
            let when = Self.due(document, arrival)
            let names = [document.id] + document.merges
            for snapshot in document.snapshots
            where !names.contains(where: { cancelled.contains([$0, snapshot.id]) }) {
                snapshots[snapshot.id] = Self.joined(snapshots[snapshot.id], when, document.id)
            }
            for segment in document.segments {
                segments[segment] = Self.joined(segments[segment], when, document.id)
            }
        }
    }

    /// When the grace of what a document condemns is over.
    static func due(_ document: PruneDocument, _ arrival: Int64?) -> Int64 {
        // A clock that was behind when it was condemned must not shorten the grace.
        let start = max(document.time, arrival ?? document.time)
        let due = start.addingReportingOverflow(document.grace)
        return due.overflow ? Int64.max : due.partialValue
    }

    /// The first to condemn decides when.
    private static func joined(
        _ known: Condemnation?,
        _ due: Int64,
        _ document: String
    ) -> Condemnation {
        Condemnation(
            due: min(known?.due ?? due, due),
            documents: (known?.documents ?? []) + [document]
        )
    }

    /// The signed documents under a prefix, each with when the vault got it; those that vanish
    /// meanwhile are left out, once it was looked whether another one stands for them.
    static func documents(
        _ store: any ObjectStore,
        _ prefix: String,
        _ archive: ArchiveDocument,
        tries: Int = 3
    ) async throws(RecoveryError) -> ([(PruneDocument, Int64?)], [VaultFinding]) {
        var found: [(PruneDocument, Int64?)] = []
        var findings: [VaultFinding] = []
        for status in try await VaultContents.listing(store, prefix: prefix) {
            guard let object = VaultObject(status.name.text), let id = object.id else { continue }
            let bytes: [UInt8]
            do {
                bytes = try await store.readAll(
                    status.name,
                    limit: VaultContents.limit(of: object)
                )
            } catch {
                guard error.code == .notFound else { throw RecoveryError(error) }
                guard prefix == VaultObject.prunePrefix, tries > 1 else { continue }
                return try await documents(store, prefix, archive, tries: tries - 1)
            }
            do {
                found.append(
                    (try PruneDocument(decoding: bytes, id: id, of: archive), status.modified)
                )
            } catch {
                findings.append(VaultFinding(.damaged, object, error.finding))
            }
        }
        return (found, findings)
    }
}

extension VaultObject {
    /// The sixteen digits of a name that has some.
    var id: String? {
        switch self {
        case .manifest(let id), .prune(let id), .sweep(let id), .arrival(let id): id
        case .marker, .document, .keyring, .segment: nil
        }
    }

    /// Sixteen hexadecimal digits that nobody else has drawn.
    static func newIdentity() throws(RecoveryError) -> String {
        do {
            return Hex.encode(try Randomness.bytes(8))
        } catch {
            throw RecoveryError(.system, "the system gives no random bytes")
        }
    }
}
