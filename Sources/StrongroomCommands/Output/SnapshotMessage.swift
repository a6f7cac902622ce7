import ArchiveBytes
import Strongroom

/// A snapshot as commands show it.
struct SnapshotMessage: Message {
    let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    var type: String { "snapshot" }

    var fields: JSONObject {
        [
            "id": .text(snapshot.id),
            "label": .text(snapshot.label),
            "time": MomentText.json(snapshot.time),
            "last_sequence": .count(snapshot.lastSequence),
            "records": .count(snapshot.recordCount),
            "bytes": .count(snapshot.recordByteCount),
            "stored_bytes": .count(snapshot.storedByteCount),
            "tree_root": .text(snapshot.treeRoot),
        ]
    }

    var lines: [String] {
        var line =
            "\(snapshot.id)  \(MomentText.local(snapshot.time))  "
            + "\(CountText.text(snapshot.recordCount, "version")), "
            + "\(ByteText.text(snapshot.recordByteCount)) in "
            + ByteText.text(snapshot.storedByteCount)
        if !snapshot.label.isEmpty { line += "  \(VisibleText.text(snapshot.label))" }
        return [line]
    }
}
