package import ArchiveBytes
package import ArchiveFormat
import Strongroom

/// What pruning needs of an archive: what it knows of its snapshots, and its signature.
package struct PruneAuthority: Sendable {
    /// The archive's identity in hexadecimal digits.
    package let archive: String
    package let publicKey: [UInt8]
    /// The snapshots that the archive itself lists: what they need is never removed.
    package let local: [SnapshotManifest]
    /// Why somebody holds a snapshot, by its id.
    package let holds: [String: String]
    /// The labels of snapshots, by id.
    package let labels: @Sendable ([SnapshotManifest]) async throws -> [String: String]
    /// Makes the file of a document.
    package let sign: @Sendable (JSONObject) async throws -> [UInt8]

    package init(
        archive: String,
        publicKey: [UInt8],
        local: [SnapshotManifest],
        holds: [String: String],
        labels: @escaping @Sendable ([SnapshotManifest]) async throws -> [String: String],
        sign: @escaping @Sendable (JSONObject) async throws -> [UInt8]
    ) {
        self.archive = archive
        self.publicKey = publicKey
        self.local = local
        self.holds = holds
        self.labels = labels
        self.sign = sign
    }

    /// What an open archive knows.
    static func of(_ archive: Archive) async throws(RecoveryError) -> PruneAuthority {
        do {
            let holds = try await SnapshotHold.read(archive)
            return PruneAuthority(
                archive: archive.identity,
                publicKey: Hex.decode(archive.publicKey) ?? [],
                local: try await archive.snapshots().map(\.manifest),
                holds: Dictionary(holds.map { ($0.snapshot, $0.reason) }) { first, _ in first },
                labels: { try await archive.labels(of: $0) },
                sign: { try await archive.sign($0, purpose: PruneDocument.purpose) }
            )
        } catch {
            throw RecoveryError.wrapping(error, in: archive.path)
        }
    }
}
