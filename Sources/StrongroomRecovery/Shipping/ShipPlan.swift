import ArchiveBytes
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import SystemPackage

/// What a vault lacks of an archive's snapshots, and in which order it is sent.
///
/// A value: it can be printed, shown as a dry run, and carried out by ``Ship``.
///
/// A snapshot's manifest comes after all that it needs: a manifest present is a snapshot complete.
public struct ShipPlan: Sendable {
    /// One object that is to be sent.
    public struct Step: Sendable {
        /// The object's name in the vault.
        public var name: String { object.text }
        /// Its length.
        public let byteCount: UInt64
        /// Whether an older object of that name is replaced, which only the keyring ever is.
        public let isReplacement: Bool

        let object: VaultObject
        let content: Content
    }

    /// Where an object's bytes come from.
    enum Content: Sendable {
        case bytes([UInt8])
        case file(FilePath, sha256: Digest)
    }

    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// The snapshots that the vault lacks, oldest first.
    public let snapshots: [String]
    /// The objects that the vault lacks, in the order in which they are sent.
    public let steps: [Step]
    /// Objects of these snapshots that are in the vault already.
    public let presentObjectCount: Int
    /// Their bytes.
    public let presentByteCount: UInt64

    /// Bytes that are to be sent.
    public var byteCount: UInt64 { steps.reduce(0) { $0 + $1.byteCount } }
    let document: ArchiveDocument
    /// The snapshots that the vault lacks, by id.
    let manifests: [String: SnapshotManifest]
    /// Where the archive's segments are.
    let directory: FilePath

    /// Whether the vault lacks nothing.
    public var isEmpty: Bool { steps.isEmpty }

    /// How a segment is sent, whether or not the vault had it when this was planned.
    func step(for segment: SnapshotManifest.Segment) -> Step {
        Step(
            byteCount: segment.byteCount,
            isReplacement: false,
            object: .segment(segment.number),
            content: .file(
                directory.appending(segment.number.stem + ".seg"),
                sha256: segment.sha256
            )
        )
    }
}

extension ShipPlan: CustomStringConvertible {
    /// One line for each object, and a sum.
    public var description: String {
        let lines = steps.map { step in
            "\(step.isReplacement ? "replace" : "send") \(step.name) (\(step.byteCount) bytes)\n"
        }
        return lines.joined()
            + "\(Counted.text(snapshots.count, "snapshot")), "
            + "\(Counted.text(steps.count, "object")) and \(Counted.text(byteCount, "byte")) to send; "
            + "\(presentObjectCount) objects and \(presentByteCount) bytes are in the vault already\n"
    }
}
