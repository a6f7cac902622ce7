import ArchiveFormat
import StrongroomVaults
import Synchronization

/// What a prune is about to remove, written down in the vault while it does (`sweeping/`).
///
/// The run renews its mark every minute. Others take one that was not renewed for a quarter of an hour for
/// a dead run's, by the vault's own clock, and take it away before they rely on that. So a run asks before
/// each removal whether its mark is still there, and removes nothing once it could not renew it for five
/// minutes by its own clock: whether it slept, was cut off, or the vault's clock jumped, it ends.
final class SweepMark: Sendable {
    /// In microseconds, by the vault's clock.
    static let lifetime: Int64 = 15 * 60 * 1_000_000
    static let renewalInterval = Duration.seconds(60)
    private static let trust = Duration.seconds(5 * 60)

    let object: VaultObject
    private let store: any ObjectStore
    private let bytes: [UInt8]
    private let clock: RecoveryClock
    private let state: Mutex<State>

    private struct State {
        var renewed: Duration
        var isLost = false
    }

    private init(
        _ object: VaultObject,
        _ bytes: [UInt8],
        in store: any ObjectStore,
        clock: RecoveryClock
    ) {
        self.object = object
        self.bytes = bytes
        self.store = store
        self.clock = clock
        state = Mutex(State(renewed: clock.elapsed()))
    }

    /// Puts a mark; from here on every ship sees what is about to go.
    static func put(
        _ object: VaultObject,
        _ bytes: [UInt8],
        in store: any ObjectStore,
        clock: RecoveryClock
    ) async throws(RecoveryError) -> SweepMark {
        let mark = SweepMark(object, bytes, in: store, clock: clock)
        do {
            try await store.put(object.name, bytes)
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
        return mark
    }

    /// Renews the mark until the task is cancelled.
    func keepRenewing(_ pause: @Sendable (Duration) async -> Void) async {
        while true {
            await pause(Self.renewalInterval)
            if Task.isCancelled { return }
            // What does not succeed is tried again in a minute, and shows in `requireStanding`.
            try? await renew()
        }
    }

    private func renew() async throws {
        let begun = clock.elapsed()
        // Others may have acted on what they took for a dead run's: it must not come to life again.
        let isTrusted = state.withLock { !$0.isLost && begun - $0.renewed < Self.trust }
        guard isTrusted, try await store.status(object.name) != nil else {
            return state.withLock { $0.isLost = true }
        }
        try await store.put(object.name, bytes, mode: .replace)
        state.withLock { $0.renewed = begun }
    }

    /// Refuses to go on unless nobody can have taken this run for dead.
    func requireStanding() async throws(RecoveryError) {
        let isTrusted = state.withLock {
            !$0.isLost && clock.elapsed() - $0.renewed < Self.trust
        }
        do {
            if isTrusted, try await store.status(object.name) != nil { return }
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
        throw RecoveryError(
            .locked,
            "the prune was held up so long that others may take it for dead; nothing more was "
                + "removed; run it again for the rest"
        )
    }

    // MARK: Those of others

    /// What runs are removing that may be alive, `now` by the vault's clock; without one all may be.
    ///
    /// Marks of dead runs are taken away first, and then it is looked again: a run that asks for its
    /// mark after that removes nothing, and what it removed before is seen to be gone.
    static func living(
        in store: any ObjectStore,
        of archive: ArchiveDocument,
        now: Int64?
    ) async throws(RecoveryError) -> [PruneDocument] {
        if let now { try await clear(store, now: now) }
        return try await PruneLedger.documents(store, VaultObject.sweepPrefix, archive).0.map(\.0)
    }

    /// Takes away the marks of dead runs.
    static func clear(_ store: any ObjectStore, now: Int64) async throws(RecoveryError) {
        let listed = try await VaultContents.listing(store, prefix: VaultObject.sweepPrefix)
        for status in listed {
            guard let object = VaultObject(status.name.text), let renewed = status.modified,
                renewed < now - lifetime
            else { continue }
            do {
                try await store.remove(object.name)
            } catch {
                if (error as? VaultError)?.code == .notFound { continue }
                throw RecoveryError.wrapping(error, in: object.text)
            }
        }
    }

    /// When the vault got an object, by its own clock.
    static func arrival(
        of object: VaultObject,
        in store: any ObjectStore,
        prefix: String
    ) async throws(RecoveryError) -> Int64? {
        try await VaultContents.listing(store, prefix: prefix)
            .first { $0.name.text == object.text }?.modified
    }
}
