import ArchiveFormat
import Strongroom

// What came back against what was signed.
extension Rehearsal {
    /// Compares a whole snapshot.
    mutating func compare(
        _ proof: VerificationReport,
        _ chosen: StoredManifest,
        snapshots: Int
    ) {
        let counts = note(proof)
        let manifest = chosen.manifest
        expect([
            ("records", counts.recordCount, manifest.recordCount),
            ("bytes of bodies", counts.recordByteCount, manifest.recordByteCount),
            ("commits", counts.commitCount, manifest.treeSize),
            ("segments", UInt64(counts.segmentCount), UInt64(manifest.segments.count)),
            ("bytes of segments", counts.byteCount, manifest.segmentByteCount),
            ("snapshots with the signed tree", UInt64(counts.snapshotCount), UInt64(snapshots)),
        ])
    }

    /// Compares what was cut off at a moment: its seals say how many records there are.
    mutating func compare(
        _ proof: VerificationReport,
        recordCount: UInt64,
        _ recordByteCount: UInt64
    ) {
        let counts = note(proof)
        expect([
            ("records", counts.recordCount, recordCount),
            ("bytes of bodies", counts.recordByteCount, recordByteCount),
        ])
    }

    private mutating func note(_ proof: VerificationReport) -> VaultCounts {
        let counts = VaultCounts(proof)
        report.counts = counts
        report.notes += proof.notes
        report.findings += proof.findings
        for finding in proof.findings {
            report.conclude(.failed, VaultFinding.Kind.damaged.rawValue, finding)
        }
        return counts
    }

    private mutating func expect(_ pairs: [(what: String, found: UInt64, signed: UInt64)]) {
        for pair in pairs where pair.found != pair.signed {
            report.conclude(
                .failed,
                DrillReport.Reason.mismatch,
                "\(pair.found) \(pair.what) came back, \(pair.signed) were signed"
            )
        }
    }
}
