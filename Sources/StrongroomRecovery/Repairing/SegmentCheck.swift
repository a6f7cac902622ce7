import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom

/// Proves segments of a vault one by one, each by its seal and its snapshots.
///
/// Its calls block.
struct SegmentCheck {
    /// What has become of one segment.
    struct Outcome: Sendable {
        let segment: SnapshotManifest.Segment
        var findings: [VaultFinding]
    }

    private let files: VaultFileSystem
    private let contents: VaultContents
    private let directory: SegmentDirectory
    private var verifier: LogVerifier

    init(
        _ files: VaultFileSystem,
        _ contents: VaultContents,
        _ document: ArchiveDocument,
        keys: KeyringKeys?
    ) {
        self.files = files
        self.contents = contents
        directory = ArchiveLayout(files.root).segmentDirectory(files)
        verifier = LogVerifier(
            directory,
            archiveID: document.archiveID,
            publicKey: document.publicKey,
            keys: keys
        )
    }

    /// What was covered so far.
    var counts: VaultCounts {
        VaultCounts(verifier.result)
    }

    /// Makes known to `keys` what all segments tell of collections; without that, the frames of one
    /// cannot be told from an erased subject's.
    static func learn(_ files: VaultFileSystem, _ keys: KeyringKeys) throws(LogError) {
        let directory = ArchiveLayout(files.root).segmentDirectory(files)
        _ = try LogReplay(directory, keys: keys).run(from: .start) { entries, _ in
            for record in entries.records {
                if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                    keys.learn(collection: collection)
                }
            }
        }
    }

    /// Proves one segment; only a vault that does not answer throws.
    mutating func run(_ segment: SnapshotManifest.Segment) throws(LogError) -> Outcome {
        let object = VaultObject.segment(segment.number)
        func failed(_ kind: VaultFinding.Kind, _ detail: String) -> Outcome {
            Outcome(segment: segment, findings: [VaultFinding(kind, object, detail)])
        }
        guard let byteCount = contents.objects[object] else {
            return failed(.missing, "the vault does not have it")
        }
        guard byteCount == segment.byteCount else {
            return failed(
                .damaged,
                "it has \(byteCount) bytes, its snapshot says \(segment.byteCount)"
            )
        }
        let name = SegmentDirectory.Name(segment.number, isSealed: true)
        var findings = try verifier.verify(alone: name).map { VaultFinding($0) }
        if let found = verifier.sealed[segment.number], findings.isEmpty,
            found.byteCount != segment.byteCount || found.seal.segmentRoot != segment.root
                || found.sealHash != segment.seal
        {
            findings.append(
                VaultFinding(.damaged, object, "it is not the segment that its snapshot signs")
            )
        }
        return Outcome(segment: segment, findings: findings)
    }
}
