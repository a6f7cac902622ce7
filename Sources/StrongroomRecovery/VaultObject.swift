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
    /// What was condemned by a prune, or restored.
    case prune(String)
    /// What a prune removes at this moment.
    case sweep(String)
    /// A snapshot's manifest is about to be put, into a vault that is pruned.
    case arrival(String)

    static let segmentPrefix = "segments/"
    static let manifestPrefix = "snapshots/"
    static let prunePrefix = "prune/"
    static let sweepPrefix = "sweeping/"
    static let arrivalPrefix = "arriving/"

    var text: String {
        switch self {
        case .marker: "vault.json"
        case .document: "archive.json"
        case .keyring: "keyring.json"
        case .segment(let number): Self.segmentPrefix + number.stem + ".seg"
        case .manifest(let id): Self.manifestPrefix + id + ".json"
        case .prune(let id): Self.prunePrefix + id + ".json"
        case .sweep(let id): Self.sweepPrefix + id + ".json"
        case .arrival(let id): Self.arrivalPrefix + id + ".json"
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
            } else if let id = Self.identity(text, Self.manifestPrefix) {
                self = .manifest(id)
            } else if let id = Self.identity(text, Self.prunePrefix) {
                self = .prune(id)
            } else if let id = Self.identity(text, Self.sweepPrefix) {
                self = .sweep(id)
            } else if let id = Self.identity(text, Self.arrivalPrefix) {
                self = .arrival(id)
            } else {
                return nil
            }
        }
    }

    private static func identity(_ text: String, _ prefix: String) -> String? {
        guard text.hasPrefix(prefix), text.hasSuffix(".json") else { return nil }
        let id = String(text.dropFirst(prefix.count).dropLast(5))
        return SnapshotManifest.isIdentity(id) ? id : nil
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
