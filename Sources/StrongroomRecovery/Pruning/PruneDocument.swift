import ArchiveBytes
import ArchiveFormat

/// What a prune says in the vault, signed by the archive's key.
///
/// `prune/ID.json` is written once: it condemns snapshots and segments, or restores some.
/// `sweeping/ID.json` is there while what it names is being removed.
struct PruneDocument: Equatable, Sendable {
    static let purpose = "prune"

    enum Kind: String, Sendable {
        /// What it names goes when the grace is over.
        case condemned
        /// What it names stays, whatever the documents in `cancels` say.
        case restored
        /// What it names is being removed.
        case sweeping
    }

    struct Snapshot: Equatable, Sendable {
        let id: String
        let lastSequence: UInt64
        /// In microseconds since 1970, as the snapshot claims.
        let time: Int64
    }

    let kind: Kind
    let archive: String
    /// Sixteen hexadecimal digits, drawn at random.
    let id: String
    /// When it was made, in microseconds since 1970, by the clock of who made it.
    let time: Int64
    /// How long what is condemned stays, in microseconds.
    var grace: Int64 = 0
    /// The rules, as a person reads them.
    var rules = ""
    var snapshots: [Snapshot] = []
    var segments: [SegmentNumber] = []
    /// Ids of the documents that no longer count for these snapshots.
    var cancels: [String] = []
    /// Ids of the documents that this one stands for: what cancels one of them counts here too.
    var merges: [String] = []

    func document(publicKey: [UInt8]) -> JSONObject {
        [
            "archive_id": .text(archive),
            "cancels": .array(cancels.map(JSONValue.text)),
            "format": "strongroom prune",
            "format_version": 1,
            "grace_us": .integer(grace),
            "id": .text(id),
            "kind": .text(kind.rawValue),
            "merges": .array(merges.map(JSONValue.text)),
            "public_key": .text(Hex.encode(publicKey)),
            "rules": .text(rules),
            "segments": .array(segments.map { .integer(Int64($0.value)) }),
            "snapshots": .array(
                snapshots.map { snapshot in
                    [
                        "id": .text(snapshot.id),
                        "last_sequence": .integer(Int64(snapshot.lastSequence)),
                        "time_us": .integer(snapshot.time),
                    ]
                }
            ),
            "time_us": .integer(time),
        ]
    }
}

extension PruneDocument {
    /// Decodes an object of that id, which the archive's key must have signed.
    init(decoding bytes: [UInt8], id: String, of archive: ArchiveDocument) throws(FormatError) {
        let document = try SignedDocument.decode(
            bytes.span,
            purpose: Self.purpose,
            publicKey: archive.publicKey
        )
        guard document["format"]?.asText == "strongroom prune",
            let kind = document["kind"]?.asText.flatMap(Kind.init),
            let identity = document["archive_id"]?.asText, identity == archive.archiveID.hex,
            document["id"]?.asText == id,
            let time = document["time_us"]?.asInteger,
            let grace = document["grace_us"]?.asInteger, grace >= 0,
            let rules = document["rules"]?.asText,
            let snapshots = document["snapshots"]?.asArray,
            let segments = document["segments"]?.asArray,
            let cancels = document["cancels"]?.asArray
        else { throw FormatError(.damaged, "the prune's document lacks a field") }
        self.init(
            kind: kind,
            archive: identity,
            id: id,
            time: time,
            grace: grace,
            rules: rules,
            snapshots: snapshots.compactMap(Self.snapshot),
            segments: segments.compactMap { value in
                value.asInteger.flatMap { UInt64(exactly: $0) }.map { SegmentNumber($0) }
            },
            cancels: cancels.compactMap(\.asText),
            merges: (document["merges"]?.asArray ?? []).compactMap(\.asText)
        )
        guard self.snapshots.count == snapshots.count, self.segments.count == segments.count else {
            throw FormatError(.damaged, "the prune's document has a field out of range")
        }
    }

    private static func snapshot(_ value: JSONValue) -> Snapshot? {
        guard let id = value["id"]?.asText, SnapshotManifest.isIdentity(id),
            let sequence = value["last_sequence"]?.asInteger.flatMap({ UInt64(exactly: $0) }),
            let time = value["time_us"]?.asInteger
        else { return nil }
        return Snapshot(id: id, lastSequence: sequence, time: time)
    }
}
