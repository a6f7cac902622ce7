import ArchiveBytes
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Strongroom

// The report as JSON: canonical by RFC 8785, integers only, durations in microseconds.
extension DrillReport {
    static let purpose = "drill"
    private static let format = "strongroom drill"

    /// Makes ``bytes``: signed where there is a keyring.
    mutating func seal(with keyring: Keyring?) throws(RecoveryError) {
        do {
            guard let keyring else {
                bytes = try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
                return
            }
            let signature = try keyring.sign(
                try SignedDocument.signedBytes(document, purpose: Self.purpose)
            )
            bytes = try SignedDocument.encode(document, signature: signature)
            isSigned = true
        } catch {
            throw RecoveryError.wrapping(error, in: "the drill report")
        }
    }

    /// Reads a report and checks that it is signed by the archive of that public key.
    ///
    /// - Throws: `integrity` if a byte was changed, it is not signed, or it is another archive's;
    ///   `invalid` unless the key is 64 hexadecimal digits.
    public static func verify(
        _ bytes: [UInt8],
        publicKey: String
    ) throws(RecoveryError) -> DrillReport {
        guard let key = Hex.decode(publicKey), key.count == Ed25519.publicKeyByteCount else {
            throw RecoveryError(.invalid, "a public key is 64 hexadecimal digits")
        }
        let document: JSONObject
        do {
            document = try SignedDocument.decode(bytes.span, purpose: purpose, publicKey: key)
        } catch {
            throw RecoveryError(error, in: "the drill report")
        }
        guard var report = DrillReport(document), report.publicKey == publicKey.lowercased() else {
            throw RecoveryError(.integrity, "the drill report lacks a field or has a wrong one")
        }
        report.bytes = bytes
        report.isSigned = true
        return report
    }

    /// Reads a report from a place that is proved by itself; one that was never signed too.
    static func read(_ bytes: [UInt8], publicKey: String) -> DrillReport? {
        if let report = try? verify(bytes, publicKey: publicKey) { return report }
        guard let document = try? JSONValue(parsing: bytes.span).asObject,
            document["signature"] == nil, var report = DrillReport(document)
        else { return nil }
        report.bytes = bytes
        return report
    }

    /// Where times were measured: what tells nothing of people or networks.
    private static var host: String {
        #if arch(x86_64)
        "linux x86_64"
        #elseif arch(arm64)
        "linux arm64"
        #else
        "linux"
        #endif
    }

    private var document: JSONObject {
        [
            "archive_id": .optional(archive),
            "checks": .array(checks.map(\.document)),
            "counts": counts.map { .object($0.document) } ?? .null,
            "ended": .time(ended),
            "findings": .array(findings.map(JSONValue.text)),
            "format": .text(Self.format),
            "format_version": 1,
            "host": .text(Self.host),
            "loss_window_us": .duration(lossWindow),
            "notes": .array(notes.map(JSONValue.text)),
            "objectives": [
                "loss_window": recoveryPoint?.document ?? .null,
                "time_to_verified": recoveryTime?.document ?? .null,
            ],
            "phases": .array(phases.map(\.document)),
            "public_key": .optional(publicKey),
            "reasons": .array(
                reasons.map { ["code": .text($0.code), "detail": .text($0.detail)] }
            ),
            "result": .text(outcome.rawValue),
            "scenario": .text(scenario.rawValue),
            "snapshot": source.map { .object($0.document) } ?? .null,
            "staged": .array(staged.map(JSONValue.text)),
            "started": .time(started),
            "struck": struck.map(JSONValue.time) ?? .null,
            "time_to_first_record_us": .duration(timeToFirstRecord),
            "time_to_verified_us": .duration(timeToVerified),
            "tool": .text(Engine.tool),
        ]
    }

    private init?(_ document: JSONObject) {
        guard document["format"]?.asText == Self.format,
            let scenario = document["scenario"]?.asText.flatMap(Scenario.init),
            let outcome = document["result"]?.asText.flatMap(Outcome.init),
            let started = document["started"]?.asTime, let ended = document["ended"]?.asTime,
            let findings = document["findings"]?.asTexts, let notes = document["notes"]?.asTexts,
            let reasons = document["reasons"]?.asArray
        else { return nil }
        self.init(scenario, started: started)
        self.outcome = outcome
        self.ended = ended
        self.findings = findings
        self.notes = notes
        self.reasons = reasons.compactMap { reason in
            guard let code = reason["code"]?.asText, let detail = reason["detail"]?.asText else {
                return nil
            }
            return Reason(code: code, detail: detail)
        }
        archive = document["archive_id"]?.asText
        publicKey = document["public_key"]?.asText
        source = document["snapshot"].flatMap(Source.init)
        counts = document["counts"].flatMap(VaultCounts.init)
        timeToFirstRecord = document["time_to_first_record_us"]?.asDuration
        timeToVerified = document["time_to_verified_us"]?.asDuration
        lossWindow = document["loss_window_us"]?.asDuration
        readEvidence(document)
    }
}

extension DrillReport.Source {
    fileprivate var document: JSONObject {
        [
            "bytes": .count(segmentByteCount), "id": .text(snapshot),
            "last_sequence": .count(lastSequence), "manifest_sha256": .text(manifestSHA256),
            "record_bytes": .count(recordByteCount), "records": .count(recordCount),
            "segments": .integer(Int64(segmentCount)), "time": .time(time),
            "tree_root": .text(treeRoot), "tree_size": .count(treeSize),
        ]
    }

    fileprivate init?(_ value: JSONValue) {
        guard let id = value["id"]?.asText, let time = value["time"]?.asTime,
            let lastSequence = value["last_sequence"]?.asCount,
            let recordCount = value["records"]?.asCount,
            let recordByteCount = value["record_bytes"]?.asCount,
            let segmentCount = value["segments"]?.asCount,
            let segmentByteCount = value["bytes"]?.asCount,
            let treeSize = value["tree_size"]?.asCount,
            let treeRoot = value["tree_root"]?.asText,
            let manifestSHA256 = value["manifest_sha256"]?.asText
        else { return nil }
        snapshot = id
        self.time = time
        self.lastSequence = lastSequence
        self.recordCount = recordCount
        self.recordByteCount = recordByteCount
        self.segmentCount = Int(clamping: segmentCount)
        self.segmentByteCount = segmentByteCount
        self.treeSize = treeSize
        self.treeRoot = treeRoot
        self.manifestSHA256 = manifestSHA256
    }
}

extension VaultCounts {
    fileprivate var document: JSONObject {
        [
            "bytes": .count(byteCount), "chunks": .count(chunkCount),
            "commits": .count(commitCount), "frames": .count(frameCount),
            "record_bytes": .count(recordByteCount), "records": .count(recordCount),
            "segments": .integer(Int64(segmentCount)),
            "snapshots": .integer(Int64(snapshotCount)),
        ]
    }

    fileprivate init?(_ value: JSONValue) {
        guard let bytes = value["bytes"]?.asCount, let chunks = value["chunks"]?.asCount,
            let commits = value["commits"]?.asCount, let frames = value["frames"]?.asCount,
            let recordBytes = value["record_bytes"]?.asCount,
            let records = value["records"]?.asCount, let segments = value["segments"]?.asCount,
            let snapshots = value["snapshots"]?.asCount
        else { return nil }
        self.init()
        byteCount = bytes
        chunkCount = chunks
        commitCount = commits
        frameCount = frames
        recordByteCount = recordBytes
        recordCount = records
        segmentCount = Int(clamping: segments)
        snapshotCount = Int(clamping: snapshots)
    }
}
