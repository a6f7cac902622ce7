import ArchiveBytes
import ArchiveFormat
import StrongroomVaults

/// What a vault holds, as a prune sees it.
struct PruneState: Sendable {
    let contents: VaultContents
    let document: ArchiveDocument
    /// The snapshots whose manifests verify, in the engine's order, oldest first.
    let snapshots: [StoredManifest]
    let candidates: [KeepDecision.Candidate]
    let ledger: PruneLedger
    /// Manifests that do not verify: what they need is not known.
    let findings: [VaultFinding]
    /// Whether the vault follows its archive: then it has segments before there is a snapshot of them.
    let isFollowing: Bool

    static func read(
        _ store: any ObjectStore,
        _ authority: PruneAuthority
    ) async throws(RecoveryError) -> PruneState {
        let contents = try await VaultContents.read(store)
        let document = try contents.document(publicKey: authority.publicKey)
        guard document.archiveID.hex == authority.archive else {
            throw RecoveryError(
                .foreign,
                "the vault is for archive \(document.archiveID.hex), not for \(authority.archive)"
            )
        }
        // What was condemned is read before the manifests: a snapshot that is restored meanwhile is
        // taken for condemned at worst, which the sweep finds out.
        let ledger = try await PruneLedger.read(store, document)
        let (snapshots, findings) = try await UnlockedVault.manifests(in: contents, store, document)
        try refuseOtherHistory(snapshots)
        return PruneState(
            contents: contents,
            document: document,
            snapshots: snapshots,
            candidates: try await candidates(snapshots, store, authority),
            ledger: ledger,
            findings: findings,
            isFollowing: try await SegmentPart.listing(store).isFollowed
        )
    }

    private static func candidates(
        _ snapshots: [StoredManifest],
        _ store: any ObjectStore,
        _ authority: PruneAuthority
    ) async throws(RecoveryError) -> [KeepDecision.Candidate] {
        var arrivals: [String: Int64] = [:]
        let listed = try await VaultContents.listing(store, prefix: VaultObject.manifestPrefix)
        for status in listed {
            guard case .manifest(let id) = VaultObject(status.name.text) else { continue }
            arrivals[id] = status.modified
        }
        let labels: [String: String]
        do {
            labels = try await authority.labels(snapshots.map(\.manifest))
        } catch {
            throw RecoveryError.wrapping(error, in: "the snapshots' labels")
        }
        return snapshots.map { stored in
            let id = stored.manifest.id
            return KeepDecision.Candidate(
                id: id,
                time: stored.manifest.time.microseconds,
                arrival: arrivals[id],
                label: labels[id],
                hold: authority.holds[id]
            )
        }
    }

    /// Of two histories nobody can say which is the newer.
    private static func refuseOtherHistory(
        _ snapshots: [StoredManifest]
    ) throws(RecoveryError) {
        var segments: [SegmentNumber: SnapshotManifest.Segment] = [:]
        for stored in snapshots {
            if let number = stored.contradiction(to: segments) {
                throw RecoveryError(
                    .conflict,
                    "two snapshots in the vault have different segments \(number.value): the archive "
                        + "went on in two places; find out which is right before anything is removed"
                )
            }
            for segment in stored.manifest.segments { segments[segment.number] = segment }
        }
    }

    /// The segments that no snapshot needs that the vault or the archive knows.
    ///
    /// None if a manifest cannot be read. In a vault that follows its archive, what stands behind all that
    /// is needed is not old but new.
    func unneededSegments(_ authority: PruneAuthority) -> [SegmentNumber] {
        guard findings.isEmpty else { return [] }
        var needed: Set<SegmentNumber> = []
        for manifest in snapshots.map(\.manifest) + authority.local {
            for segment in manifest.segments { needed.insert(segment.number) }
        }
        let last = needed.max() ?? SegmentNumber(0)
        return contents.segmentNumbers.filter { number in
            !needed.contains(number) && (number < last || !isFollowing)
        }
    }
}
