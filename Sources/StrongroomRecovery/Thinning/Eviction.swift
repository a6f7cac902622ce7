import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// Lets one segment after the other go.
struct Eviction: Sendable {
    private let store: any ObjectStore
    private let files: any FileSystem
    private let layout: ArchiveLayout
    private let plan: ThinningPlan
    private let meter: ProgressMeter

    init(
        _ store: any ObjectStore,
        _ files: any FileSystem,
        _ layout: ArchiveLayout,
        _ plan: ThinningPlan,
        _ meter: ProgressMeter
    ) {
        self.store = store
        self.files = files
        self.layout = layout
        self.plan = plan
        self.meter = meter
    }

    /// What keeps the segment here; nil if it went.
    func run(_ step: ThinningPlan.Step) async throws -> VaultFinding? {
        if step.isProved {
            meter.add(byteCount: step.byteCount)
        } else if let finding = try await prove(step.segment) {
            return finding
        }
        // What was proved must still be listed by a snapshot when it goes: that is what prunes keep.
        let manifest = VaultObject.manifest(plan.snapshot)
        guard try await store.status(manifest.name) != nil else {
            return VaultFinding(.missing, manifest, "it was in the vault when this began")
        }
        let finding = try await LocalFiles.pool.run { [self] () throws(RecoveryError) in
            try evict(step.segment)
        }
        meter.add(byteCount: 0, objectCount: 1)
        return finding
    }

    /// Reads the vault's copy and compares its hash with the signed one.
    private func prove(_ segment: SnapshotManifest.Segment) async throws -> VaultFinding? {
        let object = VaultObject.segment(segment.number)
        let stream = ObjectStream(
            store: store,
            name: try object.name,
            byteCount: segment.byteCount
        )
        let hasher = SHA256()
        do {
            try await stream.forEachPiece { bytes in
                hasher.update(bytes.span)
                meter.add(byteCount: UInt64(bytes.count))
            }
        } catch let error as VaultError
            where error.code == .notFound || error.code == .damaged
            || error.code == .outOfRange
        {
            return VaultFinding(.damaged, object, error.message)
        }
        guard hasher.finish() == segment.sha256 else {
            return VaultFinding(
                .damaged,
                object,
                "its SHA-256 is not the one that its snapshot signs"
            )
        }
        return nil
    }

    /// Writes the stub, durably, and then takes the segment away.
    private func evict(_ segment: SnapshotManifest.Segment) throws(RecoveryError) -> VaultFinding? {
        let name = SegmentDirectory.Name(segment.number, isSealed: true)
        let directory = layout.segmentDirectory(files)
        do {
            let sealed = try SealedSegment.open(
                directory,
                segment.number,
                archiveID: plan.document.archiveID,
                publicKey: plan.document.publicKey
            )
            guard sealed.sealHash == segment.seal, sealed.byteCount == segment.byteCount else {
                throw FormatError(.damaged, "it is not the segment that its snapshot signs")
            }
            let stub = SegmentStub.path(of: segment.number, in: layout.segments)
            try files.replace(stub, with: try SegmentStub.bytes(of: sealed))
            try files.remove(directory.path(name))
            try files.synchronizeDirectory(layout.segments)
            return nil
        } catch let error as SystemError {
            throw RecoveryError(error)
        } catch let error as LogError where error.cause != nil {
            throw RecoveryError.wrapping(error, in: layout.segments.string)
        } catch {
            return VaultFinding(
                .damaged,
                .segment(segment.number),
                "the archive's own copy, which stays: \(error); repair it first"
            )
        }
    }
}
