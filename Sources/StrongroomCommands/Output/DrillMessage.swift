import ArchiveBytes
import Strongroom
import StrongroomRecovery

/// How a drill went.
struct DrillMessage: Message {
    let report: DrillReport
    let path: String?

    var type: String { "drill" }

    var fields: JSONObject {
        [
            "result": .text(report.outcome.rawValue),
            "scenario": .text(report.scenario.rawValue),
            "report": .optional(path),
            "signed": .bool(report.isSigned),
            "archive_id": .optional(report.archive),
            "public_key": .optional(report.publicKey),
            "snapshot": .optional(report.source?.snapshot),
            "records": report.counts.map { .count($0.recordCount) } ?? .null,
            "bytes": report.counts.map { .count($0.recordByteCount) } ?? .null,
            "time_to_first_record_us": Self.microseconds(report.timeToFirstRecord),
            "time_to_verified_us": Self.microseconds(report.timeToVerified),
            "loss_window_us": Self.microseconds(report.lossWindow),
            "rto": Self.objective(report.recoveryTime),
            "rpo": Self.objective(report.recoveryPoint),
            "started": MomentText.json(report.started),
            "ended": MomentText.json(report.ended),
            "struck": MomentText.json(report.struck),
            "staged": .array(report.staged.map(JSONValue.text)),
            "checks": .array(
                report.checks.map { check in
                    [
                        "program": .text(check.program),
                        "status": check.status.map { .count($0) } ?? .null,
                        "duration_us": .integer(check.duration.microseconds),
                    ]
                }
            ),
            "reasons": .array(
                report.reasons.map { ["code": .text($0.code), "detail": .text($0.detail)] }
            ),
            "findings": .array(report.findings.map(JSONValue.text)),
            "notes": .array(report.notes.map(JSONValue.text)),
        ]
    }

    var lines: [String] {
        var rows: [(String, String)] = [
            ("Drill", verdict), ("Scenario", report.scenario.summary),
        ]
        rows += report.staged.map { ("Staged", $0) }
        if let source = report.source {
            rows.append(
                ("Snapshot", "\(source.snapshot) of \(MomentText.local(source.time))")
            )
        }
        if let counts = report.counts {
            rows.append(
                (
                    "Proved",
                    "\(CountText.text(counts.recordCount, "record version")), \(ByteText.text(counts.recordByteCount)); "
                        + "\(CountText.text(counts.commitCount, "commit")) in "
                        + CountText.text(counts.segmentCount, "segment")
                )
            )
        }
        if let first = report.timeToFirstRecord {
            rows.append(("First record", SpanText.text(first)))
        }
        if let verified = report.timeToVerified {
            rows.append(
                ("All verified", SpanText.text(verified) + Self.words(report.recoveryTime))
            )
        }
        if let loss = report.lossWindow {
            rows.append(("Loss window", SpanText.text(loss) + Self.words(report.recoveryPoint)))
        }
        rows += report.checks.map { check in
            let end = check.status.map { $0 == 0 ? "passed" : "status \($0)" } ?? "did not end"
            return ("Check", "\(check.program): \(end), \(SpanText.text(check.duration))")
        }
        rows += report.findings.map { ("Finding", VisibleText.text($0)) }
        rows += report.notes.map { ("Note", VisibleText.text($0)) }
        if let path {
            rows.append(("Report", path + (report.isSigned ? ", signed" : ", not signed")))
        }
        return rows.map { "\($0.0.filled(toAtLeast: 13)) \($0.1)" }
    }

    /// All of it in one line, for monitoring.
    var line: String {
        var words = ["drill \(report.outcome.rawValue)", report.scenario.rawValue]
        if let id = report.source?.snapshot { words.append("snapshot=\(id)") }
        if let counts = report.counts { words.append("records=\(counts.recordCount)") }
        for (name, measured, objective) in [
            ("rto", report.timeToVerified, report.recoveryTime),
            ("rpo", report.lossWindow, report.recoveryPoint),
        ] {
            guard let measured else { continue }
            words.append("\(name)=\(DecimalText.text(measured.seconds, digitCount: 2))s")
            if let isMet = objective?.isMet { words.append("\(name)_met=\(isMet ? "yes" : "no")") }
        }
        if let reason = report.reasons.first {
            words.append("reason: \(VisibleText.text(reason.detail))")
        }
        return words.joined(separator: " ")
    }

    private var verdict: String {
        switch report.outcome {
        case .passed: "passed: everything came back and is what was signed"
        case .failed: "FAILED"
        case .inconclusive: "inconclusive: it could not be tried to the end"
        }
    }

    private static func words(_ objective: DrillReport.Objective?) -> String {
        guard let objective, let isMet = objective.isMet else { return "" }
        return "; the objective of \(SpanText.text(objective.target)) is "
            + (isMet ? "met" : "MISSED")
    }

    private static func objective(_ objective: DrillReport.Objective?) -> JSONValue {
        guard let objective else { return .null }
        return [
            "target_us": .integer(objective.target.microseconds),
            "measured_us": microseconds(objective.measured),
            "met": objective.isMet.map(JSONValue.bool) ?? .null,
        ]
    }

    private static func microseconds(_ duration: Duration?) -> JSONValue {
        duration.map { .integer($0.microseconds) } ?? .null
    }
}

extension DrillReport.Scenario {
    /// What it is, for people.
    var summary: String {
        switch self {
        case .lostHost: "lost host: nothing is left but the vault and a key"
        case .lostIndex: "lost index: it is made anew from the log"
        case .damagedVault: "damaged vault: a segment comes from another vault"
        case .deletedSnapshot: "deleted snapshot: the one before comes back"
        case .ransomware: "ransomware: only what is older than the attack is trusted"
        }
    }
}

/// What the drills of a damaged vault noticed.
struct SelfTestMessage: Message {
    let test: DrillSelfTest

    var type: String { "self_test" }

    var fields: JSONObject {
        [
            "result": .text(test.outcome.rawValue),
            "control": .text(test.control.outcome.rawValue),
            "snapshot": .optional(test.control.source?.snapshot),
            "trials": .array(
                test.trials.map { trial in
                    [
                        "damage": .text(trial.damage),
                        "noticed": trial.outcome == nil ? .null : .bool(!trial.isMissed),
                        "result": .optional(trial.outcome?.rawValue),
                        "reason": .optional(trial.reason),
                    ]
                }
            ),
            "missed": .count(test.trials.count(where: \.isMissed)),
        ]
    }

    var lines: [String] {
        let control = "As it is".filled(toAtLeast: 19) + " \(test.control.outcome.rawValue)"
        let trials = test.trials.map { trial in
            let end =
                trial.outcome == nil
                ? "not possible in this vault"
                : trial.isMissed ? "MISSED" : "noticed: \(VisibleText.text(trial.reason ?? ""))"
            return trial.damage.filled(toAtLeast: 19) + " \(end)"
        }
        return [control] + trials + [sum + "."]
    }

    /// All of it in one line, for monitoring.
    var line: String { "self-test \(test.outcome.rawValue): \(sum)" }

    private var sum: String {
        let tried = test.trials.count { $0.outcome != nil }
        let missed = test.trials.count(where: \.isMissed)
        return "\(CountText.text(tried, "damage")) staged, \(missed) missed"
    }
}
