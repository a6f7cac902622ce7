import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
public import Strongroom
public import StrongroomVaults

/// Takes snapshots out of a vault that no rule keeps, and what only they needed.
///
/// It goes in two steps. What no rule keeps is condemned: a signed document in the vault says so, and
/// nothing is gone. A later run removes what was condemned when its grace is over. In between a
/// snapshot can be restored, recovered, and verified as ever.
///
/// Ships and other prunes may run at the same time, on any machine; no clock has to be right for that.
/// Before it removes anything, a run writes down what (`sweeping/`), and then looks once more at what
/// the vault has, so that of two that are at it at the same time at least one sees the other; see
/// ``Ship``.
public struct Prune: Sendable {
    /// How long a ship that was killed keeps segments in the vault, by the vault's clock.
    static let abandonedAge: Int64 = 24 * 3_600 * 1_000_000

    let store: any ObjectStore
    let authority: PruneAuthority
    let clock: RecoveryClock
    /// Waits; tests do it their way.
    package var pause: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }

    /// Prepares to prune a vault of an archive.
    ///
    /// The archive's own snapshots and holds count as well as the vault's.
    public init(
        _ store: any ObjectStore,
        of archive: Archive,
        clock: RecoveryClock = .system
    ) async throws(RecoveryError) {
        self.init(store, by: try await .of(archive), clock: clock)
    }

    package init(_ store: any ObjectStore, by authority: PruneAuthority, clock: RecoveryClock) {
        self.store = store
        self.authority = authority
        self.clock = clock
    }

    /// Applies the rules to what the vault has; removes nothing.
    ///
    /// - Throws: `invalid` without a rule, `foreign` if the vault is another archive's, `conflict` if
    ///   its snapshots contradict each other.
    public func plan(
        _ rules: KeepRules,
        grace: Duration = .seconds(7 * 86_400)
    ) async throws(RecoveryError) -> PrunePlan {
        guard !rules.isEmpty else {
            throw RecoveryError(
                .invalid,
                "without a rule nothing would be kept; say what stays, such as --keep-daily 30"
            )
        }
        guard grace >= .zero, grace.components.seconds <= 36_500 * 86_400 else {
            throw RecoveryError(.invalid, "the grace is a span of at most a century")
        }
        let state = try await PruneState.read(store, authority)
        let now = clock.now()
        let decision = KeepDecision(state.candidates, rules, now: now)
        var entries = state.snapshots.map { stored in
            let id = stored.manifest.id
            let reasons = decision.reasons[id] ?? []
            return PrunePlan.Entry(
                snapshot: id,
                time: stored.manifest.time.microseconds,
                lastSequence: stored.manifest.lastSequence,
                fate: Self.fate(reasons, state.ledger.snapshots[id], now),
                reasons: reasons.map(\.text)
            )
        }
        try await findLocks(&entries, now)
        var notes = state.findings.map { "\($0); no segment is removed before it is mended" }
        if !decision.doubtful.isEmpty {
            notes.append(
                "\(decision.doubtful.count) snapshots claim times that contradict the others': they "
                    + "stay and count for no rule"
            )
        }
        let unneeded = state.unneededSegments(authority)
        let known = state.ledger.segments
        let due = unneeded.filter { number in known[number].map { $0.due <= now } ?? false }
        return PrunePlan(
            archive: authority.archive,
            rules: rules,
            grace: grace,
            entries: entries,
            waitingSegmentCount: unneeded.count { known[$0] != nil } - due.count,
            notes: notes,
            condemnedSegments: unneeded.filter { known[$0] == nil },
            dueSegments: due,
            dueByteCount: due.reduce(0) { $0 + (state.contents.objects[.segment($1)] ?? 0) },
            document: state.document
        )
    }

    /// What is locked does not go, however long ago it was condemned.
    private func findLocks(
        _ entries: inout [PrunePlan.Entry],
        _ now: Int64
    ) async throws(RecoveryError) {
        guard let locking = store as? any LockingStore else { return }
        for index in entries.indices where entries[index].fate == .goes {
            let object = VaultObject.manifest(entries[index].snapshot)
            do {
                let lock = try await locking.lock(of: object.name)
                guard lock.isClosed(at: now) else { continue }
                entries[index].fate = .isLocked(until: lock.isHeld ? .max : lock.until ?? .max)
            } catch {
                // Another prune was faster.
                if (error as? VaultError)?.code == .notFound { continue }
                throw RecoveryError.wrapping(error, in: object.text)
            }
        }
    }

    private static func fate(
        _ reasons: [KeepDecision.Reason],
        _ known: PruneLedger.Condemnation?,
        _ now: Int64
    ) -> PrunePlan.Fate {
        guard reasons.isEmpty else { return .stays }
        guard let known else { return .isCondemned }
        return known.due <= now ? .goes : .waits(until: known.due)
    }

    /// Puts a document under the archive's signature; returns its id.
    @discardableResult
    func put(
        _ object: VaultObject,
        _ document: PruneDocument
    ) async throws(RecoveryError) -> VaultObject {
        let bytes = try await signed(document, in: object.text)
        do {
            try await store.put(object.name, bytes)
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
        return object
    }

    /// A document under the archive's signature.
    func signed(
        _ document: PruneDocument,
        in place: String
    ) async throws(RecoveryError) -> [UInt8] {
        do {
            return try await authority.sign(document.document(publicKey: authority.publicKey))
        } catch {
            throw RecoveryError.wrapping(error, in: place)
        }
    }
}
