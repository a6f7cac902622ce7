import ArchiveFormat
public import Strongroom
public import StrongroomVaults

/// Locks what a vault's snapshots need, where the store promises to keep locks.
public struct VaultLocks: Sendable {
    /// Locks at a time.
    private static let parallelism = 8

    private let store: any LockingStore
    private let authority: PruneAuthority
    private let clock: RecoveryClock

    /// Prepares to lock a vault of an archive, whose holds count.
    ///
    /// - Throws: `unsupported` if the store knows no locks, or its place was not made for them.
    public init(
        _ store: any ObjectStore,
        of archive: Archive,
        clock: RecoveryClock = .system
    ) async throws(RecoveryError) {
        try await self.init(store, by: try await .of(archive), clock: clock)
    }

    package init(
        _ store: any ObjectStore,
        by authority: PruneAuthority,
        clock: RecoveryClock
    ) async throws(RecoveryError) {
        guard let store = store as? any LockingStore else {
            throw RecoveryError(
                .unsupported,
                "only S3 buckets know locks; for a directory use the file system's own means"
            )
        }
        do {
            guard try await store.canLock() else {
                throw RecoveryError(
                    .unsupported,
                    "the bucket was not made for locks; make a new one with `strongroom vault init "
                        + "--create-bucket --object-lock` and ship to it"
                )
            }
        } catch {
            throw RecoveryError.wrapping(error, in: "the vault")
        }
        self.store = store
        self.authority = authority
        self.clock = clock
    }

    /// Compares the locks that there are with those that the rules ask for; changes nothing.
    ///
    /// A snapshot that a rule keeps is locked at least for `least` from now on, and as long as the rule
    /// will keep it where that can be told: it stands for a period that is over. A lock is made longer
    /// when it ends much too early, or soon.
    public func plan(
        _ rules: KeepRules,
        least: Duration = .seconds(7 * 86_400)
    ) async throws(RecoveryError) -> LockPlan {
        let state = try await PruneState.read(store, authority)
        let now = clock.now()
        let span = least.components.seconds * 1_000_000
        let decision = KeepDecision(state.candidates, rules, now: now)
        var wanted: [VaultObject: (until: Int64, isHeld: Bool)] = [:]
        for stored in state.snapshots {
            let reasons = decision.reasons[stored.manifest.id] ?? []
            guard !reasons.isEmpty else {
                wanted[.manifest(stored.manifest.id)] = (.min, false)
                continue
            }
            let until = max(now + span, reasons.compactMap(\.until).max() ?? 0)
            let isHeld = reasons.contains(where: \.isHold)
            let objects = stored.manifest.segments.map { VaultObject.segment($0.number) }
            for object in objects + [.manifest(stored.manifest.id)] {
                let known = wanted[object]
                wanted[object] = (
                    max(known?.until ?? until, until), isHeld || known?.isHeld == true
                )
            }
        }
        let entries = try await entries(wanted, state.contents, now, span)
        return LockPlan(archive: authority.archive, now: now, entries: entries)
    }

    private func entries(
        _ wanted: [VaultObject: (until: Int64, isHeld: Bool)],
        _ contents: VaultContents,
        _ now: Int64,
        _ span: Int64
    ) async throws(RecoveryError) -> [LockPlan.Entry] {
        let found = Collected<LockPlan.Entry>()
        let objects = wanted.keys.sorted { $0.text < $1.text }
        try await forEach(objects, atATime: Self.parallelism, "the locks") { [store] object in
            // What is missing is for verifying to report.
            guard let byteCount = contents.objects[object], let (until, isHeld) = wanted[object]
            else { return }
            let lock = try await store.lock(of: object.name)
            // What no rule keeps matters only as long as a hold is on it that was released.
            guard until > .min || lock.isHeld else { return }
            let end = lock.until ?? .min
            let isSoon = end < now + span / 2
            found.add(
                LockPlan.Entry(
                    byteCount: byteCount,
                    wanted: until,
                    isHeld: isHeld,
                    lock: lock,
                    isShort: end < until && (isSoon || until - max(end, 0) > span),
                    object: object
                )
            )
        }
        return found.all.sorted { $0.name < $1.name }
    }

    /// Makes locks longer, and places and lifts holds, as a plan says; returns how many objects changed.
    @discardableResult
    public func carryOut(
        _ plan: LockPlan,
        _ mode: ObjectLock.Mode
    ) async throws(RecoveryError) -> Int {
        let changes = plan.changes
        try await forEach(changes, atATime: Self.parallelism, "locking") { [store] entry in
            let name = try entry.object.name
            if entry.isShort {
                // Servers refuse to change the kind of a lock that stands, to the stronger one too.
                let known = entry.lock.isClosed(at: plan.now) ? entry.lock.mode : nil
                let mode = known ?? mode
                try await store.lock(name, mode, until: entry.wanted)
            }
            if entry.changesHold { try await store.setHold(entry.isHeld, on: name) }
        }
        return changes.count
    }
}
