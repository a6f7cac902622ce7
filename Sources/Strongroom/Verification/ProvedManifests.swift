import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import SystemPackage

/// The snapshots of an archive or vault whose signatures hold, and what is wrong with the others.
struct ProvedManifests: Sendable {
    private(set) var manifests: [SnapshotManifest] = []
    /// Manifests that were looked at.
    private(set) var documentCount = 0
    private(set) var damages: [Damage] = []

    /// Reads and proves all that are there, on all processors; only what cannot be read at all throws.
    init(
        _ fileSystem: any FileSystem,
        _ layout: ArchiveLayout,
        _ document: ArchiveDocument
    ) throws(SystemError) {
        guard try fileSystem.status(of: layout.snapshots) != nil else { return }
        let names = try fileSystem.names(in: layout.snapshots).map(\.string)
            .filter { $0.hasSuffix(".json") }
        documentCount = names.count
        try WorkerTeam.inOrder(
            names,
            threadCount: WorkerTeam.processorCount,
            ahead: names.count,
            { _, name throws(SystemError) -> Proof? in
                let path = layout.snapshots.appending(name)
                guard let bytes = try Self.bytes(fileSystem, path) else { return nil }
                return Self.proof(bytes, name, document)
            },
            { proof throws(SystemError) in
                switch proof {
                case .sound(let manifest): manifests.append(manifest)
                case .damaged(let damage): damages.append(damage)
                case nil: break
                }
            }
        )
    }

    private enum Proof: Sendable {
        case sound(SnapshotManifest)
        case damaged(Damage)
    }

    /// What they know of the log.
    var witnesses: [RecoveryVerdict.Witness] {
        manifests.map {
            .init(
                "snapshot \($0.id)",
                commit: $0.treeSize,
                segment: $0.segments.last?.number
            )
        }
    }

    /// Nil if a prune has taken the manifest since it was listed.
    private static func bytes(
        _ fileSystem: any FileSystem,
        _ path: FilePath
    ) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try fileSystem.readAll(path, limit: SignedDocument.byteCountLimit)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    private static func proof(
        _ bytes: [UInt8],
        _ name: String,
        _ document: ArchiveDocument
    ) -> Proof {
        do throws(FormatError) {
            let manifest = try SnapshotManifest(
                decoding: bytes.span,
                publicKey: document.publicKey
            )
            guard manifest.archiveID == document.archiveID, "\(manifest.id).json" == name else {
                throw FormatError(.foreign, "it is not the snapshot that its name says")
            }
            let note = CheckpointNote(
                verifying: manifest.checkpoint,
                archiveID: document.archiveID,
                publicKey: document.publicKey
            )
            guard let note, note.treeSize == manifest.treeSize,
                note.treeRoot == manifest.treeRoot
            else { throw FormatError(.damaged, "its checkpoint note is not its own") }
            return .sound(manifest)
        } catch {
            return .damaged(Damage(file: "snapshots/\(name)", error.finding))
        }
    }
}
