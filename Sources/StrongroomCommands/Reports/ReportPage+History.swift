import Strongroom
import StrongroomRecovery

// All drills: how the figures went over time.
extension ReportPage {
    /// The newest so many are listed; the plots have all.
    private static let listLimit = 24

    /// The scenario whose drills are compared: only the same is comparable.
    private var scenario: DrillReport.Scenario { drill?.scenario ?? .lostHost }

    var trends: String {
        let same = drills.filter { $0.scenario == scenario }
        func points(_ measured: (DrillReport) -> Double?) -> [TrendPlot.Point] {
            same.compactMap { report in
                measured(report).map { value in
                    TrendPlot.Point(
                        time: report.started,
                        value: value,
                        isMissed: report.outcome != .passed
                    )
                }
            }
        }
        func plot(
            _ title: String,
            _ objective: DrillReport.Objective?,
            _ measured: (DrillReport) -> Duration?
        ) -> TrendPlot {
            TrendPlot(
                title: title,
                points: points { measured($0)?.seconds },
                limit: objective?.target.seconds,
                limitText: objective.map { "objective \(SpanText.text($0.target))" },
                label: { SpanText.text(.milliseconds(Int64($0 * 1000))) }
            )
        }
        let share = TrendPlot(
            title: "Coverage",
            points: points(\.coverage),
            limit: nil,
            limitText: nil,
            top: 100,
            label: { DecimalText.text($0, digitCount: 0) + " %" }
        )
        let plots = [
            plot("Recovery time", drill?.recoveryTime, \.timeToVerified),
            plot("Loss window", drill?.recoveryPoint, \.lossWindow), share,
        ].map(\.html)
        let count = same.count
        let words =
            count < 2
            ? "No earlier drill of this scenario is known; drills kept with --keep-in make a trend."
            : "\(CountText.text(count, "drill")) of \(scenario.rawValue); "
                + "red dots did not pass."
        return HTMLText.section(
            "Trend",
            "<div class=\"plots\">\(plots.joined(separator: "\n"))</div>"
                + "<p class=\"key\">\(words)</p>"
        )
    }

    var past: String {
        guard drills.count > 1 else { return "" }
        let rows = drills.suffix(Self.listLimit).reversed().map { report in
            [
                "<span class=\"line\">\(MomentText.local(report.started).prefix(16))</span>",
                "<span class=\"line\">\(report.scenario.rawValue)</span>",
                Self.verdict(report.outcome),
                report.timeToVerified.map(SpanText.text) ?? "—",
                report.lossWindow.map(SpanText.text) ?? "—",
                report.counts.map { String($0.recordCount) } ?? "—",
            ]
        }
        let rest = drills.count - rows.count
        return HTMLText.section(
            "All drills",
            HTMLText.table(
                ["Began", "Scenario", "Result", "RTO", "RPO", "Records"],
                rows,
                isNumeric: [3, 4, 5]
            ) + (rest > 0 ? "<p class=\"key\">and \(rest) older ones</p>" : ""),
            isLong: true
        )
    }
}

extension DrillReport {
    /// How much of the signed records was proved, in percent; nil if nothing was to be.
    var coverage: Double? {
        guard let source else { return nil }
        guard source.recordCount > 0 else { return counts == nil ? 0 : 100 }
        return min(100, 100 * Double(counts?.recordCount ?? 0) / Double(source.recordCount))
    }
}
