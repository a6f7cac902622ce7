import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import StrongroomVaults
import SystemPackage

/// Mends one object after the other.
struct RepairMender: Sendable {
    let target: RepairPlace
    let sources: [RepairPlace]
    /// Told apart by it are the damaged bytes of different runs.
    let stamp: Int64
    let meter: ProgressMeter

    enum Outcome: Sendable {
        case mended(RepairResult.Mend)
        case failed(VaultFinding)
    }

    /// Parts are held in memory; when there are more, the whole object is streamed instead.
    private static let patchByteLimit: UInt64 = 32 << 20

    /// Brings an object's right bytes into its place.
    func mend(_ step: RepairPlan.Step) async throws(RecoveryError) -> Outcome {
        let quarantine = try await setAside(step.object)
        switch step.content {
        case .bytes(let bytes):
            try await put(step.object, MemorySource(bytes), nil)
            meter.add(byteCount: UInt64(bytes.count), objectCount: 1)
            return .mended(mend(step, nil, UInt64(bytes.count), quarantine))
        case .segment(let segment, let seal):
            if let seal, let ranges = step.ranges, step.byteCount <= Self.patchByteLimit,
                let source = try await patched(segment, seal, ranges),
                try await replace(step.object, segment, source)
            {
                meter.add(byteCount: step.byteCount, objectCount: 1)
                return .mended(mend(step, ranges, step.byteCount, quarantine))
            }
            for place in sources {
                guard let source = try await whole(step.object, segment, in: place),
                    try await replace(step.object, segment, source)
                else { continue }
                meter.add(byteCount: step.byteCount, objectCount: 1)
                return .mended(mend(step, nil, segment.byteCount, quarantine))
            }
            let finding = "no source has what is damaged in it"
            return .failed(VaultFinding(step.kind, step.object, finding))
        }
    }

    private func mend(
        _ step: RepairPlan.Step,
        _ ranges: [Range<UInt64>]?,
        _ byteCount: UInt64,
        _ quarantine: String?
    ) -> RepairResult.Mend {
        RepairResult.Mend(
            name: step.name,
            ranges: ranges,
            fetchedByteCount: byteCount,
            quarantine: quarantine
        )
    }

    /// Keeps a copy of the damaged object, as far as it can be read.
    private func setAside(_ object: VaultObject) async throws(RecoveryError) -> String? {
        do {
            let flat = String(object.text.map { $0 == "/" ? "-" : $0 })
            let name = try ObjectName("quarantine/\(flat).\(stamp)")
            let target = target
            // Asking the store from one of Swift's own threads would wait for itself.
            let opened = try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
                do {
                    return try target.open(object, cancellation).map { try FileSource($0) }
                } catch {
                    throw RecoveryError.wrapping(error, in: object.text)
                }
            }
            guard let opened else { return nil }
            try await target.store.put(
                name,
                from: opened,
                mode: .writeOnce,
                expectedDigest: nil
            )
            return name.text
        } catch let error as VaultError where error.code == .sourceFailed {
            // It cannot be read, so there is nothing to keep.
            return nil
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    /// Puts a segment; false if its bytes are not the right ones after all.
    private func replace(
        _ object: VaultObject,
        _ segment: SnapshotManifest.Segment,
        _ source: any ByteSource
    ) async throws(RecoveryError) -> Bool {
        do throws(RecoveryError) {
            try await put(object, source, segment.sha256.bytes)
            return true
        } catch  where error.code == .integrity {
            return false
        }
    }

    private func put(
        _ object: VaultObject,
        _ source: any ByteSource,
        _ digest: [UInt8]?
    ) async throws(RecoveryError) {
        do {
            try await target.store.put(
                object.name,
                from: source,
                mode: .replace,
                expectedDigest: digest
            )
        } catch let error as VaultError where error.code == .sourceFailed {
            throw RecoveryError(.integrity, error.message)
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    private func whole(
        _ object: VaultObject,
        _ segment: SnapshotManifest.Segment,
        in place: RepairPlace
    ) async throws(RecoveryError) -> FileSource? {
        try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            guard
                let file = try? place.open(object, byteCount: segment.byteCount, cancellation)
            else { return nil }
            return try? FileSource(file)
        }
    }

    /// The object with its damaged parts replaced; nil unless sources have all of them.
    private func patched(
        _ segment: SnapshotManifest.Segment,
        _ seal: SealedSegment,
        _ ranges: [Range<UInt64>]
    ) async throws(RecoveryError) -> PatchedSource? {
        let object = VaultObject.segment(segment.number)
        return try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            guard let file = try? target.open(object, cancellation) else { return nil }
            var patches: [RangeFile] = []
            for range in ranges {
                if cancellation.isCancelled { throw RecoveryError.cancelled("repairing") }
                guard let patch = part(range, of: object, seal, cancellation) else { return nil }
                patches.append(patch)
            }
            return PatchedSource(file: file, patches: patches, byteCount: segment.byteCount)
        }
    }

    /// A part from the first source whose bytes prove right.
    private func part(
        _ range: Range<UInt64>,
        of object: VaultObject,
        _ seal: SealedSegment,
        _ cancellation: Cancellation
    ) -> RangeFile? {
        for place in sources {
            guard let file = try? place.open(object, byteCount: seal.byteCount, cancellation),
                let bytes = try? file.read(at: range.lowerBound, byteCount: range.count),
                bytes.count == range.count
            else { continue }
            let part = RangeFile(bytes, at: range.lowerBound, of: file.path)
            if SegmentDamage(seal: seal).isRight(range, in: part) { return part }
        }
        return nil
    }
}
