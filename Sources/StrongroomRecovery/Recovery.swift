import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
package import Strongroom
public import StrongroomVaults
import Synchronization
public import SystemPackage

/// Brings an archive back from a vault.
///
/// Nothing but the vault and a key is needed, and, where it is kept apart, the keyring. The key is
/// tried before anything large is fetched. Every segment is hashed while it streams and must be as the
/// signed manifest says. It may be stopped or killed at any point and run again: what was fetched is
/// not fetched again. The archive appears in one step, at the end.
public struct Recovery: Sendable {
    private let store: any ObjectStore
    private let keys: VaultKeys
    private let files: any FileSystem
    private let configuration: ArchiveConfiguration
    private let parallelism: Int
    let clock: RecoveryClock

    /// Prepares to recover from a vault.
    ///
    /// `parallelism` is how many segments are fetched at a time.
    public init(
        from store: any ObjectStore,
        unlocking keys: VaultKeys,
        parallelism: Int = 3,
        clock: RecoveryClock = .system
    ) {
        self.init(
            from: store,
            unlocking: keys,
            on: PosixFileSystem(),
            parallelism: parallelism,
            clock: clock
        )
    }

    package init(
        from store: any ObjectStore,
        unlocking keys: VaultKeys,
        on files: any FileSystem,
        configuration: ArchiveConfiguration = ArchiveConfiguration(),
        parallelism: Int = 3,
        clock: RecoveryClock = .system
    ) {
        self.store = store
        self.keys = keys
        self.files = files
        self.configuration = configuration
        self.parallelism = parallelism
        self.clock = clock
    }

