import ArchiveBytes
import Strongroom
import StrongroomRecovery

// One drill: what was wanted and measured, what was wrong, what was done, what it covered.
extension ReportPage {
    func tiles(_ drill: DrillReport) -> String {
        func tile(_ name: String, _ value: String, _ more: String) -> String {
            "<div><span class=\"name\">\(name)</span><b>\(value)</b>"
                + "<span class=\"more\">\(more)</span></div>"
        }
        func aim(_ objective: DrillReport.Objective?) -> String {
            guard let objective else { return "no objective" }
            return "of \(SpanText.text(objective.target)) " + Badge.met(objective.isMet)
        }
        let spoken = { (duration: Duration?) in duration.map(SpanText.text) ?? "—" }
        let records = drill.counts.map { String($0.recordCount) } ?? "—"
        let bytes = drill.counts.map { ByteText.text($0.recordByteCount) + " of bodies" } ?? ""
        return "<div class=\"tiles\">"
            + tile("Recovery time", spoken(drill.timeToVerified), aim(drill.recoveryTime))
            + tile("Loss window", spoken(drill.lossWindow), aim(drill.recoveryPoint))
            + tile("First record", spoken(drill.timeToFirstRecord), Self.placeOfFirst(drill))
            + tile("Records proved", records, bytes) + "</div>"
    }

    /// Where the first record was read: in the vault, or in what came back if none opened there.
    private static func placeOfFirst(_ drill: DrillReport) -> String {
        guard let first = drill.timeToFirstRecord,
            let step = drill.phases.first(where: { $0.name == "first record" }),
            first <= step.end
        else { return "after the start" }
        return "read in the vault"
    }

    func objectives(_ drill: DrillReport) -> String {
        let rows = [
            ("Recovery time (RTO)", drill.recoveryTime, drill.timeToVerified),
            ("Loss window (RPO)", drill.recoveryPoint, drill.lossWindow),
        ].map { name, objective, measured in
            [
                name, objective.map { SpanText.text($0.target) } ?? "none set",
                measured.map(SpanText.text) ?? "—",
                objective.map { Badge.met($0.isMet) } ?? "",
            ]
        }
        return HTMLText.section(
            "Objectives",
            HTMLText.table(
                ["Objective", "Wanted", "Measured", ""],
                rows,
                isNumeric: [1, 2],
                stacks: true
            )
        )
    }

    func exceptions(_ drill: DrillReport) -> String {
        var body = ""
        if drill.reasons.isEmpty {
            body += "<p>\(Badge.text("good", "✓", "none")) Everything came back and is what was "
            body += "signed.</p>"
        } else {
            body += HTMLText.table(
                ["Kind", "What was found"],
                drill.reasons.map { [HTMLText.escaped($0.code), HTMLText.escaped($0.detail)] }
            )
        }
        let others = drill.findings.filter { finding in
            !drill.reasons.contains { $0.detail == finding }
        }
        if !others.isEmpty { body += "<h3>More findings</h3>" + HTMLText.list(others) }
        if !drill.notes.isEmpty { body += "<h3>Worth knowing</h3>" + HTMLText.list(drill.notes) }
        return HTMLText.section("Exceptions", body)
    }

    func timeline(_ drill: DrillReport) -> String {
        guard let end = drill.phases.last?.end, end > .zero else { return "" }
        let rows = drill.phases.map { phase in
            let left = 100 * phase.start.seconds / end.seconds
            let width = 100 * (phase.end - phase.start).seconds / end.seconds
            let style =
                "left:min(\(DecimalText.text(left, digitCount: 2))%,100% - 3px);"
                + "width:\(DecimalText.text(width, digitCount: 2))%"
            return "<span>\(HTMLText.escaped(phase.name))</span>"
                + "<span class=\"track\"><i style=\"\(style)\"></i></span>"
                + "<span class=\"number\">\(SpanText.text(phase.end - phase.start))</span>"
        }
        var body = "<div class=\"steps\">\(rows.joined(separator: "\n"))</div>"
        if !drill.staged.isEmpty {
            body +=
                "<h3>Staged for the rehearsal, the vault untouched</h3>"
                + HTMLText.list(drill.staged)
        }
        if !drill.checks.isEmpty {
            body +=
                "<h3>Checks of your own</h3>"
                + HTMLText.table(
                    ["Program", "Time", ""],
                    drill.checks.map { check in
                        let badge =
                            check.status == 0
                            ? Badge.text("good", "✓", "passed")
                            : check.status.map { Badge.text("bad", "✗", "status \($0)") }
                                ?? Badge.text("open", "?", "no result")
                        return [
                            HTMLText.escaped(check.program), SpanText.text(check.duration), badge,
                        ]
                    },
                    isNumeric: [1]
                )
        }
        return HTMLText.section("Timeline", body)
    }

