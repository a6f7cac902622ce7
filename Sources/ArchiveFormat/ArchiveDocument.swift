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
    /// What the archive was made for, as its maker named it; nil for the usual.
    package var profile: String?

    package init(
        archiveID: ArchiveID,
        created: Timestamp,
        publicKey: [UInt8],
        packByteCount: Int,
        segmentByteCount: Int,
        pageByteCount: Int,
        profile: String? = nil
    ) {
        self.archiveID = archiveID
        self.created = created
        self.publicKey = publicKey
        self.packByteCount = packByteCount
        self.segmentByteCount = segmentByteCount
        self.pageByteCount = pageByteCount
        self.profile = profile
    }

    /// The document to be signed with purpose `archive`.
    package var document: JSONObject {
        var chosen: JSONObject = [
            "index_page_bytes": .integer(Int64(pageByteCount)),
            "pack_bytes": .integer(Int64(packByteCount)),
            "segment_bytes": .integer(Int64(segmentByteCount)),
        ]
        if let profile { chosen["profile"] = .text(profile) }
        return [
            "archive_id": .text(archiveID.hex),
            "created": .text(created.description),
            "format": "strongroom archive",
            "format_version": 1,
            "parameters": .object(chosen),
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
            let pack = parameters["pack_bytes"]?.asInteger,
            let segment = parameters["segment_bytes"]?.asInteger,
            let page = parameters["index_page_bytes"]?.asInteger
        else { throw FormatError(.damaged, "archive.json lacks a field or has one out of range") }
        self.init(
            archiveID: id,
            created: created,
            publicKey: key,
            packByteCount: Int(pack),
            segmentByteCount: Int(segment),
            pageByteCount: Int(page),
            profile: parameters["profile"]?.asText
        )
        let finding = Self.finding(
            packByteCount: packByteCount,
            segmentByteCount: segmentByteCount,
            pageByteCount: pageByteCount
        )
        if let finding { throw FormatError(.damaged, "in its parameters \(finding)") }
    }

    /// What is wrong with parameters, nil if the format can hold to all of them.
    package static func finding(
        packByteCount: Int,
        segmentByteCount: Int,
        pageByteCount: Int
    ) -> String? {
        let ranges = [
            ("pack_bytes", packByteCount, 1...Limits.inlineBody),
            ("segment_bytes", segmentByteCount, 65_536...Int(Limits.segment)),
            ("index_page_bytes", pageByteCount, 512...65_536),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            return "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)"
        }
        guard pageByteCount & (pageByteCount - 1) == 0 else {
            return "index_page_bytes is \(pageByteCount); it must be a power of two"
        }
        return nil
    }
}
