import ArchiveFormat
import StrongroomVaults

extension VaultVerification {
    /// Holds what the vault lists against the signed manifests: cheap, for no segment is read.
    ///
    /// It proves the identity and every manifest, and that every segment that one lists is there and has
    /// its length; and its SHA-256, where the store keeps one of the whole and tells it: a note says of
    /// how many. That the bytes are the right ones still, only ``run(progress:)`` proves. Nothing goes into
    /// the vault's ledger, for nothing was hashed.
    ///
    /// - Throws: as ``run(progress:)``.
    public func heads() async throws(RecoveryError) -> VaultReport {
        let opened = try await open()
        var report = VaultReport()
        guard let bytes = opened.contents.documentBytes else {
            report.findings.append(
                VaultFinding(.missing, .document, "without it nothing in the vault can be proved")
            )
            return report
        }
        let document: ArchiveDocument
        do {
            document = try ArchiveDocument(decoding: bytes.span, publicKey: opened.publicKey)
        } catch {
            report.findings.append(VaultFinding(.damaged, .document, error.finding))
            return report
        }
        report.archive = document.archiveID.hex
        let known = try await VerifiedSegments.read(opened.contents, document, store)
        report.findings += known.findings
        report.contents.snapshotCount = known.manifests.count
        var present: [SnapshotManifest.Segment] = []
        for segment in known.segments {
            let object = VaultObject.segment(segment.number)
            switch opened.contents.objects[object] {
            case segment.byteCount?:
                report.contents.segmentCount += 1
                report.contents.byteCount += segment.byteCount
                present.append(segment)
            case let byteCount?:
                let detail = "it has \(byteCount) bytes, its snapshot says \(segment.byteCount)"
                report.findings.append(VaultFinding(.damaged, object, detail))
            case nil:
                report.findings.append(
                    VaultFinding(.missing, object, "the vault does not have it")
                )
            }
        }
        try await StoredChecksums.compare(present, in: store, &report)
        MarkerCheck.run(opened.contents, &report)
        return report
    }
}
