import ArchiveBytes
import Strongroom
import StrongroomRecovery

/// How an archive stands, its vaults, and its last drill.
struct StatusMessage: Message {
    let path: String
    let status: ArchiveStatus
    let snapshots: [Snapshot]
    var drills: [DrillReport] = []
    var vaults: [VaultLook] = []
    /// What was held against a checkpoint that was kept apart.
    var witnesses: [WitnessLook] = []
    /// When it was looked at, in microseconds since 1970.
    var now: Int64 = 0

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
            "remote_segments": .count(status.remoteSegmentCount),
            "remote_bytes": .count(status.remoteSegmentByteCount),
            "index_bytes": .count(status.indexByteCount),
            "quarantined_files": .count(status.quarantineCount),
            "snapshots": .count(snapshots.count),
            "last_snapshot": .optional(snapshots.last?.id),
            "last_snapshot_time": MomentText.json(snapshots.last?.time),
            "drills": .count(drills.count),
            "last_drill": drills.last.map {
                .object(DrillMessage(report: $0, path: nil).fields)
            } ?? .null,
            "vaults": .array(vaults.map { .object(fields(of: $0)) }),
            "witness": .array(witnesses.map(\.json)),
        ]
    }

    var lines: [String] {
        let witnessed = witnesses.map { ("Witness", VisibleText.text($0.text)) }
        return (archiveRows + vaults.flatMap(rows) + witnessed + drillRows).map {
            "\($0.0.filled(toAtLeast: 12)) \($0.1)"
        }
    }

    private var archiveRows: [(String, String)] {
        var rows = [
            ("Archive", "\(status.identity) in \(path)"), ("Public key", status.publicKey),
            ("Made", MomentText.local(status.created)),
        ]
        if status.lastCommit > 0 {
            rows.append(
                (
                    "Last commit",
                    "#\(status.lastCommit) at \(MomentText.local(status.lastCommitTime)), "
                        + "\(CountText.text(status.lastSequence, "record version"))"
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
        if status.remoteSegmentCount > 0 {
            rows.append(
                (
                    "",
                    "\(status.remoteSegmentCount) of them, "
                        + "\(ByteText.text(status.remoteSegmentByteCount)), are not here but in a vault"
                )
            )
        }
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
        return rows
    }

    // MARK: Vaults

    /// How old the newest snapshot in a vault is, and how many record versions it lacks.
    func distance(_ standing: VaultStanding) -> (age: Duration, behind: UInt64)? {
        guard let time = standing.time, let last = standing.lastSequence else { return nil }
        return (
            .microseconds(max(0, now - time)), status.lastSequence - min(last, status.lastSequence)
        )
    }

    private func fields(of vault: VaultLook) -> JSONObject {
        guard case .success(let standing) = vault.standing else {
            guard case .failure(let failure) = vault.standing else { return [:] }
            return [
                "vault": .text(vault.name), "error": .text(failure.code),
                "message": .text(failure.message),
            ]
        }
        let distance = distance(standing)
        var fields: JSONObject = [
            "vault": .text(vault.name),
            "snapshots": .count(standing.snapshotCount),
            "last_snapshot": .optional(standing.newestSnapshot),
            "last_snapshot_time": MomentText.json(standing.time),
            "age_us": distance.map { .integer($0.age.microseconds) } ?? .null,
            "missing_record_versions": distance.map { .count($0.behind) } ?? .null,
            "findings": .array(standing.findings.map { .text($0.description) }),
            "last_ship_time": MomentText.json(standing.arrival),
            "abandoned_uploads": standing.abandonedUploadCount.map { .count($0) } ?? .null,
        ]
        for member in vault.moreFields.members { fields[member.key] = member.value }
        return fields
    }

    private func rows(_ vault: VaultLook) -> [(String, String)] {
        switch vault.standing {
        case .failure(let failure): return [("Vault", "\(vault.name): \(failure.message)")]
        case .success(let standing):
            guard let (age, behind) = distance(standing), let id = standing.newestSnapshot else {
                return [("Vault", "\(vault.name): it has no snapshot yet")]
            }
            let lacks =
                behind == 0
                ? "it lacks nothing" : "it lacks \(CountText.text(behind, "record version"))"
            let findings = standing.findings.map { ("", VisibleText.text($0.description)) }
            let left = standing.abandonedUploadCount ?? 0
            let uploads =
                left == 0 ? nil : "\(left) uploads were left behind, which the next ship ends"
            let shipped = standing.arrival.map { arrival in
                "shipped \(SpanText.text(.microseconds(max(0, now - arrival)))) ago"
            }
            let more = [
                shipped, uploads, vault.coverageText(now: now), vault.lockText(now: now),
                vault.witnessText,
            ].compactMap(\.self)
            return [("Vault", "\(vault.name): \(id), \(SpanText.text(age)) old; \(lacks)")]
                + more.map { ("", VisibleText.text($0)) } + findings
        }
    }

    // MARK: Drills

    private var drillRows: [(String, String)] {
        guard let drill = drills.last else { return [("Last drill", "none is kept here")] }
        let age = SpanText.text(.microseconds(max(0, now - drill.ended)))
        let figures = [
            ("RTO", drill.timeToVerified, drill.recoveryTime),
            ("RPO", drill.lossWindow, drill.recoveryPoint),
        ].compactMap { name, measured, objective in
            measured.map { measured in
                let met = objective?.isMet.map { $0 ? ", met" : ", MISSED" } ?? ""
                let target = objective.map { " of \(SpanText.text($0.target))" } ?? ""
                return "\(name) \(SpanText.text(measured))\(target)\(met)"
            }
        }
        return [
            (
                "Last drill",
                (["\(drill.scenario.rawValue) \(drill.outcome.rawValue), \(age) ago"] + figures)
                    .joined(separator: "; ")
            )
        ] + drill.reasons.map { ("", VisibleText.text($0.detail)) }
    }
}

extension PrometheusText {
    /// An archive's figures, its vaults', and its last drill's.
    init(_ message: StatusMessage) {
        self.init(labels: [("archive", message.status.identity)])
        let status = message.status
        gauge(
            "last_commit_timestamp_seconds",
            "When the last commit was made.",
            status.lastCommit > 0 ? Double(status.lastCommitTime) / 1e6 : nil
        )
        gauge("record_versions", "Record versions.", Double(status.lastSequence))
        gauge("stored_bytes", "Bytes of all segments.", Double(status.segmentByteCount))
        gauge("quarantined_files", "Files in quarantine.", Double(status.quarantineCount))
        gauge("snapshots", "Snapshots.", Double(message.snapshots.count))
        gauge(
            "last_snapshot_timestamp_seconds",
            "When the last snapshot was made.",
            message.snapshots.last.map { Double($0.time) / 1e6 }
        )
        for vault in message.vaults {
            let standing = try? vault.standing.get()
            let label = [("vault", vault.name)]
            gauge("vault_reachable", "Whether it answers.", standing == nil ? 0 : 1, label)
            gauge(
                "vault_last_snapshot_timestamp_seconds",
                "When the newest snapshot in the vault was made.",
                standing?.time.map { Double($0) / 1e6 },
                label
            )
            gauge(
                "vault_missing_record_versions",
                "Record versions that the vault lacks.",
                standing.flatMap(message.distance).map { Double($0.behind) },
                label
            )
            gauge(
                "vault_findings",
                "What is missing or damaged, as far as lengths tell.",
                standing.map { Double($0.findings.count) },
                label
            )
            gauge(
                "vault_last_ship_timestamp_seconds",
                "When the newest snapshot came to the vault.",
                standing?.arrival.map { Double($0) / 1e6 },
                label
            )
            add(vault, label)
        }
        for witness in message.witnesses {
            gauge(
                "witnessed",
                "Whether it goes on from the checkpoint that was kept apart.",
                witness.goesOn.map { $0 ? 1 : 0 },
                [("place", witness.place)]
            )
        }
        if let drill = message.drills.last { addDrill(drill) }
    }

    private mutating func add(_ vault: VaultLook, _ label: [(String, String)]) {
        gauge(
            "vault_verified_ratio",
            "The part of the bytes that was verified in the last 30 days.",
            vault.coverage?.fraction,
            label
        )
        gauge(
            "vault_last_verify_timestamp_seconds",
            "When something of the vault was verified last.",
            vault.coverage?.newestCheck.map { Double($0) / 1e6 },
            label
        )
        gauge(
            "vault_damaged_objects",
            "Objects that the last verification found damaged.",
            vault.coverage.map { Double($0.damaged.count) },
            label
        )
        gauge(
            "vault_unprotected_bytes",
            "Bytes that snapshots need and no lock protects.",
            vault.locks.map { Double($0.unprotectedByteCount) },
            label
        )
        gauge(
            "vault_first_lock_end_timestamp_seconds",
            "When the first of the locks ends.",
            vault.locks?.firstEnd.map { Double($0) / 1e6 },
            label
        )
        gauge(
            "vault_archive_goes_on",
            "Whether the archive goes on from what the vault has seen of it.",
            vault.agrees.map { $0 ? 1 : 0 },
            label
        )
    }
}
