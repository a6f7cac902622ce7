import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import Strongroom
public import StrongroomVaults
import Synchronization
public import SystemPackage

/// Lets sealed segments of an archive live in a vault alone.
///
/// What stays is index, head, keyring, snapshots, the segment that is written to, and of each other a
/// stub of some kilobytes, by which the archive opens, and is written to, without the vault. Records
/// are read from the vault piece by piece; see ``Archive/open(at:unlocking:mode:configuration:reaching:cacheByteLimit:)``.
/// A machine that is lost is recovered from the vault alone, as ever.
///
/// It needs no key, and the archive may be in use. A segment goes only when a signed snapshot in the
/// vault lists it and the vault's copy was read back and has the hash that is signed. Whatever stops it
/// at any point, each segment is here, or its stub is and the vault has it.
public struct Thinning: Sendable {
    private let path: FilePath
    private let files: any FileSystem
    private let store: any ObjectStore
    private let location: String
    private let parallelism: Int
    private let clock: RecoveryClock

    /// Prepares to thin the archive in a directory.
    ///
    /// `location` is how the vault is found again: it is written into the archive, and must not depend
    /// on the working directory.
    public init(
        archiveAt path: FilePath,
        to store: any ObjectStore,
        at location: String,
        parallelism: Int = 2,
        clock: RecoveryClock = .system
    ) {
        self.init(
            archiveAt: path,
            on: PosixFileSystem(),
            to: store,
            at: location,
            parallelism: parallelism,
            clock: clock
        )
    }

    package init(
        archiveAt path: FilePath,
        on files: any FileSystem,
        to store: any ObjectStore,
        at location: String,
        parallelism: Int = 2,
        clock: RecoveryClock = .system
    ) {
        self.path = path
        self.files = files
        self.store = store
        self.location = location
        self.parallelism = parallelism
        self.clock = clock
    }

    // MARK: Planning

    /// Finds what can go; reads no segment and changes nothing.
    ///
    /// The `kept` newest sealed segments stay. With `maximumAge`, a segment that was verified in the
    /// vault not longer ago, by the ledger that the archive's key signs, is not read back.
    ///
    /// - Throws: `noSnapshot` if the vault has none of the archive's, `foreign` if it is another
    ///   archive's, `integrity` if nobody could recover from it, `unreachable`.
    public func plan(
        keeping kept: Int = 0,
        maximumAge: Duration? = nil
    ) async throws(RecoveryError) -> ThinningPlan {
        let (path, files) = (path, files)
        let (local, here, note) = try await LocalFiles.pool.run { () throws(RecoveryError) in
            let local = try LocalArchive.read(path, on: files)
            return (
                local, try SegmentsHere.read(local.layout, on: files),
                try ThinNote.read(local.layout, on: files)
            )
        }
        let vault = try await VaultContents.read(store)
        try requireRecoverable(vault, local)
        let shipped = try await newestShipped(local, vault)
        var vaults = note?.archiveID == local.document.archiveID ? note?.vaults ?? [] : []
        if !vaults.contains(location) { vaults.append(location) }
        var plan = ThinningPlan(
            archive: local.document.archiveID.hex,
            snapshot: shipped.manifest.id,
            document: local.document,
            vaults: vaults
        )
        let newest = Set(here.sealed.suffix(max(0, kept)))
        plan.waitingSegmentCount = here.sealed.count - newest.count
        plan.keptSegmentCount = newest.count
        let proved = try await proved(local.document, maximumAge)
        for segment in shipped.manifest.segments {
            let isHere = here.sealed.contains(segment.number)
            if !isHere { plan.remoteSegmentCount += 1 }
            if isHere, !newest.contains(segment.number) { plan.waitingSegmentCount -= 1 }
            if let finding = Self.finding(segment, vault) {
                // One that left for another vault need not be in this one.
                if isHere || vaults.count == 1 { plan.findings.append(finding) }
            } else if isHere, !newest.contains(segment.number) {
                plan.steps.append(.init(isProved: proved(segment), segment: segment))
            }
        }
        return plan
    }

