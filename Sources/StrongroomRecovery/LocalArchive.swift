import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import Strongroom
import SystemPackage

/// What shipping reads of an archive: only what is public or sealed.
///
/// It needs no key.
struct LocalArchive: Sendable {
    let layout: ArchiveLayout
    let document: ArchiveDocument
    let documentBytes: [UInt8]
    /// Nil in a copy of a vault that holds none.
    let keyring: KeyringFile?
    let keyringBytes: [UInt8]
    /// What a vault says of its keyring; nil in an archive.
    let placement: KeyringPlacement?
    /// Oldest first.
    let snapshots: [StoredManifest]

    /// A document of a few hundred bytes.
    static let documentByteCountLimit = 1 << 20

    static func read(
        _ path: FilePath,
        on files: any FileSystem
    ) throws(RecoveryError) -> LocalArchive {
        let layout = ArchiveLayout(path)
        do {
            let document = try Engine.readDocument(files, layout)
            let placement = try placement(layout, on: files)
            var keyringBytes: [UInt8] = []
            var keyring: KeyringFile?
            if placement != .apart {
                keyringBytes = try files.readAll(layout.keyring, limit: KeyringFile.byteCountLimit)
                keyring = try KeyringFile(decoding: keyringBytes.span)
            }
            guard keyring == nil || keyring?.archiveID == document.archiveID else {
                throw RecoveryError(
                    .foreign,
                    "\(layout.keyring.string) is the keyring of another archive; restore a copy of "
                        + "the right one"
                )
            }
            return LocalArchive(
                layout: layout,
                document: document,
                documentBytes: try files.readAll(
                    layout.document,
                    limit: documentByteCountLimit
                ),
                keyring: keyring,
                keyringBytes: keyringBytes,
                placement: placement,
                snapshots: try manifests(layout, document, on: files)
            )
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    private static func placement(
        _ layout: ArchiveLayout,
        on files: any FileSystem
    ) throws -> KeyringPlacement? {
        let path = layout.root.appending(VaultObject.marker.text)
        guard try files.status(of: path) != nil else { return nil }
        let bytes = try files.readAll(path, limit: VaultMarker.byteCountLimit)
        return try VaultMarker(decoding: bytes).keyring
    }

    private static func manifests(
        _ layout: ArchiveLayout,
        _ document: ArchiveDocument,
        on files: any FileSystem
    ) throws -> [StoredManifest] {
        var manifests: [StoredManifest] = []
        for name in try files.names(in: layout.snapshots) {
            guard
                case .manifest(let id) = VaultObject(VaultObject.manifestPrefix + name.string)
            else { continue }
            let path = layout.snapshot(id)
            let bytes = try files.readAll(path, limit: SignedDocument.byteCountLimit)
            manifests.append(
                try StoredManifest(decoding: bytes, id: id, of: document, in: path.string)
            )
        }
        return manifests.sorted(by: StoredManifest.isBefore)
    }
}