    /// Recovers a snapshot, the newest if none is named, into a directory that is empty or not there,
    /// or that holds an interrupted recovery of the same snapshot, which goes on.
    ///
    /// The result lists what the vault lacks; if the snapshot needs any of it, the result is not
    /// complete and there is no archive yet.
    ///
    /// - Throws: `wrongKey`, `keyringMissing`, `noSnapshot`, `notFound` before anything is written;
    ///   `alreadyExists` if anything else is at `path`; `integrity` if nothing can be proved.
    public func run(
        to path: FilePath,
        snapshot id: String? = nil,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> RecoveryResult {
        let start = clock.elapsed()
        let (target, request) = (
            RecoveryTarget(path, on: files),
            Request(path: path, snapshot: id, start: start, progress: progress)
        )
        // Before the key is tried, which takes a while.
        _ = try await LocalFiles.pool.run { () throws(RecoveryError) in try target.inspect() }
        let vault = try await UnlockedVault.open(store, keys)
        return try await run(vault, request) { _ throws(ArchiveError) in }.result
    }

    /// What is to be recovered, and where.
    struct Request: Sendable {
        let path: FilePath
        let snapshot: String?
        /// The moment from which times are measured.
        let start: Duration
        let progress: ProgressHandler?
    }

    /// Recovers from an opened vault and inspects the archive while it is open for the first time;
    /// nil if it did not come to that.
    func run<Inspection: Sendable>(
        _ vault: UnlockedVault,
        _ request: Request,
        inspect: @escaping @Sendable (Engine) throws(ArchiveError) -> Inspection
    ) async throws(RecoveryError) -> (result: RecoveryResult, inspection: Inspection?) {
        try RecoveryError.checkCancellation("recovering")
        let target = RecoveryTarget(request.path, on: files)
        let begun = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try target.inspect()
        }
        let chosen = try choose(request.snapshot, vault, begun, at: request.path)
        var result = RecoveryResult(vault, chosen)
        let purpose = RecoveryTarget.Interrupted(
            archive: result.archive,
            snapshot: result.snapshot
        )
        let lock = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try target.begin(purpose)
        }
        let knownCount = result.findings.count
        try await fetch(chosen.manifest, vault, target, request.progress, &result)
        var inspection: Inspection?
        if result.findings.count == knownCount {
            try RecoveryError.checkCancellation("recovering")
            let history = vault.history(of: chosen)
            try await LocalFiles.pool.run { () throws(RecoveryError) in
                try target.finish(vault, snapshots: history)
                do throws(SystemError) { try lock.close() } catch { throw RecoveryError(error) }
            }
            inspection = try await open(request, &result, inspect)
        }
        result.duration = clock.elapsed() - request.start
        return (result, inspection)
    }

    private func choose(
        _ id: String?,
        _ vault: UnlockedVault,
        _ begun: RecoveryTarget.Interrupted?,
        at path: FilePath
    ) throws(RecoveryError) -> StoredManifest {
        guard let begun else { return try vault.snapshot(id) }
        guard begun.archive == vault.document.archiveID.hex, id == nil || id == begun.snapshot
        else {
            throw RecoveryError(
                .alreadyExists,
                "\(path.string) holds an interrupted recovery of snapshot \(begun.snapshot) of "
                    + "archive \(begun.archive); go on with that, or recover into another directory"
            )
        }
        return try vault.snapshot(begun.snapshot)
    }

    private func fetch(
        _ manifest: SnapshotManifest,
        _ vault: UnlockedVault,
        _ target: RecoveryTarget,
        _ progress: ProgressHandler?,
        _ result: inout RecoveryResult
    ) async throws(RecoveryError) {
        try await requireRoom(manifest, target)
        let meter = ProgressMeter(
            .fetching,
            byteCount: manifest.segmentByteCount,
            objectCount: manifest.segments.count,
            progress
        )
        let fetch = SegmentFetch(
            store: store,
            contents: vault.contents,
            target: target,
            meter: meter
        )
        let outcomes = Mutex<[SegmentNumber: SegmentFetch.Outcome]>([:])
        let collect: @Sendable (SegmentNumber, SegmentFetch.Outcome) -> Void = { number, outcome in
            outcomes.withLock { $0[number] = outcome }
        }
        try await forEach(manifest.segments, atATime: parallelism, "recovering") { segment in
            collect(segment.number, try await fetch.run(segment))
        }
        let found = outcomes.withLock { $0 }
        for segment in manifest.segments {
            if let outcome = found[segment.number] {
                result.add(outcome, byteCount: segment.byteCount)
            }
        }
    }

    /// Says at once that the disk is too small, rather than after hours.
    private func requireRoom(
        _ manifest: SnapshotManifest,
        _ target: RecoveryTarget
    ) async throws(RecoveryError) {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            do {
                var needed: UInt64 = 0
                for segment in manifest.segments {
                    let path = target.layout.segments.appending(segment.number.stem + ".seg")
                    if try target.files.status(of: path) == nil { needed += segment.byteCount }
                }
                let available = try target.files.availableByteCount(at: target.layout.root)
                guard available < needed else { return }
                throw RecoveryError(
                    .full,
                    "cannot recover into \(target.layout.root.string): \(needed) bytes are needed "
                        + "and \(available) are free; make room and run it again"
                )
            } catch {
                throw RecoveryError.wrapping(error, in: target.layout.root.string)
            }
        }
    }

    /// Opens the archive, which builds its index, and reads a record to see that it lives.
    private func open<Inspection: Sendable>(
        _ request: Request,
        _ result: inout RecoveryResult,
        _ inspect: @escaping @Sendable (Engine) throws(ArchiveError) -> Inspection
    ) async throws(RecoveryError) -> Inspection {
        _ = ProgressMeter(.indexing, request.progress)
        let address = ArchiveAddress(
            files,
            request.path,
            credential: keys.credential,
            configuration: configuration
        )
        let clock = clock
        let (first, newest, inspection) = try await LocalFiles.pool.run {
            () throws(RecoveryError) -> (Duration?, Int64?, Inspection) in
            do throws(ArchiveError) {
                let engine = try Engine.open(address)
                let first = try Self.readFirstRecord(engine) ? clock.elapsed() : nil
                let newest = engine.readState.link
                let inspection = try inspect(engine)
                try engine.close()
                return (
                    first, newest.lastSequence > 0 ? newest.time.microseconds : nil, inspection
                )
            } catch {
                throw RecoveryError(error)
            }
        }
        result.isComplete = true
        result.newestRecordTime = newest
        result.timeToFirstRecord = first.map { $0 - request.start }
        return inspection
    }

    private static func readFirstRecord(_ engine: Engine) throws(ArchiveError) -> Bool {
        let records = RecordReader(log: engine.reader, keys: engine.keys)
        let view = ArchiveView(engine.readState, reader: records)
        var isThere = false
        try view.forEachInOrder { record in
            try view.forEachPiece(of: record) { _ in }
            isThere = true
            return false
        }
        return isThere
    }
}
