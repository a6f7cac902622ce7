import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// A vault or archive that repair reads, with its snapshots as far as they verify.
struct RepairPlace: Sendable {
    let store: any ObjectStore
    let contents: VaultContents
    /// Oldest first.
    var manifests: [StoredManifest] = []

    static func read(_ store: any ObjectStore) async throws(RecoveryError) -> RepairPlace {
        RepairPlace(store: store, contents: try await VaultContents.read(store))
    }

    /// The identity, if its signature verifies: under `publicKey`, or under the key it names itself.
    func document(_ publicKey: [UInt8]?) -> ArchiveDocument? {
        guard let bytes = contents.documentBytes else { return nil }
        guard let publicKey else { return try? ArchiveDocument(decoding: bytes.span) }
        let document = try? ArchiveDocument(decoding: bytes.span, publicKey: publicKey)
        return document?.publicKey == publicKey ? document : nil
    }

    mutating func readManifests(_ document: ArchiveDocument) async throws(RecoveryError) {
        (manifests, _) = try await UnlockedVault.manifests(in: contents, store, document)
    }

    /// The keyring, if it is one of the archive.
    func keyring(of document: ArchiveDocument) -> KeyringFile? {
        contents.keyringBytes.flatMap { try? KeyringFile(decoding: $0.span) }
            .flatMap { $0.archiveID == document.archiveID ? $0 : nil }
    }

    /// Whether a thin archive keeps the segment in a vault: that is where it is mended.
    ///
    /// A damaged stub does not count: the segment is then brought back whole.
    func isElsewhere(
        _ segment: SnapshotManifest.Segment,
        _ document: ArchiveDocument
    ) async throws(RecoveryError) -> Bool {
        let object = VaultObject.segment(segment.number)
        guard contents.stubs.contains(segment.number), contents.objects[object] == nil else {
            return false
        }
        do {
            let name = VaultObject.segmentPrefix + segment.number.stem + SegmentStub.suffix
            let bytes = try await store.readAll(
                try ObjectName(name),
                limit: UInt64(SegmentStub.byteCountLimit)
            )
            let found = try? SegmentStub(decoding: bytes).checked(
                archiveID: document.archiveID,
                publicKey: document.publicKey
            )
            return found?.sealHash == segment.seal && found?.byteCount == segment.byteCount
        } catch {
            throw RecoveryError(error)
        }
    }

    /// Opens an object like a file; nil if it is not there or has another length.
    func open(
        _ object: VaultObject,
        byteCount: UInt64? = nil,
        _ cancellation: Cancellation
    ) throws(SystemError) -> (any File)? {
        guard let found = contents.objects[object], byteCount == nil || found == byteCount else {
            return nil
        }
        let files = VaultFileSystem(store, cancellation)
        return try files.open(files.root.pushing(FilePath(object.text)), .read)
    }

    /// The ends of a segment, if they are those that a manifest signs.
    func seal(
        of segment: SnapshotManifest.Segment,
        _ document: ArchiveDocument,
        _ cancellation: Cancellation
    ) -> SealedSegment? {
        let files = VaultFileSystem(store, cancellation)
        let found = try? SealedSegment.open(
            ArchiveLayout(files.root).segmentDirectory(files),
            segment.number,
            archiveID: document.archiveID,
            publicKey: document.publicKey
        )
        guard let found, found.sealHash == segment.seal, found.byteCount == segment.byteCount,
            found.seal.segmentRoot == segment.root
        else { return nil }
        return found
    }
}
