import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// Holds one segment after the other against what its snapshot signs.
struct SegmentExaminer: Sendable {
    let document: ArchiveDocument
    let target: RepairPlace
    let sources: [RepairPlace]
    let meter: ProgressMeter

    enum Outcome: Sendable {
        case right
        case damaged(RepairPlan.Step)
        case hopeless(VaultFinding)
    }

    /// Reads a segment whole.
    func examine(
        _ segment: SnapshotManifest.Segment
    ) async throws(RecoveryError) -> Outcome {
        let outcome = try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            let outcome = check(segment, cancellation)
            if cancellation.isCancelled { throw RecoveryError.cancelled("verifying") }
            return outcome
        }
        meter.add(byteCount: segment.byteCount, objectCount: 1)
        if case .damaged(let step) = outcome, step.kind == .unreadable {
            // A place that gives nothing at all is not damaged but away.
            _ = try await VaultContents.load(.document, from: target.store)
        }
        return outcome
    }

    private func check(
        _ segment: SnapshotManifest.Segment,
        _ cancellation: Cancellation
    ) -> Outcome {
        let object = VaultObject.segment(segment.number)
        guard target.contents.objects[object] != nil else {
            return outcome(.missing, nil, segment, nil)
        }
        let file: (any File)?
        do throws(SystemError) {
            file = try target.open(object, cancellation)
            if let file, try file.byteCount() == segment.byteCount,
                try Engine.sha256(of: file) == segment.sha256
            {
                return .right
            }
        } catch {
            return outcome(.unreadable, nil, segment, nil)
        }
        // Each is asked once: what could be read at first may fail when it is asked again.
        var seal: SealedSegment?
        for place in [target] + sources where seal == nil {
            seal = place.seal(of: segment, document, cancellation)
        }
        let ranges = seal.flatMap { seal in file.map { SegmentDamage(seal: seal).ranges(of: $0) } }
        return outcome(.damaged, ranges, segment, seal)
    }

    private func outcome(
        _ kind: VaultFinding.Kind,
        _ ranges: [Range<UInt64>]?,
        _ segment: SnapshotManifest.Segment,
        _ seal: SealedSegment?
    ) -> Outcome {
        let object = VaultObject.segment(segment.number)
        guard sources.contains(where: { $0.contents.objects[object] != nil }) else {
            return .hopeless(VaultFinding(kind, object, "no source has it"))
        }
        return .damaged(
            RepairPlan.Step(
                kind: kind,
                ranges: ranges,
                object: object,
                content: .segment(segment, seal)
            )
        )
    }
}
