import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
public import StrongroomVaults
import SystemPackage

/// What was once seen of an archive: the size and root of its tree, under its signature.
///
/// The text is a C2SP signed note of a C2SP tlog-checkpoint, which public witnesses can cosign and
/// which can be printed on paper. Kept apart from archive and vaults, it shows whether either was put
/// back to an older state or replaced by another history.
public struct Witness: Sendable {
    /// The signed note.
    public let note: String

    /// Takes a note, with or without other signatures below the archive's own.
    public init(note: String) { self.note = note }

    /// What a check has shown.
    public struct Report: Equatable, Sendable {
        /// The archive's identity in hexadecimal digits.
        public let archive: String
        /// Commits that the witness has seen.
        public let seenCommitCount: UInt64
        /// Commits that are there now; the ones that were seen come first among them.
        public let commitCount: UInt64
    }

    /// The checkpoint of the newest snapshot in a vault, or in an archive's directory.
    ///
    /// - Throws: `notFound`, `noSnapshot`; `integrity` if `archive.json` is damaged or has another key
    ///   than `publicKey`, in hexadecimal digits.
    public static func newest(
        in store: any ObjectStore,
        publicKey: String? = nil
    ) async throws(RecoveryError) -> Witness {
        let (place, _) = try await read(store, publicKey)
        return Witness(note: try newest(of: place).manifest.checkpoint)
    }

    /// Holds a vault, or an archive's directory, against what was seen.
    ///
    /// It reads the seals of all segments and proves from them that the tree that was seen is the
    /// beginning of the one that is there. No key is needed.
    ///
    /// - Throws: `rollback` if it is not; `foreign` if the note is not the archive's; `integrity` if a
    ///   seal that is needed is damaged.
    public func check(
        _ store: any ObjectStore,
        publicKey: String? = nil
    ) async throws(RecoveryError) -> Report {
        let (place, document) = try await Self.read(store, publicKey)
        let seen = try checkpoint(of: document)
        let manifest = try Self.newest(of: place).manifest
        guard manifest.treeSize >= seen.treeSize else {
            throw RecoveryError(
                .rollback,
                "its newest snapshot has \(manifest.treeSize) commits, and \(seen.treeSize) were seen: "
                    + "it was put back to an older state, or has lost its newest snapshots"
            )
        }
        let leaves = try await Self.leaves(of: manifest, document, in: place)
        let prefix = Array(leaves.prefix(Int(clamping: seen.treeSize)))
        guard MerkleTree.root(of: leaves) == manifest.treeRoot,
            MerkleTree.root(of: prefix) == seen.treeRoot
        else {
            throw RecoveryError(
                .rollback,
                "its first \(seen.treeSize) commits are not those that were seen: it has another "
                    + "history now"
            )
        }
        return Report(
            archive: document.archiveID.hex,
            seenCommitCount: seen.treeSize,
            commitCount: manifest.treeSize
        )
    }

    // MARK: Details

    private static func read(
        _ store: any ObjectStore,
        _ publicKey: String?
    ) async throws(RecoveryError) -> (RepairPlace, ArchiveDocument) {
        var place = try await RepairPlace.read(store)
        guard !place.contents.isEmpty else {
            throw RecoveryError(.notFound, "there is neither archive nor vault")
        }
        guard let document = place.document(publicKey.flatMap(Hex.decode)) else {
            throw RecoveryError(
                .integrity,
                "archive.json is missing, damaged, or of another public key"
            )
        }
        try await place.readManifests(document)
        return (place, document)
    }

    private static func newest(of place: RepairPlace) throws(RecoveryError) -> StoredManifest {
        guard let newest = place.manifests.last else {
            throw RecoveryError(.noSnapshot, "there is no snapshot that verifies")
        }
        return newest
    }

    /// The checkpoint under the archive's own signature, whoever else has signed below.
    private func checkpoint(of document: ArchiveDocument) throws(RecoveryError) -> CheckpointNote {
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        for signature in lines.dropFirst(4) {
            let own = lines.prefix(4).joined(separator: "\n") + "\n\(signature)\n"
            if let found = CheckpointNote(
                verifying: own,
                archiveID: document.archiveID,
                publicKey: document.publicKey
            ) {
                return found
            }
        }
        throw RecoveryError(
            .foreign,
            "the note is not archive \(document.archiveID.hex)'s, or was changed"
        )
    }

    /// The leaves of the tree that a snapshot signs, from its segments' seals.
    private static func leaves(
        of manifest: SnapshotManifest,
        _ document: ArchiveDocument,
        in place: RepairPlace
    ) async throws(RecoveryError) -> [Digest] {
        try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            var leaves: [Digest] = []
            for segment in manifest.segments {
                if cancellation.isCancelled { throw RecoveryError.cancelled("checking") }
                guard let seal = place.seal(of: segment, document, cancellation) else {
                    throw RecoveryError(
                        .integrity,
                        "the seal of segment \(segment.number.value) is missing or damaged; verify, "
                            + "and repair"
                    )
                }
                leaves += seal.seal.commits.map(\.leaf)
            }
            return leaves
        }
    }
}
