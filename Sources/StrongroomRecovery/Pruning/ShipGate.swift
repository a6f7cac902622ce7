import ArchiveFormat
import StrongroomVaults

/// Puts manifests into a vault that is pruned, so that none is ever there without what it needs.
///
/// A ship may count on segments that no snapshot in the vault needs yet: an earlier run that was
/// stopped has left them, and a prune may remove them. So a manifest is announced (`arriving/`) before
/// its segments are looked for a last time. A prune writes down what it removes before it looks for
/// announcements and manifests. Whichever comes second sees the other: the prune leaves all segments
/// alone, or the ship waits and sends again what is gone.
struct ShipGate: Sendable {
    /// Ships wait for prunes so often, a little longer each time: about a minute.
    private static let tryLimit = 12

    let store: any ObjectStore
    let document: ArchiveDocument
    /// Waits before the next try; tests do not.
    let pause: @Sendable (Int) async -> Void

    static let usualPause: @Sendable (Int) async -> Void = { number in
        try? await Task.sleep(for: .milliseconds(100 << min(number, 7)))
    }

    /// Whether the vault was ever pruned.
    ///
    /// If not, nothing is condemned, and what is not condemned is never removed.
    func isNeeded() async throws(RecoveryError) -> Bool {
        try await !VaultContents.listing(store, prefix: VaultObject.prunePrefix).isEmpty
    }

    /// Puts a manifest with `put`, after `send` has sent what it needs and the vault lacks.
    func pass(
        _ manifest: SnapshotManifest,
        send: ([SnapshotManifest.Segment]) async throws(RecoveryError) -> Void,
        put: () async throws(RecoveryError) -> Void
    ) async throws(RecoveryError) {
        for number in 0..<Self.tryLimit {
            // Not the snapshot's id: two ships of one snapshot must not withdraw each other's.
            let announcement = VaultObject.arrival(try VaultObject.newIdentity())
            try await announce(announcement)
            let mayPass: Bool
            let missing: [SnapshotManifest.Segment]
            do throws(RecoveryError) {
                mayPass = try await isFree(manifest, announcement)
                missing = mayPass ? try await lacking(manifest) : []
                if mayPass, missing.isEmpty { try await put() }
            } catch {
                // What matters is why; the announcement is forgotten by itself after a day.
                try? await store.remove(try announcement.name)
                throw error
            }
            try await withdraw(announcement)
            guard !mayPass || !missing.isEmpty else { return }
            if mayPass { try await send(missing) } else { await pause(number) }
            try RecoveryError.checkCancellation("shipping")
        }
        throw RecoveryError(
            .locked,
            "snapshot \(manifest.id) could not be shipped: a prune of the vault removes what it needs "
                + "(sweeping/ says what); let it end, then ship again; one that was killed stands in "
                + "the way for a quarter of an hour"
        )
    }

    /// The manifest's segments that the vault does not have.
    func lacking(
        _ manifest: SnapshotManifest
    ) async throws(RecoveryError) -> [SnapshotManifest.Segment] {
        let listed = try await VaultContents.listing(store, prefix: VaultObject.segmentPrefix)
        let present = Set(listed.compactMap { VaultObject($0.name.text) })
        return manifest.segments.filter { !present.contains(.segment($0.number)) }
    }

    /// Whether no prune is removing something of the snapshot.
    private func isFree(
        _ manifest: SnapshotManifest,
        _ announcement: VaultObject
    ) async throws(RecoveryError) -> Bool {
        var sweeps = try await SweepMark.living(in: store, of: document, now: nil)
        guard !sweeps.isEmpty else { return true }
        // Some may be of runs that were killed; the announcement tells what time it is there.
        let prefix = VaultObject.arrivalPrefix
        let now = try await SweepMark.arrival(of: announcement, in: store, prefix: prefix)
        sweeps = try await SweepMark.living(in: store, of: document, now: now)
        let needed = Set(manifest.segments.map(\.number))
        return !sweeps.contains { sweep in
            sweep.snapshots.contains { $0.id == manifest.id }
                || !needed.isDisjoint(with: sweep.segments)
        }
    }

    private func announce(_ object: VaultObject) async throws(RecoveryError) {
        do {
            try await store.put(object.name, Array("{}\n".utf8))
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    private func withdraw(_ object: VaultObject) async throws(RecoveryError) {
        do {
            try await store.remove(object.name)
        } catch {
            if (error as? VaultError)?.code == .notFound { return }
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }
}
