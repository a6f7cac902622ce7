import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// Which segments hold the log up to a moment.
struct CutSegments: Sendable {
    /// Those that are fetched, in order.
    let segments: [SnapshotManifest.Segment]
    /// Whether the last of them goes on behind the moment.
    let cutsLast: Bool
}

extension LogCut {
    /// Finds the segments up to the moment.
    ///
    /// It reads the ends of a few: each seal says when its segment's last commit was.
    func segments(
        of manifest: SnapshotManifest,
        in store: any ObjectStore,
        publicKey: [UInt8]
    ) async throws(RecoveryError) -> CutSegments {
        try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            let files = VaultFileSystem(store, cancellation)
            let directory = ArchiveLayout(files.root).segmentDirectory(files)
            do {
                var (low, high) = (0, manifest.segments.count)
                // Commits' times and numbers only grow, and so do those of seals.
                while low < high {
                    let middle = (low + high) / 2
                    let segment = try SealedSegment.open(
                        directory,
                        manifest.segments[middle].number,
                        archiveID: manifest.archiveID,
                        publicKey: publicKey
                    )
                    if includes(segment.link) { low = middle + 1 } else { high = middle }
                }
                return CutSegments(
                    segments: Array(manifest.segments.prefix(low + 1)),
                    cutsLast: low < manifest.segments.count
                )
            } catch {
                if let failure = files.failure { throw RecoveryError(failure) }
                throw RecoveryError.wrapping(error, in: "segments")
            }
        }
    }
}

/// Ends a recovered log within its last segment.
///
/// What is kept becomes the active segment, byte for byte: the first opening seals it anew. The whole
/// segment goes only when that is durable, so that a stop in between costs fetching it once more.
struct LogCutting {
    let target: RecoveryTarget
    let document: ArchiveDocument

    /// Cuts the segment; answers with the last commit that is kept in it, nil if there is none.
    func run(
        _ number: SegmentNumber,
        at cut: LogCut
    ) throws(RecoveryError) -> CommitLink? {
        let directory = target.layout.segmentDirectory(target.files)
        let whole = directory.path(.init(number, isSealed: true))
        do {
            let segment = try SealedSegment.open(
                directory,
                number,
                archiveID: document.archiveID,
                publicKey: document.publicKey
            )
            let (last, end) = try find(cut, in: segment)
            if last != nil {
                let kept = directory.path(.init(number, isSealed: false))
                try copy(segment.file, upTo: end, to: kept)
            }
            try target.files.remove(whole)
            try target.files.synchronizeDirectory(whole.directory)
            return last
        } catch {
            throw RecoveryError.wrapping(error, in: whole.string)
        }
    }

    private func find(
        _ cut: LogCut,
        in segment: SealedSegment
    ) throws(LogError) -> (last: CommitLink?, end: UInt64) {
        var end = UInt64(SegmentHeader.byteCount)
        var last: CommitLink?
        var scanner = try BatchScanner(
            segment.file,
            segment: segment.header.number,
            archiveID: document.archiveID,
            logKey: nil,
            after: segment.firstLink,
            at: end
        )
        while let batch = try scanner.next(), cut.includes(batch.link) {
            (last, end) = (batch.link, batch.end)
        }
        return (last, end)
    }

    private func copy(
        _ source: any File,
        upTo end: UInt64,
        to path: FilePath
    ) throws(SystemError) {
        let files = target.files
        let name = (path.lastComponent?.string ?? "") + ".part"
        let temporary = path.directory.appending(name)
        if try files.status(of: temporary) != nil { try files.remove(temporary) }
        let file = try files.open(temporary, .createNew)
        var offset: UInt64 = 0
        while offset < end {
            let bytes = try source.read(
                at: offset,
                byteCount: Int(min(1 << 20, end - offset))
            )
            guard !bytes.isEmpty else { throw SystemError(.read, source.path, .ioError) }
            try file.write(bytes.span, at: offset)
            offset += UInt64(bytes.count)
        }
        try file.synchronize()
        try files.rename(temporary, to: path)
        try files.synchronizeDirectory(path.directory)
        try file.close()
    }
}
