import ArchiveBytes
import StrongroomRecovery

/// A record version, or several, that a vault has lost.
struct LostMessage: Message {
    let lost: LostRecords

    var type: String { "lost" }

    var fields: JSONObject {
        [
            "first_sequence": .count(lost.sequences.lowerBound),
            "last_sequence": .count(lost.sequences.upperBound),
            "collection": .optional(lost.collection),
            "name": .optional(lost.name),
        ]
    }

    var lines: [String] {
        let (first, last) = (lost.sequences.lowerBound, lost.sequences.upperBound)
        if let collection = lost.collection, let name = lost.name {
            return ["lost: record \(first), " + VisibleText.text(collection + "/" + name)]
        }
        return [first == last ? "lost: record \(first)" : "lost: records \(first) to \(last)"]
    }
}

/// What of an archive came back as one of its own.
struct ExtractionMessage: Message {
    let result: ExtractionResult
    let target: String

    static func lostCount(_ result: ExtractionResult) -> Int {
        result.lost.reduce(0) { $0 + $1.sequences.count }
    }

    var type: String { "recovered_part" }

    var fields: JSONObject {
        [
            "path": .text(target),
            "archive_id": .text(result.archive),
            "public_key": .text(result.publicKey),
            "source_archive_id": .text(result.source),
            "snapshot": .text(result.snapshot),
            "records": .count(result.recordCount),
            "bytes": .count(result.recordByteCount),
            "lost_records": .count(Self.lostCount(result)),
            "findings": .count(result.findings.count),
            "elapsed_us": .integer(result.duration.microseconds),
        ]
    }

    var lines: [String] {
        [
            "Recovered \(CountText.text(Int(clamping: result.recordCount), "record version")) into "
                + "\(target), a new archive: \(ByteText.text(result.recordByteCount)) in "
                + "\(DurationText.text(seconds: result.duration.seconds)).",
            "Public key \(result.publicKey)",
        ]
    }
}
