import ArchiveFormat
import StrongroomVaults

/// What an object in a vault is, by its name.
///
/// The names are those of the archive's own files.
enum VaultObject: Hashable, Sendable {
    /// Says what the vault is.
    case marker
    case document
    case keyring
    case segment(SegmentNumber)
    case manifest(String)

    static let segmentPrefix = "segments/"
    static let manifestPrefix = "snapshots/"

    var text: String {
        switch self {
        case .marker: "vault.json"
        case .document: "archive.json"
        case .keyring: "keyring.json"
        case .segment(let number): Self.segmentPrefix + number.stem + ".seg"
        case .manifest(let id): Self.manifestPrefix + id + ".json"
        }
    }

    /// The object of that name; nil if no part of a vault has such a name.
    init?(_ text: String) {
        switch text {
        case "vault.json": self = .marker
        case "archive.json": self = .document
        case "keyring.json": self = .keyring
        default:
            if text.hasPrefix(Self.segmentPrefix), text.hasSuffix(".seg") {
                let stem = text.dropFirst(Self.segmentPrefix.count).dropLast(4)
                guard let number = SegmentNumber(stem: String(stem)) else { return nil }
                self = .segment(number)
            } else if text.hasPrefix(Self.manifestPrefix), text.hasSuffix(".json") {
                let id = String(text.dropFirst(Self.manifestPrefix.count).dropLast(5))
                guard SnapshotManifest.isIdentity(id) else { return nil }
                self = .manifest(id)
            } else {
                return nil
            }
        }
    }

    var name: ObjectName {
        get throws(RecoveryError) {
            do {
                return try ObjectName(text)
            } catch {
                throw RecoveryError(error)
            }
        }
    }
}
