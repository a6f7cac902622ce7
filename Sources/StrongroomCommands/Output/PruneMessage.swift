import ArchiveBytes
import StrongroomRecovery

/// What a prune would do, or has done, and why.
struct PruneMessage: Message {
    let plan: PrunePlan
    /// Nil if it was a plan only.
    let result: PruneResult?
    let vault: String
    /// Whether the snapshots are left out of the text, for those who want to hear little.
    var isBrief = false

    var type: String { "prune" }

    var fields: JSONObject {
        [
            "vault": .text(vault),
            "archive_id": .text(plan.archive),
            "confirmed": .bool(result != nil),
            "rules": .text(plan.rules.description),
            "grace_us": .integer(plan.grace.microseconds),
            "snapshots": .array(plan.entries.map(Self.entry)),
            "condemned_segments": .count(plan.condemnedSegmentCount),
            "waiting_segments": .count(plan.waitingSegmentCount),
            "due_segments": .count(plan.dueSegmentCount),
            "due_bytes": .count(plan.dueByteCount),
            "condemned": .array((result?.condemned ?? []).map(JSONValue.text)),
            "removed": .array((result?.removed ?? []).map(JSONValue.text)),
            "removed_segments": .count(result?.removedSegmentCount ?? 0),
            "removed_bytes": .count(result?.removedByteCount ?? 0),
            "notes": .array((plan.notes + (result?.notes ?? [])).map(JSONValue.text)),
        ]
    }

    private static func entry(_ entry: PrunePlan.Entry) -> JSONValue {
        let (word, time): (String, Int64?) =
            switch entry.fate {
            case .stays: ("stays", nil)
            case .isCondemned: ("is_condemned", nil)
            case .waits(let time): ("waits", time)
            case .goes: ("goes", nil)
            case .isLocked(let time): ("is_locked", time)
            }
        return [
            "id": .text(entry.snapshot),
            "time": MomentText.json(entry.time),
            "last_sequence": .count(entry.lastSequence),
            "fate": .text(word),
            "until": MomentText.json(time),
            "reasons": .array(entry.reasons.map(JSONValue.text)),
        ]
    }

    var lines: [String] {
        var lines = (isBrief ? [] : plan.entries).map { entry in
            MomentText.local(entry.time).prefix(16) + "  \(entry.snapshot)  "
                + VisibleText.text(Self.text(entry))
        }
        lines += (plan.notes + (result?.notes ?? [])).map { "Note: " + VisibleText.text($0) }
        let kept = CountText.text(plan.count { $0 == .stays }, "snapshot")
        if let result {
            lines.append(
                "\(kept) kept in \(vault); \(result.condemned.count) condemned; "
                    + "\(result.removed.count) removed, with "
                    + CountText.text(result.removedSegmentCount, "segment") + " of "
                    + ByteText.text(result.removedByteCount) + "."
            )
        } else {
            let condemned = plan.count { $0 == .isCondemned }
            let going = plan.count { $0 == .goes }
            lines.append(
                "\(kept) would be kept in \(vault), \(condemned) condemned, \(going) removed, "
                    + "with \(CountText.text(plan.dueSegmentCount, "segment")) of "
                    + "\(ByteText.text(plan.dueByteCount)). Nothing was changed: --confirm does it."
            )
        }
        return lines
    }

    private static func text(_ entry: PrunePlan.Entry) -> String {
        switch entry.fate {
        case .stays: "stays      " + entry.reasons.joined(separator: "; ")
        case .isCondemned: "condemned  no rule keeps it"
        case .waits(let time): "waits      goes after \(MomentText.local(time))"
        case .goes: "goes       no rule keeps it, and its grace is over"
        case .isLocked(let time): "locked     until \(MomentText.local(time))"
        }
    }
}
