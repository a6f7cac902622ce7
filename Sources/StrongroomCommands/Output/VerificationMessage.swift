import ArchiveBytes
import Strongroom
import StrongroomRecovery

/// What a verification proved and found.
struct VerificationMessage: Message {
    let place: String
    let isKeyless: Bool
    let findings: [any Message]
    private let notes: [String]
    private let counts: [(name: String, count: UInt64)]
    /// Fields that only a vault's has.
    private var ledger: JSONObject = [:]

    init(_ report: VerificationReport, place: String, isKeyless: Bool) {
        self.place = place
        self.isKeyless = isKeyless
        findings = report.findings.map { text in
            Note("finding", ["text": .text(text)], ["damaged: \(VisibleText.text(text))"])
        }
        notes = report.notes
        var counts = Self.counts(VaultCounts(report))
        counts.append(("documents", UInt64(report.documentCount)))
        if let count = report.indexEntryCount { counts.append(("index_entries", count)) }
        self.counts = counts
    }

    /// Whether lengths were compared and nothing was hashed.
    private var onlyHeads = false

    init(_ report: VaultReport, place: String, isKeyless: Bool, onlyHeads: Bool = false) {
        self.place = place
        self.onlyHeads = onlyHeads
        self.isKeyless = isKeyless
        findings = report.findings.map(VaultFindingMessage.init)
        notes = report.notes
        counts = Self.counts(report.contents)
        ledger = [
            "recorded_by": .optional(report.verifier),
            "due_segments": .count(report.dueSegmentCount),
        ]
    }

    private static func counts(_ report: VaultCounts) -> [(name: String, count: UInt64)] {
        [
            ("snapshots", UInt64(report.snapshotCount)), ("segments", UInt64(report.segmentCount)),
            ("commits", report.commitCount), ("frames", report.frameCount),
            ("bytes", report.byteCount), ("records", report.recordCount),
            ("record_bytes", report.recordByteCount), ("chunks", report.chunkCount),
        ]
    }

    /// One of what a count is of; each version of a record counts.
    private static func thing(_ name: String) -> String {
        name == "records" ? "record version" : String(name.dropLast())
    }

    var type: String { "summary" }

    var fields: JSONObject {
        var fields: JSONObject = [
            "path": .text(place), "keyless": .bool(isKeyless), "sound": .bool(findings.isEmpty),
            "findings": .count(findings.count),
        ]
        for (name, count) in counts { fields[name] = .count(count) }
        for member in ledger.members { fields[member.key] = member.value }
        if onlyHeads { fields["heads"] = .bool(true) }
        fields["notes"] = .array(notes.map(JSONValue.text))
        return fields
    }

    var lines: [String] {
        let byteCount = counts.first { $0.name == "bytes" }?.count ?? 0
        let rest = counts.filter { !$0.name.contains("_") && $0.name != "bytes" && $0.count > 0 }
        let list = rest.map { CountText.text($0.count, Self.thing($0.name)) }.joined(
            separator: ", "
        )
        let way =
            onlyHeads
            ? "have the signed lengths, and none was read"
            : "proved " + (isKeyless ? "without a key" : "with the key")
        let verdict =
            findings.isEmpty
            ? "is sound" : "is damaged in \(CountText.text(findings.count, "place"))"
        return notes.map { "note: \(VisibleText.text($0))" } + [
            "\(place) \(verdict): \(ByteText.text(byteCount)) of segments \(way); \(list)."
        ]
    }
}
