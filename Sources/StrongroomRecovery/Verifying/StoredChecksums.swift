import ArchiveFormat
import ArchiveSealing
import StrongroomVaults

/// Holds the checksums that a store keeps of segments against those that snapshots sign.
///
/// What a store does not tell is counted and said, and taken for nothing.
struct StoredChecksums {
    private enum Outcome: Sendable {
        case equal
        case different
        case ofParts
        case untold
    }

    /// Questions at a time.
    private static let width = 8

    /// Adds what does not fit to the report, and a note of what was compared.
    static func compare(
        _ segments: [SnapshotManifest.Segment],
        in store: any ObjectStore,
        _ report: inout VaultReport
    ) async throws(RecoveryError) {
        guard !segments.isEmpty else { return }
        guard let store = store as? any ChecksumStore else {
            report.notes.append("a vault of this kind keeps no checksums; lengths were compared")
            return
        }
        let outcomes = try await outcomes(segments, in: store)
        for (segment, outcome) in zip(segments, outcomes) where outcome == .different {
            report.findings.append(
                VaultFinding(
                    .damaged,
                    .segment(segment.number),
                    "the checksum that the server keeps of it is not the one that was signed"
                )
            )
        }
        report.notes += notes(outcomes)
    }

    private static func outcomes(
        _ segments: [SnapshotManifest.Segment],
        in store: any ChecksumStore
    ) async throws(RecoveryError) -> [Outcome] {
        let results = await withTaskGroup(
            of: (Int, Result<Outcome, VaultError>).self
        ) { group in
            var results: [Int: Result<Outcome, VaultError>] = [:]
            for (index, segment) in segments.enumerated() {
                if index >= width, let (done, result) = await group.next() {
                    results[done] = result
                }
                group.addTask { (index, await outcome(segment, in: store)) }
            }
            for await (done, result) in group { results[done] = result }
            return results
        }
        var outcomes: [Outcome] = []
        do throws(VaultError) {
            for index in segments.indices {
                outcomes.append(try results[index]?.get() ?? .untold)
            }
        } catch {
            throw RecoveryError(error)
        }
        return outcomes
    }

    private static func outcome(
        _ segment: SnapshotManifest.Segment,
        in store: any ChecksumStore
    ) async -> Result<Outcome, VaultError> {
        do throws(VaultError) {
            let name = try ObjectName(VaultObject.segment(segment.number).text)
            switch try await store.checksum(of: name) {
            case .whole(let digest):
                return .success(digest == segment.sha256.bytes ? .equal : .different)
            case .parts(let digest, count: 1):
                let signed = segment.sha256.bytes
                return .success(
                    digest == SHA256.hash(signed.span).bytes ? .equal : .different
                )
            case .parts: return .success(.ofParts)
            case nil: return .success(.untold)
            }
        } catch {
            return .failure(error)
        }
    }

    private static func notes(_ outcomes: [Outcome]) -> [String] {
        let count = { (wanted: Outcome) in outcomes.count { $0 == wanted } }
        let (ofParts, untold) = (count(.ofParts), count(.untold))
        var notes = [
            "the server's own checksums of \(outcomes.count - ofParts - untold) of "
                + "\(outcomes.count) segments were compared with what was signed"
        ]
        if ofParts > 0 {
            notes.append(
                "of \(ofParts) segments, which were sent in parts, the server keeps a checksum of the "
                    + "parts' checksums, and that says nothing of the whole; their lengths were compared, "
                    + "and `verify --keyless` proves their bytes"
            )
        }
        if untold > 0 {
            notes.append(
                "of \(untold) segments the server tells no SHA-256; their lengths were compared, and "
                    + "`verify --keyless` proves their bytes"
            )
        }
        return notes
    }
}
