import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Where a drill's report goes.
struct DrillReportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write the signed report here.", valueName: "file"))
    var report: String?
    @Option(
        help: ArgumentHelp(
            "Write a page for people here: one file, for screens and paper.",
            valueName: "file"
        )
    )
    var html: String?
    @Option(
        help: ArgumentHelp(
            "Keep the report in this archive, whose key must be the same: it is shipped with the next "
                + "snapshot.",
            valueName: "dir"
        )
    )
    var keepIn: String?
    @Option(
        help: ArgumentHelp(
            "Write figures for Prometheus's textfile collector, such as strongroom.prom.",
            valueName: "file"
        )
    )
    var prometheus: String?

    /// Whether anything is to be written of the drill.
    var isWanted: Bool { [report, html, keepIn, prometheus].contains { $0 != nil } }

    /// Writes what was asked for.
    func write(_ result: DrillReport) throws {
        if let report { try PosixFileSystem().replace(FilePath(report), with: result.bytes) }
        if let prometheus { try PrometheusText(result).write(to: prometheus) }
    }

    /// Keeps the report in the archive that was named, and answers with the earlier ones there; nil if
    /// none was.
    func keep(_ result: DrillReport, _ key: KeyOptions) async throws -> [DrillReport]? {
        guard let keepIn else { return nil }
        let archive = try await Archive.open(at: keepIn, unlocking: try key.key(for: keepIn))
        return try await ArchiveOptions.using(archive) { archive in
            let history = try await DrillHistory.read(archive)
            try await DrillHistory.keep(result, in: archive)
            return history
        }
    }

    /// Writes the page, if one was asked for.
    func writePage(_ result: DrillReport, after history: [DrillReport]) throws {
        guard let html else { return }
        let page = ReportPage(result, after: history).html
        try PosixFileSystem().replace(FilePath(html), with: Array(page.utf8))
    }
}

extension PrometheusText {
    /// A drill's figures.
    init(_ report: DrillReport) {
        self.init(
            labels: [
                ("archive", report.archive ?? ""), ("scenario", report.scenario.rawValue),
            ]
        )
        addDrill(report)
    }

    /// Adds a drill's figures.
    mutating func addDrill(_ report: DrillReport) {
        gauge(
            "drill_success",
            "Whether the last drill passed.",
            report.outcome == .passed ? 1 : 0
        )
        for outcome in DrillReport.Outcome.allCases {
            gauge(
                "drill_result",
                "The last drill's result.",
                report.outcome == outcome ? 1 : 0,
                [("result", outcome.rawValue)]
            )
        }
        gauge(
            "drill_end_timestamp_seconds",
            "When the last drill ended.",
            Double(report.ended) / 1e6
        )
        gauge(
            "drill_time_to_first_record_seconds",
            "From the start until a record had been read.",
            report.timeToFirstRecord?.seconds
        )
        gauge(
            "drill_time_to_verified_seconds",
            "From the start until everything was verified.",
            report.timeToVerified?.seconds
        )
        gauge(
            "drill_loss_window_seconds",
            "What would be lost, in time.",
            report.lossWindow?.seconds
        )
        for (name, objective) in [
            ("rto", report.recoveryTime), ("rpo", report.recoveryPoint),
        ] {
            gauge(
                "drill_objective_seconds",
                "What is wanted.",
                objective?.target.seconds,
                [("objective", name)]
            )
            gauge(
                "drill_objective_met",
                "Whether it was reached.",
                objective?.isMet.map { $0 ? 1 : 0 },
                [("objective", name)]
            )
        }
        gauge(
            "drill_records",
            "Record versions that were opened and proved.",
            report.counts.map { Double($0.recordCount) }
        )
        gauge(
            "drill_record_bytes",
            "Bytes of their bodies.",
            report.counts.map { Double($0.recordByteCount) }
        )
        gauge(
            "drill_findings",
            "What is missing or damaged.",
            Double(report.findings.count)
        )
    }
}
