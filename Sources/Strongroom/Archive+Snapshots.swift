import ArchiveBytes
package import ArchiveFormat
import ArchiveSealing

/// A state of the archive under a signature: what ships, recovers and proves itself.
public struct Snapshot: Sendable {
    package let manifest: SnapshotManifest
    /// The label it was made with.
    public let label: String

    package init(manifest: SnapshotManifest, label: String) {
        self.manifest = manifest
        self.label = label
    }

    /// Sixteen hexadecimal digits.
    public var id: String { manifest.id }
    /// When it was made, in microseconds since 1970.
    public var time: Int64 { manifest.time.microseconds }
    /// The newest record version in it.
    public var lastSequence: UInt64 { manifest.lastSequence }
    /// Record versions in it, deletions included.
    public var recordCount: UInt64 { manifest.recordCount }
    /// Sum of the records' body lengths.
    public var recordByteCount: UInt64 { manifest.recordByteCount }
    /// Bytes of its segments.
    public var storedByteCount: UInt64 { manifest.segmentByteCount }
    /// Root of the archive's Merkle tree, in hexadecimal digits.
    public var treeRoot: String { manifest.treeRoot.hex }
}

extension Archive {
    /// Seals what is committed and signs it as a snapshot.
    ///
    /// Durable when it returns.
    @discardableResult
    public func snapshot(label: String = "") async throws(ArchiveError) -> Snapshot {
        guard label.utf8.count <= Limits.name else {
            throw ArchiveError(.invalid, "a label has at most \(Limits.name) bytes")
        }
        return try await core.write { engine throws(ArchiveError) in
            Snapshot(manifest: try engine.snapshot(label: label), label: label)
        }
    }

    /// The snapshots, oldest first, each with its signature checked.
    public func snapshots() async throws(ArchiveError) -> [Snapshot] {
        try await core.inspect { engine throws(ArchiveError) in
            try engine.snapshots().map { manifest throws(ArchiveError) in
                Snapshot(manifest: manifest, label: try engine.label(of: manifest))
            }
        }
    }
}
