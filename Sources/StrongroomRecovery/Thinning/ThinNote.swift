import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Strongroom
import SystemPackage

/// `thin.json`: in which vaults the segments live of which the archive has only stubs.
///
/// It is written by who has no key, so it is not signed. It decides nothing: whatever comes from a
/// place that it names is held against signed seals or opened with keys, like all else.
struct ThinNote: Equatable, Sendable {
    let archiveID: ArchiveID
    /// As a user writes them, in the order in which they are tried.
    var vaults: [String]

    private static let byteCountLimit = 64 << 10
    /// More are not tried one after the other.
    private static let vaultLimit = 16

    /// The archive's note; nil if there is none.
    static func read(
        _ layout: ArchiveLayout,
        on files: any FileSystem
    ) throws(RecoveryError) -> ThinNote? {
        let path = layout.thinNote
        let bytes: [UInt8]
        do {
            guard try files.status(of: path) != nil else { return nil }
            bytes = try files.readAll(path, limit: byteCountLimit)
        } catch {
            throw RecoveryError(error)
        }
        guard let note = ThinNote(decoding: bytes) else {
            throw RecoveryError(
                .integrity,
                "\(path.string) is damaged; remove it and name the vault again with `strongroom thin "
                    + "--to VAULT --confirm`"
            )
        }
        return note
    }

    func write(_ layout: ArchiveLayout, on files: any FileSystem) throws(RecoveryError) {
        guard vaults.count <= Self.vaultLimit else {
            throw RecoveryError(
                .invalid,
                "the segments of an archive live in \(Self.vaultLimit) vaults at most"
            )
        }
        do {
            try files.replace(layout.thinNote, with: try bytes())
        } catch {
            throw RecoveryError.wrapping(error, in: layout.thinNote.string)
        }
    }

    init(archiveID: ArchiveID, vaults: [String]) {
        self.archiveID = archiveID
        self.vaults = vaults
    }

    private init?(decoding bytes: [UInt8]) {
        let value = try? JSONValue(
            parsing: bytes.span,
            limits: JSONLimits(depth: 3, byteCount: Self.byteCountLimit)
        )
        guard let value, value["format"]?.asText == "strongroom thin archive",
            value["format_version"]?.asInteger == 1,
            let id = value["archive_id"]?.asText.flatMap(Hex.decode).flatMap(ArchiveID.init),
            let names = value["vaults"]?.asArray
        else { return nil }
        let vaults = names.compactMap(\.asText)
        guard vaults.count == names.count, vaults.count <= Self.vaultLimit else { return nil }
        self.init(archiveID: id, vaults: vaults)
    }

    private func bytes() throws(JSONError) -> [UInt8] {
        let document: JSONObject = [
            "archive_id": .text(archiveID.hex), "format": "strongroom thin archive",
            "format_version": 1, "vaults": .array(vaults.map(JSONValue.text)),
        ]
        return try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
    }
}
