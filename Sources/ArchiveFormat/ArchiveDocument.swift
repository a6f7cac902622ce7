package import ArchiveBytes

/// `archive.json`: who the archive is, and the parameters it was made with; public and signed.
package struct ArchiveDocument: Equatable, Sendable {
    package static let purpose = "archive"

    package var archiveID: ArchiveID
    package var created: Timestamp
    package var publicKey: [UInt8]
    /// Plaintext that a pack is filled to.
    package var packByteCount: Int
    /// A segment is sealed when it has grown to this.
    package var segmentByteCount: Int
    /// Bytes of an index page.
    package var pageByteCount: Int

    package init(
        archiveID: ArchiveID,
        created: Timestamp,
        publicKey: [UInt8],
        packByteCount: Int,
        segmentByteCount: Int,
        pageByteCount: Int
    ) {
        self.archiveID = archiveID
        self.created = created
        self.publicKey = publicKey
        self.packByteCount = packByteCount
        self.segmentByteCount = segmentByteCount
        self.pageByteCount = pageByteCount
    }

    /// The document to be signed with purpose `archive`.
    package var document: JSONObject {
        [
            "archive_id": .text(archiveID.hex),
            "created": .text(created.description),
            "format": "strongroom archive",
            "format_version": 1,
            "parameters": [
                "index_page_bytes": .integer(Int64(pageByteCount)),
                "pack_bytes": .integer(Int64(packByteCount)),
                "segment_bytes": .integer(Int64(segmentByteCount)),
            ],
            "public_key": .text(Hex.encode(publicKey)),
        ]
    }

    /// Decodes the file, checking its signature under `publicKey`, or under its own if that is nil.
    package init(decoding bytes: Span<UInt8>, publicKey: [UInt8]? = nil) throws(FormatError) {
        let document = try SignedDocument.decode(
            bytes,
            purpose: Self.purpose,
            publicKey: publicKey
        )
        guard document["format"]?.asText == "strongroom archive",
            let id = document["archive_id"]?.asText.flatMap(Hex.decode).flatMap(ArchiveID.init),
            let created = document["created"]?.asText.flatMap(Timestamp.init),
            let key = document["public_key"]?.asText.flatMap(Hex.decode), key.count == 32,
            let parameters = document["parameters"],
            let pack = Self.parameter("pack_bytes", parameters, 1...Limits.inlineBody),
            let segment = Self.parameter(
                "segment_bytes",
                parameters,
                65_536...Int(Limits.segment)
            ),
            let page = Self.parameter("index_page_bytes", parameters, 512...65_536)
        else { throw FormatError(.damaged, "archive.json lacks a field or has one out of range") }
        self.init(
            archiveID: id,
            created: created,
            publicKey: key,
            packByteCount: pack,
            segmentByteCount: segment,
            pageByteCount: page
        )
    }

    private static func parameter(
        _ name: String,
        _ parameters: JSONValue,
        _ range: ClosedRange<Int>
    ) -> Int? {
        guard let value = parameters[name]?.asInteger, range.contains(Int(value)) else {
            return nil
        }
        return Int(value)
    }
}
