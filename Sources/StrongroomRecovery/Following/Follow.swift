import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
public import StrongroomVaults
import Synchronization
public import SystemPackage

/// Keeps a vault as far as the archive is, while others write to the archive.
///
/// Each step sends new snapshots, sealed segments that no snapshot lists yet, and what was committed to
/// the active segment since the last step, as a part. So what is lost with the machine is what was
/// written since the last step. It needs no key, and may be stopped or killed at any point. Steps
/// are for one caller at a time.
public final class Follow: Sendable {
    private let path: FilePath
    private let files: any FileSystem
    private let store: any ObjectStore
    private let clock: RecoveryClock
    private let state = Mutex(State())

    private struct State: Sendable {
        var tail: ActiveTail?
        var document: ArchiveDocument?
        /// What the archive's directory held when all of it was in the vault.
        var shipped: [String]?
        /// The last segment that a snapshot lists; all up to it are in the vault.
        var covered = SegmentNumber(0)
        /// Sealed segments behind it that are in the vault.
        var sent: Set<SegmentNumber> = []
        /// The parts that are in the vault, held against the archive.
        var parts: [SegmentPart] = []
    }

    /// What one step has done, and how far the vault is now.
    public struct Step: Sendable {
        /// Snapshots that became complete, oldest first.
        public internal(set) var snapshots: [String] = []
        /// Objects that were sent.
        public internal(set) var objectCount = 0
        /// Their bytes.
        public internal(set) var byteCount: UInt64 = 0
        /// The last commit of the active segment that is in the vault; nil if there is none behind
        /// the sealed segments.
        public internal(set) var commit: UInt64?
        /// When it was made, in microseconds since 1970.
        public internal(set) var commitTime: Int64?
    }

    /// Prepares to follow the archive in a directory; the vault's place must exist.
    public convenience init(
        archiveAt path: FilePath,
        to store: any ObjectStore,
        clock: RecoveryClock = .system
    ) {
        self.init(archiveAt: path, on: ArchiveLayout(path).fileSystem(), to: store, clock: clock)
    }

    package init(
        archiveAt path: FilePath,
        on files: any FileSystem,
        to store: any ObjectStore,
        clock: RecoveryClock = .system
    ) {
        self.path = path
        self.files = files
        self.store = store
        self.clock = clock
    }

    /// Brings the vault up to what is committed now.
    ///
    /// After an error the next step goes on where this one stopped.
    ///
    /// - Throws: `noSnapshot` if the archive has none yet; as ``Ship/plan(snapshot:keyring:)`` and
    ///   ``Ship/carryOut(_:progress:)``; `conflict` if the vault has parts of another history.
    public func step(keyring: KeyringPlacement? = nil) async throws(RecoveryError) -> Step {
        var step = Step()
        try await shipSnapshots(keyring, &step)
        try await shipSealed(&step)
        try await shipPart(&step)
        await tidy()
        return step
    }

    /// Steps until the task is cancelled, which is its ordinary end.
    ///
    /// `report` hears of each step. A vault that does not answer is tried again, at the latest after
    /// a minute; every wait is bounded.
    ///
    /// - Throws: what ``step(keyring:)`` throws and trying again does not mend.
    public func run(
        every interval: Duration,
        keyring: KeyringPlacement? = nil,
        report: @Sendable (Result<Step, RecoveryError>) -> Void
    ) async throws(RecoveryError) {
        var delay = interval
        while !Task.isCancelled {
            do throws(RecoveryError) {
                report(.success(try await step(keyring: keyring)))
                delay = interval
            } catch {
                if Task.isCancelled { return }
                guard error.mayPass else { throw error }
                report(.failure(error))
                delay = max(interval, min(delay * 2, .seconds(60)))
            }
            try? await Task.sleep(for: delay)
        }
    }
}

extension RecoveryError {
    /// Whether the same may succeed later.
    fileprivate var mayPass: Bool {
        switch code {
        case .unreachable, .refused, .full, .system: true
        default: false
        }
    }
}

extension Follow {
    // MARK: Snapshots

