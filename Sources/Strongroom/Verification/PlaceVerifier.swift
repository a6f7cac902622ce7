import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
package import ArchiveSegments
import SystemPackage

/// Verifies what an archive and a vault in a directory have in common: identity, keyring,
/// snapshots, segments.
///
/// With nothing but the public key, or with keys.
package struct PlaceVerifier {
    private let fileSystem: any FileSystem
    private let layout: ArchiveLayout
    /// The key that the caller trusts; nil to take the one that `archive.json` names.
    private let publicKey: [UInt8]?
    private let keys: KeyringKeys?
    private let progress: (UInt64) -> Void

    package private(set) var report = VerificationReport()
    package private(set) var document: ArchiveDocument?

    package init(
        _ fileSystem: any FileSystem,
        _ layout: ArchiveLayout,
        publicKey: [UInt8]?,
        keys: KeyringKeys?,
        progress: @escaping (UInt64) -> Void = { _ in }
    ) {
        self.fileSystem = fileSystem
        self.layout = layout
        self.publicKey = publicKey
        self.keys = keys
        self.progress = progress
    }

    /// Verifies everything; damage is reported, only what cannot be read at all throws.
    ///
    /// `visit` hears of each pack that opened, from several threads and in no order.
    /// Witnesses know of commits from elsewhere. With `begun` the segments that it has taken are not
    /// read again.
    package mutating func run(
        witnesses: [RecoveryVerdict.Witness] = [],
        begun: LogVerifier? = nil,
        visit: PackVisitor? = nil
    ) throws(ArchiveError) {
        do {
            guard let document = try verifyDocument() else { return }
            self.document = document
            verifyKeyring(document)
            // Their signatures are proved while the log is read.
            let reading = WorkerTeam.begin { [fileSystem, layout] in
                Result { try ProvedManifests(fileSystem, layout, document) }
            }
            defer { _ = reading.wait() }
            var verifier =
                begun
                ?? LogVerifier(
                    layout.segmentDirectory(fileSystem),
                    archiveID: document.archiveID,
                    publicKey: document.publicKey,
                    keys: keys,
                    visit: FrameVisitor(pack: visit)
                )
            verifier.witnesses = { witnesses + ((try? reading.wait().get())?.witnesses ?? []) }
            let log = try verifier.run(progress: progress)
            let found = try reading.wait().get()
            report.documentCount += found.documentCount
            report.damages.append(contentsOf: found.damages)
            report.take(log)
            for manifest in found.manifests { compare(manifest, with: verifier, document) }
        } catch {
            throw ArchiveError.wrapping(error, in: layout.root.string)
        }
    }

    private mutating func verifyDocument() throws -> ArchiveDocument? {
        guard try fileSystem.status(of: layout.document) != nil else {
            throw ArchiveError(
                .notFound,
                "\(layout.root.string) holds neither archive nor vault: no archive.json"
            )
        }
        report.documentCount += 1
        let bytes = try fileSystem.readAll(layout.document, limit: 1 << 20)
        do throws(FormatError) {
            let document = try ArchiveDocument(decoding: bytes.span)
            guard publicKey == nil || document.publicKey == publicKey else {
                throw FormatError(.foreign, "it names another public key than the one given")
            }
            return document
        } catch {
            report.damages.append(Damage(file: "archive.json", error.finding))
            return nil
        }
    }

    private mutating func verifyKeyring(_ document: ArchiveDocument) {
        do {
            guard try fileSystem.status(of: layout.keyring) != nil else {
                return report.notes.append("there is no keyring here: it is kept apart")
            }
            report.documentCount += 1
            let bytes = try fileSystem.readAll(layout.keyring, limit: KeyringFile.byteCountLimit)
            let keyring = try KeyringFile(decoding: bytes.span)
            guard keyring.archiveID == document.archiveID else {
                return report.damages.append(
                    Damage(file: "keyring.json", "it is the keyring of another archive")
                )
            }
        } catch {
            var damage = Damage(file: "keyring.json", "\(error)")
            damage.isUnreadable = error is SystemError
            report.damages.append(damage)
        }
    }

    /// A snapshot holds if every segment it lists is here as listed, and the archive's tree had the
    /// signed root at the signed size.
    private mutating func compare(
        _ manifest: SnapshotManifest,
        with verifier: LogVerifier,
        _ document: ArchiveDocument
    ) {
        let file = "snapshots/\(manifest.id).json"
        var isWhole = true
        for segment in manifest.segments {
            let name = SegmentDirectory.Name(segment.number, isSealed: true).text
            guard let found = verifier.sealed[segment.number] else {
                isWhole = false
                report.damages.append(
                    Damage(file: file, "its segment \(name) is missing or damaged at its ends")
                )
                continue
            }
            guard found.byteCount == segment.byteCount, found.seal.segmentRoot == segment.root,
                found.sealHash == segment.seal
            else {
                isWhole = false
                report.damages.append(
                    Damage(
                        file: "segments/\(name)",
                        "it is not the segment of snapshot \(manifest.id)"
                    )
                )
                continue
            }
        }
        guard isWhole, report.damages.isEmpty else { return }
        let leaves = verifier.leaves.prefix(Int(clamping: manifest.treeSize))
        if UInt64(leaves.count) == manifest.treeSize,
            MerkleTree.root(of: Array(leaves)) == manifest.treeRoot
        {
            report.snapshotCount += 1
        } else {
            report.damages.append(
                Damage(file: file, "the archive's tree had another root at its size")
            )
        }
    }
}

extension PlaceVerifier {
    /// Adds what only a verification with an index knows.
    package mutating func amend(_ change: (inout VerificationReport) -> Void) { change(&report) }
}
