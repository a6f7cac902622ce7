import ArchiveBytes
import Strongroom
import StrongroomHealth

/// A record version as commands show it.
struct RecordMessage: Message {
    let record: Record
    /// A line of a record's history says what became of it.
    var isHistory = false

    /// The entries of a Bundle that were asked for.
    private var entries: [FoundEntry] = []

    init(_ found: FoundRecord) {
        record = found.record
        entries = found.entries
    }

    init(_ record: Record, isHistory: Bool = false) {
        self.record = record
        self.isHistory = isHistory
    }

    var type: String { "record" }

    var fields: JSONObject {
        var fields: JSONObject = [
            "name": .text(record.name),
            "collection": .text(record.collection),
            "sequence": .count(record.sequence),
            "size": .count(record.byteCount),
            "sha256": .text(record.sha256),
            "media_type": .optional(record.mediaType),
            "subject": .optional(record.subject),
            "types": .array(types.map(JSONValue.text)),
            "event": MomentText.json(record.eventStart),
            "recorded": MomentText.json(record.recorded),
            "source": source,
        ]
        if let end = record.eventEnd, end != record.eventStart {
            fields["event_end"] = MomentText.json(end)
        }
        if !entries.isEmpty { fields["entries"] = .array(entries.map(Self.entry)) }
        if isHistory || record.isDeleted { fields["deleted"] = .bool(record.isDeleted) }
        return fields
    }

    private static func entry(_ entry: FoundEntry) -> JSONValue {
        [
            "index": .integer(Int64(entry.index)),
            "full_url": .optional(entry.fullURL),
            "type": .text(entry.type),
            "id": .optional(entry.id),
            "offset": .integer(Int64(entry.offset)),
            "size": .integer(Int64(entry.byteCount)),
        ]
    }

    var lines: [String] {
        let size = record.isDeleted ? "deleted" : ByteText.text(record.byteCount)
        var parts = [size.padded(toAtLeast: 9), MomentText.local(record.recorded)]
        if isHistory { parts.append("#\(record.sequence)") }
        parts.append(VisibleText.text(record.name))
        if !types.isEmpty { parts.append("(\(VisibleText.text(shownTypes)))") }
        return [parts.joined(separator: "  ")]
    }

    private var shownTypes: String {
        let types = types
        let shown = types.prefix(3).joined(separator: " ")
        return types.count > 3 ? shown + " +\(types.count - 3)" : shown
    }

    private var types: [String] { record.terms(of: "type") }

    private var source: JSONValue {
        guard let source = record.source else { return .null }
        var object: JSONObject = [
            "path": .text(String(decoding: source.path, as: UTF8.self)),
            "line": .count(source.line),
        ]
        // A file system's names need not be text; the bytes then stand beside what can be read.
        if String(validating: source.path, as: UTF8.self) == nil {
            object["path_b64"] = .text(Base64.encode(source.path))
        }
        return .object(object)
    }
}

extension String {
    /// The text moved to the right in a column.
    func padded(toAtLeast width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    /// The text at the left of a column.
    func filled(toAtLeast width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
