import ArchiveFormat
import StrongroomVaults

// A prune every night leaves a document every night, and everybody reads them all.
extension Prune {
    /// So many documents become one.
    static let mergeCount = 32
    /// One that names more snapshots is left as it is.
    private static let mergeLimit = 20_000

    /// Puts the documents whose grace is over into one, once there are many of them.
    ///
    /// The new one is there before the old ones go, and says which they were: who restores a snapshot
    /// at the same time names one of those. By this run's clock they are over, and the new one's time is
    /// by the same clock: no grace becomes shorter.
    func merge(_ archive: ArchiveDocument) async throws(RecoveryError) {
        let prefix = VaultObject.prunePrefix
        let (found, _) = try await PruneLedger.documents(store, prefix, archive)
        let now = clock.now()
        let old = found.filter { document, arrival in
            document.kind == .condemned && document.snapshots.count <= Self.mergeLimit
                && PruneLedger.due(document, arrival) <= now
        }
        guard old.count >= Self.mergeCount else { return }
        let ids = Set(old.map(\.0.id))
        let restored = found.filter { $0.0.kind == .restored }
        let condemned = PruneLedger(old + restored).snapshots
        let present = Set(try await VaultContents.read(store).segmentNumbers)
        var snapshots: [String: PruneDocument.Snapshot] = [:]
        for snapshot in old.flatMap(\.0.snapshots) where condemned[snapshot.id] != nil {
            snapshots[snapshot.id] = snapshot
        }
        let id = try VaultObject.newIdentity()
        var merged = PruneDocument(
            kind: .condemned,
            archive: archive.archiveID.hex,
            id: id,
            time: now
        )
        merged.rules = "merged"
        merged.snapshots = snapshots.values.sorted { $0.id < $1.id }
        merged.segments = Set(old.flatMap(\.0.segments)).intersection(present).sorted()
        merged.merges = ids.sorted()
        try await put(.prune(id), merged)
        for id in ids { try await remove(.prune(id)) }
        // What restored something counts as long as a document that it cancels does.
        let left = found.map(\.0).filter { !ids.contains($0.id) }
        let named = ids.union(left.map(\.id)).union(left.flatMap(\.merges))
        for (document, _) in restored where named.isDisjoint(with: document.cancels) {
            try await remove(.prune(document.id))
        }
    }
}
