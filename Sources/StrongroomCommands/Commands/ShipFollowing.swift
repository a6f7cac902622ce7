import ArchiveBytes
import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Keeps vaults as far as an archive is, until asked to stop.
struct ShipFollowing {
    let path: String
    let vaults: [String]
    let interval: Duration
    let keyring: KeyringPlacement?
    let access: VaultAccessOptions
    let output: Output

    /// Follows each vault on its own, so that a slow one keeps none of the others waiting.
    ///
    /// Being asked to stop is the ordinary end. A vault that cannot be followed any more ends its own
    /// following, and in the end the command with its error.
    func run() async throws {
        let failures = await withTaskGroup(of: CommandFailure?.self) { group in
            for vault in vaults {
                group.addTask { await follow(vault) }
            }
            var failures: [CommandFailure] = []
            for await failure in group {
                if let failure { failures.append(failure) }
            }
            return failures
        }
        guard let first = failures.first else { return }
        throw vaults.count == 1 || failures.count == vaults.count
            ? first
            : CommandFailure(
                .partial,
                code: "vaults",
                "\(failures.count) of \(CountText.text(vaults.count, "vault")) could not be followed; run it again"
            )
    }

    private func follow(_ vault: String) async -> CommandFailure? {
        do {
            let place = try VaultPlace(vault, access)
            if try await place.isMissing() { try await place.create() }
            let follow = Follow(
                archiveAt: FilePath(path),
                on: try ThinPlace.files(path, access),
                to: place.store
            )
            try await follow.run(every: interval, keyring: keyring) { result in
                tell(result, vault)
            }
            return nil
        } catch {
            // What a stop has interrupted goes on with the next start.
            if Interruption.isRequested { return nil }
            let failure =
                CommandFailure(error)
                ?? CommandFailure(.failed, code: "unknown", "\(vault): \(error)")
            output.warn("\(vault): \(failure.message)")
            return failure
        }
    }

    private func tell(_ result: Result<Follow.Step, RecoveryError>, _ vault: String) {
        switch result {
        case .success(let step):
            guard step.objectCount > 0 else { return }
            output.confirm(FollowMessage(step: step, vault: vault))
            // Whoever reads along hears of each step at once; a failure is met again at the end.
            StandardOutput.shared.flush()
        case .failure(let error): output.warn("\(vault): \(error.message); it is tried again")
        }
    }
}

/// How far a vault that is followed has come.
struct FollowMessage: Message {
    let step: Follow.Step
    let vault: String

    var type: String { "followed" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "snapshots": .array(step.snapshots.map(JSONValue.text)),
            "sent_objects": .count(step.objectCount),
            "sent_bytes": .count(step.byteCount),
            "commit": step.commit.map { .count($0) } ?? .null,
            "commit_time": MomentText.json(step.commitTime),
        ]
    }

    var lines: [String] {
        let commit = step.commit.map { " up to commit \($0)" } ?? ""
        return [
            "Sent \(CountText.text(step.objectCount, "object")), "
                + "\(ByteText.text(step.byteCount)), to \(vault)\(commit)."
        ]
    }
}
