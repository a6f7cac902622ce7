import ArchiveSealing
import Strongroom
import StrongroomVaults

/// Whether drills of a vault notice what they must: each damage is staged on a view of the vault,
/// which itself is never written to, and the drill of it must not pass.
public struct DrillSelfTest: Sendable {
    /// One damage and what the drill made of it.
    public struct Trial: Sendable {
        /// The damage, for programs.
        public let damage: String
        /// What it is, for people.
        public let summary: String
        /// How the drill went; nil if the vault has not what the damage needs.
        public let outcome: DrillReport.Outcome?
        /// The first reason that the drill gave.
        public let reason: String?

        /// Whether the drill passed over it.
        public var isMissed: Bool { outcome == .passed }
    }

    /// The drill of the vault as it is: it must pass, or the others tell nothing.
    public let control: DrillReport
    /// A trial for each damage; none if the control did not pass.
    public internal(set) var trials: [Trial] = []

    /// Passed if every damage was noticed, failed if one was missed, else inconclusive.
    public var outcome: DrillReport.Outcome {
        guard control.outcome == .passed, trials.contains(where: { $0.outcome != nil }) else {
            return .inconclusive
        }
        return trials.contains(where: \.isMissed) ? .failed : .passed
    }
}

extension Drill {
    /// Stages every damage and drills it: the loss of the host, in the same scratch each time.
    ///
    /// Reads the vault once for each damage that lies in a segment. Objectives and checks do not count
    /// here.
    ///
    /// - Throws: `cancelled`, and what keeps the vault from being opened a second time.
    public func selfTest(
        _ options: Options = Options(),
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> DrillSelfTest {
        var plain = Options()
        plain.snapshot = options.snapshot
        plain.scratch = options.scratch
        let control = try await run(plain, progress: progress)
        var test = DrillSelfTest(control: control)
        guard control.outcome == .passed, let id = control.source?.snapshot else { return test }
        // Named, so that an older snapshot cannot stand in for one that is gone.
        plain.snapshot = id
        let vault = try await UnlockedVault.open(store, keys)
        let chosen = try vault.snapshot(id)
        for damage in DrillDamage.allCases {
            try RecoveryError.checkCancellation("the self-test")
            // A keyring that is given goes before the vault's own, whatever has become of that.
            let isOfKeyring = [.flippedKeyring, .missingKeyring].contains(damage)
            let isShadowed = isOfKeyring && keys.keyring != nil
            guard !isShadowed, let changes = try damage.changes(to: vault, chosen) else {
                test.trials.append(DrillSelfTest.Trial(damage, nil))
                continue
            }
            var keys = keys
            if damage == .wrongKey { keys = try strangersKey() }
            let drill = Drill(
                from: StagedStore(store, changes),
                unlocking: keys,
                on: files,
                configuration: configuration,
                clock: clock
            )
            var staged = plain
            // A view of a directory does not say beside what the scratch may be made.
            if staged.scratch == nil { staged.scratch = try DrillScratch.path(beside: store) }
            test.trials.append(
                DrillSelfTest.Trial(damage, try await drill.run(staged, progress: progress))
            )
        }
        return test
    }

    private func strangersKey() throws(RecoveryError) -> VaultKeys {
        do {
            return VaultKeys(
                try .passphrase(try Randomness.bytes(32)),
                keyring: keys.keyring
            )
        } catch {
            throw RecoveryError.wrapping(error, in: "the wrong key")
        }
    }
}

extension DrillSelfTest.Trial {
    init(_ damage: DrillDamage, _ report: DrillReport?) {
        self.damage = damage.rawValue
        summary = damage.summary
        outcome = report?.outcome
        reason = report?.reasons.first?.detail
    }
}
