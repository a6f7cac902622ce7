import ArchiveBytes
import ArchiveFormat
import StrongroomVaults

extension Prune {
    /// Restores snapshots that were condemned; those that are gone from the vault are shipped again by
    /// the next ship, if the archive still has them.
    ///
    /// A later prune condemns them anew unless a rule or a hold keeps them. Returns the ids of those
    /// that are in the vault.
    ///
    /// - Throws: `noSnapshot` if one is not condemned; then nothing is changed.
    public func restore(_ snapshots: [String]) async throws(RecoveryError) -> [String] {
        let state = try await PruneState.read(store, authority)
        var cancels: [String] = []
        for id in snapshots {
            guard let known = state.ledger.snapshots[id] else {
                throw RecoveryError(.noSnapshot, "snapshot \(id) is not condemned in the vault")
            }
            cancels += known.documents
        }
        let named = snapshots.map { id in
            let found = state.snapshots.first { $0.manifest.id == id }?.manifest
            return PruneDocument.Snapshot(
                id: id,
                lastSequence: found?.lastSequence ?? 0,
                time: found?.time.microseconds ?? 0
            )
        }
        let id = try VaultObject.newIdentity()
        var document = PruneDocument(
            kind: .restored,
            archive: state.document.archiveID.hex,
            id: id,
            time: clock.now()
        )
        document.snapshots = named
        document.cancels = Array(Set(cancels)).sorted()
        try await put(.prune(id), document)
        // A sweep that did not see the document has said before what it removes.
        let prefix = VaultObject.prunePrefix
        let now = try await SweepMark.arrival(of: .prune(id), in: store, prefix: prefix)
        let sweeps = try await SweepMark.living(in: store, of: state.document, now: now)
        let endangered = Set(sweeps.flatMap { $0.snapshots.map(\.id) })
        let listed = try await VaultContents.listing(store, prefix: VaultObject.manifestPrefix)
        let present = Set(listed.compactMap { VaultObject($0.name.text)?.id })
        let lost = snapshots.filter(endangered.contains)
        guard lost.isEmpty else {
            throw RecoveryError(
                .locked,
                "a prune is removing \(lost.joined(separator: ", ")) at this moment; look which "
                    + "snapshots the vault has when it is done, and ship the others again"
            )
        }
        return snapshots.filter(present.contains)
    }
}
