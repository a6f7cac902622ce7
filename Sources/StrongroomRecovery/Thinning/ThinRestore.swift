package import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom
import StrongroomVaults
import Synchronization
public import SystemPackage

/// Brings the segments of a thin archive back from the vaults where they live.
///
/// It needs no key, and the archive may be in use. Each segment is hashed on its way and gets its name
/// only if it is the one that a signed snapshot lists; then its stub goes. It may be stopped or killed
/// at any point and run again.
public struct ThinRestore: Sendable {
    private let path: FilePath
    private let files: any FileSystem
    private let reach: VaultReach
    private let parallelism: Int
    private let clock: RecoveryClock

    /// Prepares to restore the archive in a directory; `vaults` finds the stores that its `thin.json`
    /// names.
    public init(
        archiveAt path: FilePath,
        reaching vaults: @escaping VaultReach,
        parallelism: Int = 2,
        clock: RecoveryClock = .system
    ) {
        self.init(
            archiveAt: path,
            on: PosixFileSystem(),
            reaching: vaults,
            parallelism: parallelism,
            clock: clock
        )
    }

    package init(
        archiveAt path: FilePath,
        on files: any FileSystem,
        reaching vaults: @escaping VaultReach,
        parallelism: Int = 2,
        clock: RecoveryClock = .system
    ) {
        self.path = path
        self.files = files
        reach = vaults
        self.parallelism = parallelism
        self.clock = clock
    }

    /// What restoring has done.
    public struct Result: Sendable {
        /// Segments that came back.
        public internal(set) var segmentCount = 0
        /// Their bytes.
        public internal(set) var byteCount: UInt64 = 0
        /// Segments that no vault has as they were signed.
        public internal(set) var findings: [VaultFinding] = []
        /// How long it took.
        public internal(set) var duration: Duration = .zero
    }

    /// Brings everything back that a vault has; the archive is then as if it had never been thin.
    ///
    /// - Throws: `full` before anything is fetched if there is no room, `unreachable` if no vault
    ///   answers, `locked` if another process thins or restores the archive, `cancelled`.
    public func run(progress: ProgressHandler? = nil) async throws(RecoveryError) -> Result {
        let start = clock.elapsed()
        let layout = ArchiveLayout(path)
        let (lock, wanted, note) = try await LocalFiles.pool.run {
            [files] () throws(RecoveryError) in
            let lock = try ThinningLock.take(layout, on: files)
            let local = try LocalArchive.read(layout.root, on: files)
            let wanted = try Wanted(local, on: files)
            return (lock, wanted, try ThinNote.read(layout, on: files))
        }
        var result = Result()
        var rest = wanted.segments
        let meter = ProgressMeter(
            .fetching,
            byteCount: rest.reduce(0) { $0 + $1.byteCount },
            objectCount: rest.count,
            progress
        )
        var findings: [SegmentNumber: VaultFinding] = [:]
        var failure: RecoveryError?
        for name in note?.vaults ?? [] where !rest.isEmpty {
            do {
                let failed = try await fetch(rest, from: name, meter)
                result.segmentCount += rest.count - failed.count
                result.byteCount += rest.reduce(0) { sum, segment in
                    failed[segment.number] == nil ? sum + segment.byteCount : sum
                }
                findings.merge(failed) { $1 }
                rest.removeAll { failed[$0.number] == nil }
            } catch {
                let error = RecoveryError.wrapping(error, in: name)
                guard error.code == .unreachable || error.code == .refused else { throw error }
                failure = error
            }
        }
        if let failure, !rest.isEmpty { throw failure }
        result.findings = wanted.findings
        for segment in rest {
            let none = "\(layout.thinNote.string) names no vault that has it"
            result.findings.append(
                findings[segment.number]
                    ?? VaultFinding(.missing, .segment(segment.number), none)
            )
        }
        let isWhole = result.findings.isEmpty
        try await LocalFiles.pool.run { [files] () throws(RecoveryError) in
            try Self.tidy(layout, isWhole: isWhole, on: files)
        }
        withExtendedLifetime(lock) {}
        result.duration = clock.elapsed() - start
        return result
    }

    /// What is to be fetched, as signed snapshots list it.
    private struct Wanted: Sendable {
        var segments: [SnapshotManifest.Segment] = []
        var findings: [VaultFinding] = []

        init(_ local: LocalArchive, on files: any FileSystem) throws(RecoveryError) {
            var listed: [SegmentNumber: SnapshotManifest.Segment] = [:]
            for stored in local.snapshots {
                for segment in stored.manifest.segments { listed[segment.number] = segment }
            }
            for number in try SegmentsHere.read(local.layout, on: files).elsewhere {
                if let segment = listed[number] {
                    segments.append(segment)
                } else {
                    let detail = "no snapshot of the archive lists it any more"
                    findings.append(VaultFinding(.missing, .segment(number), detail))
                }
            }
            try requireRoom(local.layout, on: files)
        }

        private func requireRoom(
            _ layout: ArchiveLayout,
            on files: any FileSystem
        ) throws(RecoveryError) {
            let needed = segments.reduce(0) { $0 + $1.byteCount }
            do {
                let available = try files.availableByteCount(at: layout.segments)
                guard available < needed else { return }
                throw RecoveryError(
                    .full,
                    "the segments have \(needed) bytes, and \(layout.segments.string) has room for "
                        + "\(available); nothing was fetched"
                )
            } catch {
                throw RecoveryError.wrapping(error, in: layout.segments.string)
            }
        }
    }

    /// Fetches from one vault; answers with what it could not give.
    private func fetch(
        _ segments: [SnapshotManifest.Segment],
        from name: String,
        _ meter: ProgressMeter
    ) async throws -> [SegmentNumber: VaultFinding] {
        let store = try reach(name)
        let fetch = SegmentFetch(
            store: store,
            contents: try await VaultContents.read(store),
            target: RecoveryTarget(path, on: files),
            meter: meter
        )
        let failed = Mutex<[SegmentNumber: VaultFinding]>([:])
        try await forEach(segments, atATime: parallelism, "restoring \(path.string)") { segment in
            if case .failed(let finding) = try await fetch.run(segment) {
                failed.withLock { $0[segment.number] = finding }
            }
        }
        return failed.withLock { $0 }
    }

    /// Removes the stubs of segments that are here, and when none is left the rest of being thin.
    private static func tidy(
        _ layout: ArchiveLayout,
        isWhole: Bool,
        on files: any FileSystem
    ) throws(RecoveryError) {
        do {
            let here = try SegmentsHere.read(layout, on: files)
            for number in here.stubs where here.sealed.contains(number) {
                try files.remove(SegmentStub.path(of: number, in: layout.segments))
            }
            try files.synchronizeDirectory(layout.segments)
            guard isWhole else { return }
            if try files.status(of: layout.cache) != nil {
                for name in try files.names(in: layout.cache) {
                    try files.remove(layout.cache.appending(name))
                }
                try files.removeDirectory(layout.cache)
            }
            if try files.status(of: layout.thinNote) != nil { try files.remove(layout.thinNote) }
            try files.synchronizeDirectory(layout.root)
        } catch {
            throw RecoveryError.wrapping(error, in: layout.root.string)
        }
    }
}
