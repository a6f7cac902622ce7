import Strongroom
import StrongroomRecovery

// The archive's vaults, and how it grew.
extension ReportPage {
    var vaultTable: String {
        guard !vaults.isEmpty else { return "" }
        let cards = vaults.map { vault in
            "<div class=\"whole\"><h3>\(HTMLText.escaped(vault.name)) \(Self.badge(vault))</h3>"
                + HTMLText.facts(facts(vault)) + history(vault) + "</div>"
        }
        return HTMLText.section("Vaults", cards.joined(separator: "\n"), isLong: true)
    }

    private static func badge(_ vault: VaultLook) -> String {
        guard case .success(let standing) = vault.standing else {
            return Badge.text("bad", "✗", "not reached")
        }
        if vault.agrees == false { return Badge.text("bad", "✗", "contradicts the archive") }
        if !standing.findings.isEmpty || vault.coverage?.damaged.isEmpty == false {
            return Badge.text("bad", "✗", "damaged")
        }
        if standing.newestSnapshot == nil { return Badge.text("open", "?", "empty") }
        return Badge.text("good", "✓", "as shipped")
    }

    private func facts(_ vault: VaultLook) -> [(String, String)] {
        switch vault.standing {
        case .failure(let failure): return [("Found", HTMLText.escaped(failure.message))]
        case .success(let standing):
            let age = { (time: Int64) in SpanText.text(.microseconds(max(0, now - time))) }
            let last = status?.archive.lastSequence ?? 0
            let behind = last - min(standing.lastSequence ?? 0, last)
            var facts: [(String, String)] = [
                (
                    "Newest snapshot",
                    standing.newestSnapshot.map { id in
                        HTMLText.code(id) + (standing.time.map { ", \(age($0)) old" } ?? "")
                    } ?? "none"
                )
            ]
            if let arrival = standing.arrival { facts.append(("Last ship", "\(age(arrival)) ago")) }
            facts.append(("Lacks", CountText.text(behind, "record version")))
            if let coverage = vault.coverage, let text = vault.coverageText(now: now) {
                facts.append(("Verified", Self.meter(coverage) + HTMLText.escaped(text)))
            }
            if let text = vault.lockText(now: now) {
                facts.append(("Locks", HTMLText.escaped(text)))
            }
            if let text = vault.witnessText {
                facts.append(("Witness", HTMLText.escaped(text)))
            }
            facts += standing.findings.map { ("Found", HTMLText.escaped($0.description)) }
            return facts
        }
    }

    /// How the vault was shipped to and verified, if there is more than one dot of either.
    private func history(_ vault: VaultLook) -> String {
        guard let history = vault.history else { return "" }
        var plots: [String] = []
        if history.arrivals.count > 1 {
            let limit = drill?.recoveryPoint?.target
            plots.append(
                TrendPlot(
                    title: "Loss window before each ship",
                    points: history.arrivals.map { arrival in
                        TrendPlot.Point(
                            time: arrival.time,
                            value: arrival.lossWindow.seconds,
                            isMissed: limit.map { arrival.lossWindow > $0 } ?? false
                        )
                    },
                    limit: limit?.seconds,
                    limitText: limit.map { "objective \(SpanText.text($0))" },
                    unit: "ship",
                    label: { SpanText.text(.milliseconds(Int64($0 * 1000))) }
                ).html
            )
        }
        if history.coverage.count > 1 {
            plots.append(
                TrendPlot(
                    title: "Verified in 30 days",
                    points: history.coverage.map { coverage in
                        TrendPlot.Point(
                            time: coverage.time,
                            value: 100 * coverage.fraction,
                            isMissed: coverage.foundDamage
                        )
                    },
                    limit: nil,
                    limitText: nil,
                    top: 100,
                    unit: "verification",
                    label: { DecimalText.text($0, digitCount: 0) + " %" }
                ).html
            )
        }
        guard !plots.isEmpty else { return "" }
        return "<div class=\"plots pair small\">\(plots.joined(separator: "\n"))</div>"
    }

    /// What was not looked at yet is no alarm; what is damaged is one.
    private static func meter(_ coverage: VaultCoverage) -> String {
        let fraction = coverage.fraction
        let share = DecimalText.text(100 * min(1, max(0, fraction)), digitCount: 1)
        let style =
            coverage.damaged.isEmpty ? (fraction < 1 ? "meter some" : "meter") : "meter part"
        return "<span class=\"\(style)\"><i style=\"width:\(share)%\"></i></span> "
    }

    /// Record versions and stored bytes from snapshot to snapshot.
    var growth: String {
        guard let snapshots = status?.snapshots, snapshots.count > 1 else { return "" }
        // More dots than this are one thick line; the last is always among them.
        let step = (snapshots.count + Self.dotLimit - 1) / Self.dotLimit
        let last = snapshots.count - 1
        let shown = snapshots.enumerated().filter { (last - $0.offset).isMultiple(of: step) }
            .map(\.element)
        func plot(
            _ title: String,
            _ base: Double,
            _ value: (Snapshot) -> Double,
            _ label: @escaping (Double) -> String
        ) -> String {
            let points = shown.map { snapshot in
                TrendPlot.Point(time: snapshot.time, value: value(snapshot), isMissed: false)
            }
            let most = points.map(\.value).max() ?? 0
            return TrendPlot(
                title: title,
                points: points,
                limit: nil,
                limitText: nil,
                top: Self.top(most, base),
                unit: "snapshot",
                label: label
            ).html
        }
        let plots =
            plot("Record versions", 10, { Double($0.recordCount) }, { String(Int64($0)) })
            + plot("Stored", 1024, { Double($0.storedByteCount) }, { ByteText.text(UInt64($0)) })
        return HTMLText.section(
            "Growth",
            "<div class=\"plots pair\">\(plots)</div>"
                + "<p class=\"key\">\(CountText.text(snapshots.count, "snapshot")) in the archive.</p>"
        )
    }

    private static let dotLimit = 100

    /// The smallest round number that is no smaller: one of few steps of a power of a base.
    private static func top(_ most: Double, _ base: Double) -> Double {
        var scale = 1.0
        while scale * base <= most { scale *= base }
        let steps: [Double] = base == 10 ? [1, 2, 5] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
        return (steps + [base]).map { $0 * scale }.first { $0 >= most } ?? scale * base
    }
}