    /// Ships as if asked to, when anything in the archive is new that shipping looks at.
    private func shipSnapshots(
        _ keyring: KeyringPlacement?,
        _ step: inout Step
    ) async throws(RecoveryError) {
        let (path, files) = (path, files)
        let seen = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try FollowedArchive.look(path, on: files)
        }
        guard state.withLock({ $0.shipped }) != seen else { return }
        let ship = Ship(archiveAt: path, on: files, to: store, clock: clock)
        let result = try await ship.carryOut(try await ship.plan(keyring: keyring))
        step.snapshots = result.snapshots
        step.objectCount += result.sentObjectCount
        step.byteCount += result.sentByteCount
        let known = Set(state.withLock { $0.parts })
        let parts = try await SegmentPart.list(store)
        let archive = try await LocalFiles.pool.run { () throws(RecoveryError) in
            let archive = try FollowedArchive(path, on: files)
            for part in parts where !known.contains(part) { try archive.require(part) }
            return archive
        }
        state.withLock { state in
            state.tail = state.tail ?? archive.tail
            state.document = archive.document
            state.covered = archive.covered
            state.sent = state.sent.filter { $0 > archive.covered }
            state.parts = parts
            state.shipped = seen
        }
    }

    // MARK: Behind the snapshots

    /// Sends sealed segments behind the newest snapshot's.
    private func shipSealed(_ step: inout Step) async throws(RecoveryError) {
        let (path, files) = (path, files)
        let (covered, sent, document) = state.withLock { ($0.covered, $0.sent, $0.document) }
        guard let document else { return }
        let numbers = try await LocalFiles.pool.run { () throws(RecoveryError) in
            try FollowedArchive.sealed(path, on: files)
        }
        for number in numbers where number > covered && !sent.contains(number) {
            try RecoveryError.checkCancellation("shipping")
            let name = try VaultObject.segment(number).name
            do {
                if try await store.status(name) == nil {
                    let (source, digest) = try await LocalFiles.pool.run {
                        () throws(RecoveryError) in
                        try FollowedArchive.source(of: number, document, path, on: files)
                    }
                    try await store.put(
                        name,
                        from: source,
                        mode: .writeOnce,
                        expectedDigest: digest.bytes
                    )
                    step.objectCount += 1
                    step.byteCount += source.byteCount
                }
            } catch {
                throw RecoveryError.wrapping(error, in: name.text)
            }
            state.withLock { _ = $0.sent.insert(number) }
        }
    }

    /// Sends what was committed to the active segment since the last part.
    private func shipPart(_ step: inout Step) async throws(RecoveryError) {
        guard let tail = state.withLock({ $0.tail }) else { return }
        let path = path
        let (next, reach) = try await LocalFiles.pool.run { () throws(RecoveryError) in
            var tail = tail
            do throws(LogError) {
                let reach = try tail.look()
                return (tail, reach)
            } catch {
                throw RecoveryError.wrapping(error, in: path.string)
            }
        }
        state.withLock { $0.tail = next }
        guard let reach else { return }
        step.commit = reach.link.number
        step.commitTime = reach.link.time.microseconds
        let chain = SegmentPart.chain(state.withLock { $0.parts }, of: reach.segment)
        guard chain.last?.end ?? 0 < reach.end else { return }
        let (start, replaced) = SegmentPart.join(chain, upTo: reach.end)
        let source = FileRangeSource(file: reach.file, start: start, byteCount: reach.end - start)
        do {
            let digest = try await LocalFiles.pool.run { try source.sha256() }
            let part = SegmentPart(
                segment: reach.segment,
                start: start,
                end: reach.end,
                sha256: digest
            )
            // The same part may be there from a step that never heard of its success.
            try await store.put(
                try ObjectName(part.text),
                from: source,
                mode: .replace,
                expectedDigest: digest.bytes
            )
            state.withLock { $0.parts.append(part) }
        } catch {
            throw RecoveryError.wrapping(error, in: "parts of segment \(reach.segment.value)")
        }
        step.objectCount += 1
        step.byteCount += source.byteCount
        await remove(replaced)
    }

    /// Takes away parts of segments that are in the vault whole.
    ///
    /// Those of the last one stay until there is a snapshot or a part behind it: they say that
    /// segments without a snapshot belong to the archive.
    private func tidy() async {
        let surplus = state.withLock { state in
            state.parts.filter { part in
                part.segment <= state.covered
                    || (state.sent.contains(part.segment)
                        && state.parts.contains { $0.segment > part.segment })
            }
        }
        await remove(surplus)
    }

    /// What a vault keeps although it is not needed does no harm.
    private func remove(_ parts: [SegmentPart]) async {
        for part in parts {
            if let name = try? ObjectName(part.text) { try? await store.remove(name) }
            state.withLock { $0.parts.removeAll { $0 == part } }
        }
    }
}