    /// The vault must give the archive back when nothing else is left.
    private func requireRecoverable(
        _ vault: VaultContents,
        _ local: LocalArchive
    ) throws(RecoveryError) {
        guard vault.documentBytes == local.documentBytes else {
            let document = try vault.document(publicKey: local.document.publicKey)
            throw RecoveryError(
                document.archiveID == local.document.archiveID ? .integrity : .foreign,
                "archive.json in the vault is not the archive's own; verify the vault"
            )
        }
        guard let marker = try vault.marker() else {
            throw RecoveryError(.integrity, "the vault has lost its vault.json; ship again")
        }
        guard marker.keyring == .within else { return }
        let keyring = vault.keyringBytes.flatMap { try? KeyringFile(decoding: $0.span) }
        guard keyring?.archiveID == local.document.archiveID else {
            throw RecoveryError(
                .integrity,
                "keyring.json is missing from the vault or damaged in it: nobody could open what is "
                    + "there; ship again"
            )
        }
    }

    private func newestShipped(
        _ local: LocalArchive,
        _ vault: VaultContents
    ) async throws(RecoveryError) -> StoredManifest {
        for stored in local.snapshots.reversed() {
            let object = VaultObject.manifest(stored.manifest.id)
            guard vault.objects[object] != nil else { continue }
            guard try await VaultContents.load(object, from: store) == stored.bytes else {
                throw RecoveryError(
                    .integrity,
                    "\(object.text) in the vault is not the archive's own; verify the vault"
                )
            }
            return stored
        }
        throw RecoveryError(
            .noSnapshot,
            "the vault has no snapshot of the archive: make one and ship it first (`strongroom "
                + "snapshot`, `strongroom ship`)"
        )
    }

    private static func finding(
        _ segment: SnapshotManifest.Segment,
        _ vault: VaultContents
    ) -> VaultFinding? {
        let object = VaultObject.segment(segment.number)
        guard let byteCount = vault.objects[object] else {
            return VaultFinding(.missing, object, "the vault does not have it")
        }
        guard byteCount != segment.byteCount else { return nil }
        return VaultFinding(
            .damaged,
            object,
            "it has \(byteCount) bytes, its snapshot says \(segment.byteCount)"
        )
    }

    /// What the vault's ledger says was proved.
    private func proved(
        _ document: ArchiveDocument,
        _ maximumAge: Duration?
    ) async throws(RecoveryError) -> (SnapshotManifest.Segment) -> Bool {
        guard let maximumAge else { return { _ in false } }
        let now = clock.now()
        let ledger = try await VaultLedger.read(
            store,
            of: document.archiveID,
            trusting: [Hex.encode(document.publicKey)],
            at: Timestamp(microseconds: now)
        )
        return { segment in
            guard let check = ledger.last(SegmentMark(segment), .hashes), check.isSound else {
                return false
            }
            return check.time.microseconds >= now - maximumAge.microseconds
        }
    }

    // MARK: Carrying out

    /// Proves each segment in the vault, and then lets it go.
    ///
    /// What the vault does not have as it was signed stays here and is in the result's findings.
    ///
    /// - Throws: `locked` if another process thins or restores the archive, `unreachable`, `full`,
    ///   `cancelled`; what went until then is consistent.
    public func carryOut(
        _ plan: ThinningPlan,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> ThinningResult {
        let start = clock.elapsed()
        let layout = ArchiveLayout(path)
        let files = files
        let lock = try await LocalFiles.pool.run { () throws(RecoveryError) in
            let lock = try ThinningLock.take(layout, on: files)
            // Before the first segment goes: whoever meets its stub asks here where it lives.
            try ThinNote(archiveID: plan.document.archiveID, vaults: plan.vaults)
                .write(layout, on: files)
            return lock
        }
        let meter = ProgressMeter(
            .verifying,
            byteCount: plan.byteCount,
            objectCount: plan.steps.count,
            progress
        )
        let result = Mutex(ThinningResult(findings: plan.findings))
        let eviction = Eviction(store, files, layout, plan, meter)
        try await forEach(plan.steps, atATime: parallelism, "thinning \(path.string)") { step in
            let finding = try await eviction.run(step)
            result.withLock { result in
                if let finding { return result.findings.append(finding) }
                result.segmentCount += 1
                result.byteCount += step.byteCount
            }
        }
        withExtendedLifetime(lock) {}
        return result.withLock { result in
            result.findings.sort { $0.object < $1.object }
            result.duration = clock.elapsed() - start
            return result
        }
    }
}
