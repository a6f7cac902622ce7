import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery

/// As of when a command reads.
struct MomentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "As of a snapshot: its id, the beginning of it, or \"latest\".",
            valueName: "id"
        )
    )
    var snapshot: String?

    @Option(
        help: ArgumentHelp(
            """
            As of a time, all that was recorded in it included: 2026-11-22, 2026-11-22T10:08, \
            2026-11-22T10:08:30+01:00. UTC unless a zone is given.
            """,
            valueName: "time"
        )
    )
    var at: String?

    @Flag(help: "Read a vault in place even if it was put back to an older state.")
    var acceptRollback = false

    func validate() throws {
        guard snapshot == nil || at == nil else {
            throw ValidationError("name a snapshot or a time, not both")
        }
        if let at, Timestamp.range(covering: at) == nil {
            throw ValidationError(DateArgument.advice("--at", at))
        }
    }

    /// Whether the command line names a moment; else it is now.
    var isNamed: Bool { snapshot != nil || at != nil }

    /// The moment, for a vault.
    var ofVault: OpenVault.Moment {
        if let at, let covered = Timestamp.range(covering: at) {
            return .time(covered.upperBound.microseconds - 1)
        }
        return snapshot.map(OpenVault.Moment.snapshot) ?? .now
    }

    /// The archive as of that moment.
    func view(of archive: Archive) async throws -> ArchiveView {
        if let at, let covered = Timestamp.range(covering: at) {
            return try await archive.view(at: .time(covered.upperBound.microseconds - 1))
        }
        guard let snapshot else { return archive.current }
        let id = try SnapshotChoice.id(snapshot, among: try await archive.snapshots().map(\.id))
        return try await archive.view(at: .snapshot(id))
    }
}

/// Finds the one snapshot that a person means.
enum SnapshotChoice {
    static func id(_ wanted: String, among ids: [String]) throws -> String {
        if wanted == "latest" {
            guard let latest = ids.last else {
                throw CommandFailure(
                    .failed,
                    code: "no_snapshot",
                    "there is no snapshot yet; make one with `strongroom snapshot`"
                )
            }
            return latest
        }
        let found = ids.contains(wanted) ? [wanted] : ids.filter { $0.hasPrefix(wanted) }
        guard let id = found.first, !wanted.isEmpty else {
            throw CommandFailure(
                .failed,
                code: "no_snapshot",
                "there is no snapshot \(VisibleText.text(wanted)); `strongroom snapshots` lists them"
            )
        }
        guard found.count == 1 else {
            throw CommandFailure(
                .failed,
                code: "ambiguous_snapshot",
                "\(found.count) snapshots begin with \(wanted); write more of the id"
            )
        }
        return id
    }
}

/// Dates on the command line.
enum DateArgument {
    static func advice(_ option: String, _ text: String) -> String {
        "\(option) \(VisibleText.text(text)) is no date; write 2026, 2026-11, 2026-11-22 or "
            + "2026-11-22T10:08:30Z"
    }
}
