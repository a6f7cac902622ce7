package import ArchiveBytes
package import ArchiveSealing

/// `snapshots/ID.json`: a state of the archive that can be shipped, recovered and proved; public,
/// signed, without a record's name or a subject in it.
package struct SnapshotManifest: Equatable, Sendable {
    package static let purpose = "snapshot"

    /// One sealed segment of the snapshot.
    package struct Segment: Equatable, Sendable {
        package var number: SegmentNumber
        package var byteCount: UInt64
        /// RFC 9162 root over the segment's commit frames.
        package var root: Digest
        /// SHA-256 of the seal frame, its tag included: with the root it covers the file's every byte.
        package var seal: Digest
        /// SHA-256 of the whole file, for tools that know nothing of the format.
        package var sha256: Digest

        package init(
            number: SegmentNumber,
            byteCount: UInt64,
            root: Digest,
            seal: Digest,
            sha256: Digest
        ) {
            self.seal = seal
            self.number = number
            self.byteCount = byteCount
            self.root = root
            self.sha256 = sha256
        }
    }

    package var archiveID: ArchiveID
    /// Sixteen hexadecimal digits, drawn at random.
    package var id: String
    package var parent: String?
    package var time: Timestamp
    package var lastSequence: RecordSequence
    /// Commits in the archive: the size of its tree.
    package var treeSize: UInt64
    package var treeRoot: Digest
    package var segments: [Segment]
    /// Record versions, tombstones included, and the sum of their body lengths.
    package var recordCount: UInt64
    package var recordByteCount: UInt64
    /// Nonce, ciphertext and tag of the label, under the key of the collection `system`.
    package var sealedLabel: [UInt8]
    package var publicKey: [UInt8]
    package var tool: String
    /// The tree's size and root as a C2SP signed note.
    package var checkpoint: String

    package init(
        archiveID: ArchiveID,
        id: String,
        parent: String?,
        time: Timestamp,
        lastSequence: RecordSequence,
        treeSize: UInt64,
        treeRoot: Digest,
        segments: [Segment],
        recordCount: UInt64,
        recordByteCount: UInt64,
        sealedLabel: [UInt8],
        publicKey: [UInt8],
        tool: String,
        checkpoint: String
    ) {
        self.archiveID = archiveID
        self.id = id
        self.parent = parent
        self.time = time
        self.lastSequence = lastSequence
        self.treeSize = treeSize
        self.treeRoot = treeRoot
        self.segments = segments
        self.recordCount = recordCount
        self.recordByteCount = recordByteCount
        self.sealedLabel = sealedLabel
        self.publicKey = publicKey
        self.tool = tool
        self.checkpoint = checkpoint
    }

    /// Bytes of all segments.
    package var segmentByteCount: UInt64 { segments.reduce(0) { $0 + $1.byteCount } }

    /// The document to be signed with purpose `snapshot`.
    package var document: JSONObject {
        [
            "archive_id": .text(archiveID.hex),
            "checkpoint": .text(checkpoint),
            "erasures": ["count": 0, "head": .null],
            "format": "strongroom snapshot",
            "format_version": 1,
            "holds": ["count": 0, "head": .null],
            "id": .text(id),
            "last_sequence": .integer(Int64(lastSequence)),
            "parent": parent.map(JSONValue.text) ?? .null,
            "public_key": .text(Hex.encode(publicKey)),
            "record_bytes": .integer(Int64(recordByteCount)),
            "records": .integer(Int64(recordCount)),
            "sealed_label": .text(Hex.encode(sealedLabel)),
            "segments": .array(segments.map(Self.document)),
            "time": .text(time.description),
            "tool": .text(tool),
            "tree_root": .text(treeRoot.hex),
            "tree_size": .integer(Int64(treeSize)),
        ]
    }

    private static func document(_ segment: Segment) -> JSONValue {
        [
            "bytes": .integer(Int64(segment.byteCount)),
            "number": .integer(Int64(segment.number.value)),
            "root": .text(segment.root.hex),
            "seal": .text(segment.seal.hex),
            "sha256": .text(segment.sha256.hex),
        ]
    }

    /// Decodes the file, checking its signature under `publicKey`.
    package init(decoding bytes: Span<UInt8>, publicKey: [UInt8]) throws(FormatError) {
        let document = try SignedDocument.decode(
            bytes,
            purpose: Self.purpose,
            publicKey: publicKey
        )
        guard document["format"]?.asText == "strongroom snapshot",
            let archiveID = document["archive_id"]?.asText.flatMap(Hex.decode)
                .flatMap(ArchiveID.init),
            let id = document["id"]?.asText, Self.isIdentity(id),
            let time = document["time"]?.asText.flatMap(Timestamp.init),
            let lastSequence = document["last_sequence"]?.asCount,
            let treeSize = document["tree_size"]?.asCount,
            let treeRoot = document["tree_root"]?.asDigest,
            let segments = document["segments"]?.asArray?.map(Self.segment),
            let recordCount = document["records"]?.asCount,
            let recordByteCount = document["record_bytes"]?.asCount,
            let sealedLabel = document["sealed_label"]?.asText.flatMap(Hex.decode),
            let key = document["public_key"]?.asText.flatMap(Hex.decode), key == publicKey,
            let tool = document["tool"]?.asText,
            let checkpoint = document["checkpoint"]?.asText
        else { throw FormatError(.damaged, "the snapshot lacks a field or has one out of range") }
        let listed = segments.compactMap(\.self)
        guard listed.count == segments.count,
            zip(listed, listed.dropFirst()).allSatisfy({ $0.number < $1.number })
        else { throw FormatError(.damaged, "the snapshot's segment list is malformed") }
        self.init(
            archiveID: archiveID,
            id: id,
            parent: document["parent"]?.asText,
            time: time,
            lastSequence: lastSequence,
            treeSize: treeSize,
            treeRoot: treeRoot,
            segments: listed,
            recordCount: recordCount,
            recordByteCount: recordByteCount,
            sealedLabel: sealedLabel,
            publicKey: key,
            tool: tool,
            checkpoint: checkpoint
        )
    }

    private static func segment(_ value: JSONValue) -> Segment? {
        guard let number = value["number"]?.asCount, number > 0,
            let byteCount = value["bytes"]?.asCount, byteCount <= Limits.segment * 2,
            let root = value["root"]?.asDigest, let sha256 = value["sha256"]?.asDigest,
            let seal = value["seal"]?.asDigest
        else { return nil }
        return Segment(
            number: SegmentNumber(number),
            byteCount: byteCount,
            root: root,
            seal: seal,
            sha256: sha256
        )
    }

    /// Tells whether a text is a snapshot's id: sixteen lower-case hexadecimal digits.
    package static func isIdentity(_ text: String) -> Bool {
        text.utf8.count == 16 && SegmentNumber(stem: text) != nil
    }
}

extension JSONValue {
    fileprivate var asCount: UInt64? { asInteger.flatMap { UInt64(exactly: $0) } }

    fileprivate var asDigest: Digest? {
        asText.flatMap(Hex.decode).flatMap { Digest($0.span) }
    }
}
