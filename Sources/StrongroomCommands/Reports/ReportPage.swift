import ArchiveBytes
import Strongroom
import StrongroomRecovery

/// A page for people: one file that loads nothing, for screens and for paper.
struct ReportPage {
    /// The drill that the page is about.
    let drill: DrillReport?
    /// All drills, oldest first, that one among them.
    let drills: [DrillReport]
    /// How the archive stands, if the page is about it.
    var status: (archive: ArchiveStatus, snapshots: [Snapshot])?
    /// How its vaults stand.
    var vaults: [VaultLook] = []
    /// When the page is made, in microseconds since 1970.
    let now: Int64

    /// A page about one drill.
    init(_ drill: DrillReport, after history: [DrillReport]) {
        self.drill = drill
        let earlier = history.filter { $0.bytes != drill.bytes }
        drills = (earlier + [drill]).sorted { $0.started < $1.started }
        now = drill.ended
    }

    /// A page about an archive and all its drills.
    init(_ status: ArchiveStatus, _ snapshots: [Snapshot], _ drills: [DrillReport], now: Int64) {
        self.status = (status, snapshots)
        self.drills = drills
        self.now = now
        drill = drills.last
    }

    /// The whole page.
    var html: String {
        let title = status == nil ? "Recovery drill" : "Archive and its recovery drills"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(title), \(MomentText.local(now).prefix(10))</title>
            <style>
            \(ReportStyle.text)</style>
            </head>
            <body>
            <main>
            \(([head(title)] + sections).filter { !$0.isEmpty }.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private var sections: [String] {
        var sections = [standing, vaultTable, growth]
        if let drill {
            sections += [
                tiles(drill), objectives(drill), exceptions(drill), timeline(drill),
                coverage(drill), trends, evidence(drill), signOff, past,
            ]
        } else {
            sections.append(
                HTMLText.section(
                    "Drills",
                    "<p>The archive keeps no drill yet. <code>strongroom drill --from VAULT "
                        + "--keep-in ARCHIVE</code> rehearses a recovery and keeps its report.</p>"
                )
            )
        }
        return sections
    }

    private func head(_ title: String) -> String {
        var lines = "<header><h1>\(title)</h1>"
        if let drill {
            let words = status == nil ? "" : "<span class=\"soft\">Last drill</span> "
            lines += """
                <div class="verdict">\(words)\(Self.verdict(drill.outcome))
                <span>\(HTMLText.escaped(drill.scenario.summary))</span></div>
                <p class="soft">\(MomentText.local(drill.started)) to \
                \(MomentText.local(drill.ended))</p>
                """
        }
        if let id = status?.archive.identity ?? drill?.archive {
            lines += "<p class=\"soft\">Archive \(HTMLText.code(id))</p>"
        }
        return lines + "</header>"
    }

    static func verdict(_ outcome: DrillReport.Outcome) -> String {
        switch outcome {
        case .passed: Badge.text("good", "✓", "passed")
        case .failed: Badge.text("bad", "✗", "failed")
        case .inconclusive: Badge.text("open", "?", "inconclusive")
        }
    }

    /// How the archive stands.
    private var standing: String {
        guard let (archive, snapshots) = status else { return "" }
        let last = snapshots.last
        let age = { (time: Int64) in SpanText.text(.microseconds(max(0, now - time))) }
        let behind = archive.lastSequence - min(last?.lastSequence ?? 0, archive.lastSequence)
        let rows: [(String, String)] = [
            (
                "Last commit",
                archive.lastCommit == 0
                    ? "none: the archive is empty"
                    : "#\(archive.lastCommit), \(age(archive.lastCommitTime)) ago; "
                        + "\(CountText.text(archive.lastSequence, "record version"))"
            ),
            (
                "Last snapshot",
                last.map { "\(HTMLText.code($0.id)), \(age($0.time)) ago" }
                    ?? Badge.text("bad", "✗", "none")
            ),
            ("Not in a snapshot", CountText.text(behind, "record version")),
            (
                "Stored",
                "\(ByteText.text(archive.segmentByteCount)) in "
                    + CountText.text(archive.segmentCount, "segment")
            ),
            ("Public key", HTMLText.code(archive.publicKey)),
        ]
        return HTMLText.section("The archive", HTMLText.facts(rows))
    }
}
