import ArchiveBytes
import ArgumentParser
import Strongroom

/// Tells how an archive stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell the archive's identity, public key, last commit and snapshots.",
        usage: "strongroom status [-r DIR] [OPTIONS]",
        discussion: Help.text("Example: strongroom status -r A --json", exits: Help.reading)
    )

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            answers.output.answer(
                StatusMessage(
                    path: archive.path,
                    status: try await archive.status(),
                    snapshots: try await archive.snapshots()
                )
            )
        }
    }
}

/// How an archive stands.
struct StatusMessage: Message {
    let path: String
    let status: ArchiveStatus
    let snapshots: [Snapshot]

    var type: String { "status" }

    var fields: JSONObject {
        [
            "path": .text(path),
            "archive_id": .text(status.identity),
            "public_key": .text(status.publicKey),
            "created": MomentText.json(status.created),
            "last_commit": .count(status.lastCommit),
            "last_commit_time": MomentText.json(
                status.lastCommit > 0 ? status.lastCommitTime : nil
            ),
            "last_sequence": .count(status.lastSequence),
            "segments": .count(status.segmentCount),
            "sealed_segments": .count(status.sealedSegmentCount),
            "stored_bytes": .count(status.segmentByteCount),
            "index_bytes": .count(status.indexByteCount),
            "quarantined_files": .count(status.quarantineCount),
            "snapshots": .count(snapshots.count),
            "last_snapshot": .optional(snapshots.last?.id),
            "last_snapshot_time": MomentText.json(snapshots.last?.time),
        ]
    }

    var lines: [String] {
        var rows = [
            ("Archive", "\(status.identity) in \(path)"), ("Public key", status.publicKey),
            ("Made", MomentText.local(status.created)),
        ]
        if status.lastCommit > 0 {
            rows.append(
                (
                    "Last commit",
                    "#\(status.lastCommit) at \(MomentText.local(status.lastCommitTime)), \(status.lastSequence) record "
                        + "versions"
                )
            )
        } else {
            rows.append(("Last commit", "none: the archive is empty"))
        }
        rows.append(
            (
                "Segments",
                "\(status.segmentCount), \(ByteText.text(status.segmentByteCount)); index "
                    + ByteText.text(status.indexByteCount)
            )
        )
        if let last = snapshots.last {
            rows.append(
                (
                    "Snapshots",
                    "\(snapshots.count), last \(last.id) at \(MomentText.local(last.time))"
                )
            )
            let newer = status.lastSequence - min(last.lastSequence, status.lastSequence)
            if newer > 0 {
                rows.append(("", "\(newer) record versions are newer than the last snapshot"))
            }
        } else {
            rows.append(("Snapshots", "none; only what a snapshot holds can be shipped to a vault"))
        }
        return rows.map { "\($0.0.filled(toAtLeast: 12)) \($0.1)" }
    }
}
