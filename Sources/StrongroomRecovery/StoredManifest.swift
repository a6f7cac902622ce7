import ArchiveFormat

/// A snapshot's manifest with the bytes that its signature covers.
struct StoredManifest: Sendable {
    let manifest: SnapshotManifest
    let bytes: [UInt8]

    /// Decodes a manifest, which must verify under `document`'s key and be what its name says.
    init(
        decoding bytes: [UInt8],
        id: String,
        of document: ArchiveDocument,
        in place: String
    ) throws(RecoveryError) {
        self.bytes = bytes
        do {
            manifest = try SnapshotManifest(decoding: bytes.span, publicKey: document.publicKey)
        } catch {
            throw RecoveryError(error, in: place)
        }
        guard manifest.archiveID == document.archiveID, manifest.id == id else {
            throw RecoveryError(
                .integrity,
                "\(place): it is the manifest of another snapshot, \(manifest.id)"
            )
        }
    }

    /// The order in which snapshots were made.
    static func isBefore(_ left: StoredManifest, _ right: StoredManifest) -> Bool {
        let (left, right) = (left.manifest, right.manifest)
        return (left.lastSequence, left.treeSize, left.time, left.id)
            < (right.lastSequence, right.treeSize, right.time, right.id)
    }

    /// The first segment that both list and whose bytes differ: then the archive was written to in
    /// two places.
    func contradiction(to other: [SegmentNumber: SnapshotManifest.Segment]) -> SegmentNumber? {
        manifest.segments.first { segment in
            guard let twin = other[segment.number] else { return false }
            return twin != segment
        }?.number
    }
}
