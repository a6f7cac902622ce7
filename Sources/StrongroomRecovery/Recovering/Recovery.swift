import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
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
    let store: any ObjectStore
    let keys: VaultKeys
    let files: any FileSystem
    let configuration: ArchiveConfiguration
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

    /// Recovers a snapshot, the newest if none is named; see ``run(to:at:besideOthers:progress:)``.
    public func run(
        to path: FilePath,
        snapshot id: String? = nil,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> RecoveryResult {
        try await run(to: path, at: id.map(RecoveryMoment.snapshot) ?? .newest, progress: progress)
    }

    /// Recovers the archive as of a moment into a directory that is empty or not there, or that holds
    /// an interrupted recovery of the same, which goes on.
    ///
    /// With `besideOthers` the directory may hold other files, which are left alone; never an archive.
    /// The result lists what the vault lacks; if any of it is needed, the result is not complete and
    /// there is no archive yet. An archive as of a time or record is a history of its own once it is
    /// written to: it ships to a vault of its own.
    ///
    /// - Throws: `wrongKey`, `keyringMissing`, `noSnapshot`, `notFound` before anything is written;
    ///   `alreadyExists` if anything else is at `path`; `integrity` if nothing can be proved.
    public func run(
        to path: FilePath,
        at moment: RecoveryMoment,
        besideOthers: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> RecoveryResult {
        let start = clock.elapsed()
        let request = Request(
            path: path,
            moment: moment,
            besideOthers: besideOthers,
            start: start,
            progress: progress
        )
        let target = target(of: request)
        // Before the key is tried, which takes a while.
        _ = try await LocalFiles.pool.run { () throws(RecoveryError) in try target.inspect() }
        let vault = try await UnlockedVault.open(store, keys)
        return try await run(vault, request) { _, _ throws(ArchiveError) in }.result
    }

    /// What is to be recovered, and where.
    struct Request: Sendable {
        let path: FilePath
        let moment: RecoveryMoment
        var besideOthers = false
        /// The moment from which times are measured.
        let start: Duration
        let progress: ProgressHandler?
        /// Proves segments as they come, and hears when that begins and ends; nil if nobody asks for it.
        var watchProof: (@Sendable (Bool) -> Void)?
    }

    private func target(of request: Request) -> RecoveryTarget {
        RecoveryTarget(request.path, on: files, besideOthers: request.besideOthers)
    }

    /// Recovers from an opened vault and inspects the archive while it is open for the first time,
    /// with what was proved of it on the way; nil if it did not come to that.
    func run<Inspection: Sendable>(
        _ vault: UnlockedVault,
        _ request: Request,
        inspect: @escaping @Sendable (Engine, EarlyProof?) throws(ArchiveError) -> Inspection
    ) async throws(RecoveryError) -> (result: RecoveryResult, inspection: Inspection?) {
        try RecoveryError.checkCancellation("recovering")
        let target = target(of: request)
        let begun = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try target.inspect()
        }
        let purpose = try choose(request.moment, vault, begun, at: request.path)
        let chosen = try vault.snapshot(purpose.snapshot)
        let wanted = try await segments(of: chosen.manifest, at: purpose.cut, vault)
        var result = RecoveryResult(vault, chosen)
        let lock = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try target.begin(purpose)
        }
        let knownCount = result.findings.count
        let proof = request.watchProof.map { watch in
            // What is cut is another segment afterwards.
            EarlyProof(
                wanted.segments.dropLast(wanted.cutsLast ? 1 : 0).map(\.number),
                at: request.path,
                on: files,
                keyring: vault.keyring,
                watch: watch
            )
        }
        defer { proof?.abandon() }
        try await fetch(wanted.segments, vault, target, request.progress, proof, &result)
        var inspection: Inspection?
        if result.findings.count == knownCount {
            try RecoveryError.checkCancellation("recovering")
            let cut = wanted.cutsLast ? purpose.cut : nil
            let isNewest = request.moment == .newest && purpose.cut == nil
            let tail = VaultTail(store: store, vault: vault, target: target)
            try await tail.fetch(behind: isNewest ? chosen : nil, of: chosen, &result)
            try await finish(wanted, cut, vault, chosen, target)
            try await LocalFiles.pool.run { () throws(RecoveryError) in
                do throws(SystemError) { try lock.close() } catch { throw RecoveryError(error) }
            }
            result.isCut = cut != nil
            result.timeToVerified = clock.elapsed() - request.start
            inspection = try await open(request, vault.keyring, wanted.segments, &result) {
                engine throws(ArchiveError) in try inspect(engine, proof)
            }
        }
        result.duration = clock.elapsed() - request.start
        return (result, inspection)
    }

    private func segments(
        of manifest: SnapshotManifest,
        at cut: LogCut?,
        _ vault: UnlockedVault
    ) async throws(RecoveryError) -> CutSegments {
        guard let cut else { return CutSegments(segments: manifest.segments, cutsLast: false) }
        return try await cut.segments(
            of: manifest,
            in: store,
            publicKey: vault.document.publicKey
        )
    }

    /// Ends the log where it was asked for, and makes the place an archive.
    private func finish(
        _ wanted: CutSegments,
        _ cut: LogCut?,
        _ vault: UnlockedVault,
        _ chosen: StoredManifest,
        _ target: RecoveryTarget
    ) async throws(RecoveryError) {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            var history = vault.history(of: chosen)
            if let cut, let last = wanted.segments.last {
                let cutting = LogCutting(target: target, document: vault.document)
                _ = try cutting.run(last.number, at: cut)
                // A snapshot of what is cut off would tell of a loss.
                history.removeAll { $0.manifest.segments.contains { $0.number >= last.number } }
            }
            try target.finish(vault, snapshots: history)
        }
    }

    /// What is to be recovered; what was begun goes on.
    private func choose(
        _ moment: RecoveryMoment,
        _ vault: UnlockedVault,
        _ begun: RecoveryTarget.Interrupted?,
        at path: FilePath
    ) throws(RecoveryError) -> RecoveryTarget.Interrupted {
        let archive = vault.document.archiveID.hex
        guard let begun else {
            return RecoveryTarget.Interrupted(
                archive: archive,
                snapshot: try vault.snapshot(at: moment).manifest.id,
                cut: moment.cut
            )
        }
        var isSame = begun.archive == archive && begun.cut == moment.cut
        if case .snapshot(let id) = moment {
            isSame = isSame && !id.isEmpty && begun.snapshot.hasPrefix(id)
        }
        // Whoever names nothing wants to go on with what was begun.
        guard isSame || (begun.archive == archive && moment == .newest) else {
            throw RecoveryError(
                .alreadyExists,
                "\(path.string) holds an interrupted recovery of snapshot \(begun.snapshot)"
                    + (begun.cut.map { " (\($0.text))" } ?? "")
                    + " of archive \(begun.archive); go on with that, or recover into another "
                    + "directory"
            )
        }
        return begun
    }

    private func fetch(
        _ segments: [SnapshotManifest.Segment],
        _ vault: UnlockedVault,
        _ target: RecoveryTarget,
        _ progress: ProgressHandler?,
        _ proof: EarlyProof?,
        _ result: inout RecoveryResult
    ) async throws(RecoveryError) {
        try await requireRoom(segments, target)
        let meter = ProgressMeter(
            .fetching,
            byteCount: segments.reduce(0) { $0 + $1.byteCount },
            objectCount: segments.count,
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
            switch outcome {
            case .fetched, .present: proof?.arrived(number)
            case .failed: proof?.abandon()
            }
        }
        try await forEach(segments, atATime: parallelism, "recovering") { segment in
            collect(segment.number, try await fetch.run(segment))
        }
        let found = outcomes.withLock { $0 }
        for segment in segments {
            if let outcome = found[segment.number] {
                result.add(outcome, byteCount: segment.byteCount)
            }
        }
    }

    /// Says at once that the disk is too small, rather than after hours.
    private func requireRoom(
        _ segments: [SnapshotManifest.Segment],
        _ target: RecoveryTarget
    ) async throws(RecoveryError) {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            do {
                var needed: UInt64 = 0
                for segment in segments {
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
        _ keyring: Keyring,
        _ segments: [SnapshotManifest.Segment],
        _ result: inout RecoveryResult,
        _ inspect: @escaping @Sendable (Engine) throws(ArchiveError) -> Inspection
    ) async throws(RecoveryError) -> Inspection {
        let meter = ProgressMeter(
            .indexing,
            byteCount: segments.reduce(0) { $0 + $1.byteCount },
            objectCount: segments.count,
            request.progress
        )
        var address = ArchiveAddress(
            files,
            request.path,
            credential: keys.credential,
            configuration: configuration
        )
        // The credential has opened these very bytes.
        address.keyring = keyring
        let ends = segments.reduce(into: (end: UInt64(0), ends: [SegmentNumber: UInt64]())) {
            $0.end += $1.byteCount
            $0.ends[$1.number] = $0.end
        }.ends
        let reached = Reached()
        address.watchIndexing = { number in
            guard let end = ends[number] else { return }
            meter.add(byteCount: reached.advance(to: end), objectCount: 0)
        }
        let (clock, opened) = (clock, address)
        let (first, link, totals, inspection) = try await LocalFiles.pool.run {
            () throws(RecoveryError) -> (Duration?, CommitLink, SegmentTotals, Inspection) in
            do throws(ArchiveError) {
                let engine = try Engine.open(opened)
                let first = try Self.readFirstRecord(engine) ? clock.elapsed() : nil
                let (link, totals) = (engine.readState.link, try engine.sealedTotals())
                let inspection = try inspect(engine)
                try engine.close()
                return (first, link, totals, inspection)
            } catch {
                throw RecoveryError(error)
            }
        }
        result.isComplete = true
        result.lastSequence = link.lastSequence
        if result.isCut || result.followedCommitCount > 0 {
            result.recordCount = totals.recordCount
            result.recordByteCount = totals.recordByteCount
        }
        result.newestRecordTime = link.lastSequence > 0 ? link.time.microseconds : nil
        result.timeToFirstRecord = first.map { $0 - request.start }
        return inspection
    }

    static func readFirstRecord(_ engine: Engine) throws(ArchiveError) -> Bool {
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