    func coverage(_ drill: DrillReport) -> String {
        guard let source = drill.source else { return "" }
        let counts = drill.counts ?? VaultCounts()
        let rows: [(String, UInt64, UInt64, (UInt64) -> String)] = [
            ("Record versions", counts.recordCount, source.recordCount, { String($0) }),
            ("Bytes of bodies", counts.recordByteCount, source.recordByteCount, ByteText.text),
            ("Commits", counts.commitCount, source.treeSize, { String($0) }),
            ("Segments", UInt64(counts.segmentCount), UInt64(source.segmentCount), { String($0) }),
            ("Bytes of segments", counts.byteCount, source.segmentByteCount, ByteText.text),
        ]
        let table = HTMLText.table(
            ["", "Proved", "Signed", "Coverage"],
            rows.map { name, proved, signed, text in
                let share = signed == 0 ? 100 : 100 * Double(proved) / Double(signed)
                let style = proved < signed ? "meter part" : "meter"
                return [
                    name, text(proved), text(signed),
                    "<span class=\"line\"><span class=\"\(style)\"><i style=\"width:"
                        + "\(DecimalText.text(min(100, share), digitCount: 1))%\"></i></span> "
                        + "\(Self.percentage(share))</span>",
                ]
            },
            isNumeric: [1, 2]
        )
        let note =
            drill.scenario == .ransomware
            ? "<p class=\"soft\">Signed is what the snapshot holds; what is younger than the attack "
                + "was left out on purpose.</p>" : ""
        return HTMLText.section("Coverage", table + note)
    }

    /// A share that is not whole never looks it.
    private static func percentage(_ share: Double) -> String {
        guard share > 0, share < 100 else { return share > 0 ? "100 %" : "0 %" }
        return DecimalText.text(min(share, 99.99), digitCount: 2) + " %"
    }

    func evidence(_ drill: DrillReport) -> String {
        var facts: [(String, String)] = []
        if let source = drill.source {
            facts += [
                (
                    "Snapshot",
                    "\(HTMLText.code(source.snapshot)) of \(MomentText.local(source.time))"
                ),
                ("Manifest SHA-256", HTMLText.code(source.manifestSHA256)),
                ("Tree root", HTMLText.code(source.treeRoot)),
            ]
        }
        facts += [
            ("Disaster struck", drill.struck.map(MomentText.local) ?? "—"),
            ("Public key", drill.publicKey.map(HTMLText.code) ?? "unknown: no keyring was opened"),
            ("Report SHA-256", HTMLText.code(drill.digest)),
            ("Signed", drill.isSigned ? "by the archive's own key" : "no"),
        ]
        var body = HTMLText.facts(facts)
        if drill.isSigned {
            body += """
                <p class="soft">This page is for reading. The proof is the JSON report with that \
                SHA-256: <code>strongroom report verify FILE <span class="line">--public-key</span> KEY</code>, with the public \
                key from a source of your own.</p>
                """
        }
        return HTMLText.section("Evidence", body)
    }

    /// Where people sign that they have seen it.
    var signOff: String {
        let lines = ["Carried out by", "Reviewed by", "Approved by"].map { role in
            [role, "Signature", "Date"].map { "<div><i></i><p>\($0)</p></div>" }.joined()
        }
        return HTMLText.section(
            "Sign-off",
            """
            <p class="soft">Evidence of a tested contingency plan, 45 CFR 164.308(a)(7)(ii)(D). Keep \
            it for six years, 45 CFR 164.316(b)(2)(i).</p>
            <div class="sign">\(lines.joined(separator: "\n"))</div>
            """
        )
    }
}
