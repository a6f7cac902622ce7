import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomVaults
import SystemPackage

/// Brings segments from a vault, each hashed while it streams: only what is as its signed manifest
/// says gets its name.
struct SegmentFetch: Sendable {
    let store: any ObjectStore
    let contents: VaultContents
    let target: RecoveryTarget
    let meter: ProgressMeter

    /// What became of one segment.
    enum Outcome: Sendable {
        case fetched
        /// An earlier run had fetched it.
        case present
        case failed(VaultFinding)
    }

    /// Fetches a segment unless it is there and right.
    func run(_ segment: SnapshotManifest.Segment) async throws(RecoveryError) -> Outcome {
        let object = VaultObject.segment(segment.number)
        let path = target.layout.segments.appending(segment.number.stem + ".seg")
        let files = target.files
        let isPresent = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try Self.isRight(path, segment, on: files)
        }
        if isPresent {
            meter.add(byteCount: segment.byteCount, objectCount: 1)
            return .present
        }
        guard let byteCount = contents.objects[object] else {
            return .failed(VaultFinding(.missing, object, "the vault does not have it"))
        }
        guard byteCount == segment.byteCount else {
            return .failed(
                VaultFinding(
                    .damaged,
                    object,
                    "it has \(byteCount) bytes, its snapshot says \(segment.byteCount)"
                )
            )
        }
        if let finding = try await stream(segment, to: path) { return .failed(finding) }
        meter.add(byteCount: 0, objectCount: 1)
        return .fetched
    }

    /// Whether an earlier run has fetched it.
    ///
    /// It is hashed: the disk may have lost what it had.
    private static func isRight(
        _ path: FilePath,
        _ segment: SnapshotManifest.Segment,
        on files: any FileSystem
    ) throws(RecoveryError) -> Bool {
        do {
            guard let status = try files.status(of: path), status.byteCount == segment.byteCount
            else { return false }
            return try Engine.sha256(of: try files.open(path, .read)) == segment.sha256
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    private func stream(
        _ segment: SnapshotManifest.Segment,
        to path: FilePath
    ) async throws(RecoveryError) -> VaultFinding? {
        let object = VaultObject.segment(segment.number)
        let name = try object.name
        do {
            let sink = try await SegmentSink.open(path, on: target.files)
            do {
                if let local = store as? any BlockingStore {
                    try await copy(name, segment.byteCount, of: local, into: sink)
                } else {
                    try await stream(name, segment.byteCount, into: sink)
                }
            } catch let error as VaultError {
                await sink.discard()
                return try await finding(error, object)
            }
            guard try await sink.publish(ifHashed: segment.sha256) else {
                return VaultFinding(
                    .damaged,
                    object,
                    "its SHA-256 is not the one that its snapshot signs"
                )
            }
            return nil
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    private func stream(
        _ name: ObjectName,
        _ byteCount: UInt64,
        into sink: SegmentSink
    ) async throws {
        let stream = ObjectStream(store: store, name: name, byteCount: byteCount)
        try await stream.forEachPiece { bytes in
            try RecoveryError.checkCancellation("recovering")
            try await sink.append(bytes)
            meter.add(byteCount: UInt64(bytes.count))
        }
    }

    /// Bytes that are copied at a time: they are still in the processor's cache when they are hashed.
    private static let copiedByteCount: UInt64 = 512 << 10

    /// Reads, hashes and writes on one thread, in memory that is used again and again.
    private func copy(
        _ name: ObjectName,
        _ byteCount: UInt64,
        of store: any BlockingStore,
        into sink: SegmentSink
    ) async throws {
        let meter = meter
        try await LocalFiles.pool.run { cancellation throws in
            var buffer = [UInt8](repeating: 0, count: Int(min(Self.copiedByteCount, byteCount)))
            var offset: UInt64 = 0
            while offset < byteCount {
                if cancellation.isCancelled { throw RecoveryError.cancelled("recovering") }
                let count = Int(min(UInt64(buffer.count), byteCount - offset))
                if count < buffer.count { buffer.removeLast(buffer.count - count) }
                var target = buffer.mutableSpan
                try store.read(name, at: offset, into: &target)
                try sink.write(buffer.span)
                meter.add(byteCount: UInt64(count))
                offset += UInt64(count)
            }
        }
    }

    /// Tells an object that cannot be read from a vault that does not answer.
    private func finding(
        _ error: VaultError,
        _ object: VaultObject
    ) async throws(RecoveryError) -> VaultFinding {
        switch error.code {
        case .notFound: return VaultFinding(.missing, object, "the vault does not have it")
        case .damaged, .outOfRange: return VaultFinding(.damaged, object, error.message)
        case .unreachable, .refused, .failed:
            // A vault that still gives another object answers: the fault is this object's.
            let document = VaultObject.document
            guard (try? await VaultContents.load(document, from: store)) != nil else {
                throw RecoveryError(error)
            }
            return VaultFinding(.unreadable, object, error.message)
        default: throw RecoveryError(error)
        }
    }
}
