package import ArchiveFileIO
import ArchiveFormat
import Strongroom
public import StrongroomVaults
public import SystemPackage

/// Sends an archive's snapshots to a vault.
///
/// It needs no key: what it sends is sealed. Objects are written once and are byte for byte the
/// archive's own files. It may be stopped or killed at any point and run again: what is in the vault
/// is not sent again. The archive may be written to meanwhile.
public struct Ship: Sendable {
    private let path: FilePath
    private let files: any FileSystem
    private let store: any ObjectStore
    private let parallelism: Int
    private let clock: RecoveryClock
    /// Waits for a prune, the longer the more often it has; tests do not.
    package var pause = ShipGate.usualPause

    /// Prepares to ship the archive in a directory to a vault.
    ///
    /// The vault's place must exist; see ``DirectoryStore/create()``. `parallelism` is how many
    /// segments are sent at a time.
    public init(
        archiveAt path: FilePath,
        to store: any ObjectStore,
        parallelism: Int = 3,
        clock: RecoveryClock = .system
    ) {
        self.init(
            archiveAt: path,
            on: ArchiveLayout(path).fileSystem(),
            to: store,
            parallelism: parallelism,
            clock: clock
        )
    }

    /// Prepares to copy what one vault has to another, without a key.
    ///
    /// Every segment is held against its snapshot on the way. What the first has lost or what is
    /// damaged in it is an error; see ``Repair``.
    public init(
        copying vault: any ObjectStore,
        to store: any ObjectStore,
        parallelism: Int = 3,
        clock: RecoveryClock = .system
    ) {
        let files = VaultFileSystem(vault, Cancellation())
        self.init(
            archiveAt: files.root,
            on: files,
            to: store,
            parallelism: parallelism,
            clock: clock
        )
    }

    package init(
        archiveAt path: FilePath,
        on files: any FileSystem,
        to store: any ObjectStore,
        parallelism: Int = 3,
        clock: RecoveryClock = .system
    ) {
        self.path = path
        self.files = files
        self.store = store
        self.parallelism = parallelism
        self.clock = clock
    }

    /// Compares the archive with the vault; sends nothing.
    ///
    /// All snapshots that the vault lacks are planned, or the one that is named. `keyring` says where
    /// the keyring belongs when the vault is begun; nil takes what the vault says, for a new one
    /// ``KeyringPlacement/within``.
    ///
    /// - Throws: `foreign` if the vault is another archive's, `integrity` if an object in it has the
    ///   wrong length, `conflict` if archive and vault were written to apart, `noSnapshot` if there
    ///   is none to ship.
    public func plan(
        snapshot: String? = nil,
        keyring: KeyringPlacement? = nil
    ) async throws(RecoveryError) -> ShipPlan {
        let (path, files) = (path, files)
        let local = try await LocalFiles.pool.run { () throws(RecoveryError) in
            do throws(RecoveryError) {
                return try LocalArchive.read(path, on: files)
            } catch {
                // A vault that is copied can say more than a file system.
                if let failure = (files as? VaultFileSystem)?.failure {
                    throw RecoveryError(failure)
                }
                throw error
            }
        }
        let vault = try await VaultContents.read(store)
        try await refuseForeignPlace(vault)
        try await refuseOtherHistory(local, vault)
        let ledger = try await PruneLedger.read(store, local.document)
        var planner = ShipPlanner(local, vault, pruned: Set(ledger.snapshots.keys))
        return try planner.plan(snapshot: snapshot, keyring: keyring)
    }

    /// Sends what a plan says, in its order.
    ///
    /// Each segment is hashed on its way; one that is not what its manifest says is never seen in
    /// the vault.
    ///
    /// - Throws: `integrity` if a file of the archive is damaged, `cancelled` if the task was.
    @discardableResult
    public func carryOut(
        _ plan: ShipPlan,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> ShipResult {
        let start = clock.elapsed()
        let meter = ProgressMeter(
            .sending,
            byteCount: plan.byteCount,
            objectCount: plan.steps.count,
            progress
        )
        let gate = ShipGate(store: store, document: plan.document, pause: pause)
        let isPruned = try await gate.isNeeded()
        var segments: [ShipPlan.Step] = []
        for step in plan.steps {
            // Segments may overtake each other, nothing else may overtake a segment.
            if case .file = step.content {
                segments.append(step)
            } else {
                try await send(segments, meter)
                segments = []
                try RecoveryError.checkCancellation("shipping")
                let sender = ShipSender(store, files, meter)
                if isPruned, case .manifest(let id) = step.object, let new = plan.manifests[id] {
                    try await gate.pass(
                        new,
                        send: { lacking throws(RecoveryError) in
                            try await send(lacking.map(plan.step), meter)
                        },
                        put: { () throws(RecoveryError) in try await sender.send(step) }
                    )
                } else {
                    try await sender.send(step)
                }
            }
        }
        try await send(segments, meter)
        // A first prune may have begun meanwhile; then what it took is sent again.
        if !isPruned, let newest = plan.snapshots.last.flatMap({ plan.manifests[$0] }),
            try await gate.isNeeded()
        {
            try await send(try await gate.lacking(newest).map(plan.step), meter)
        }
        let givenUp = await Leftovers.clear(store, now: clock.now())
        return ShipResult(
            plan: plan,
            givenUpUploadCount: givenUp,
            duration: clock.elapsed() - start
        )
    }

    private func send(
        _ segments: [ShipPlan.Step],
        _ meter: ProgressMeter
    ) async throws(RecoveryError) {
        let sender = ShipSender(store, files, meter)
        try await forEach(segments, atATime: parallelism, "shipping") { step in
            try await sender.send(step)
        }
    }

    /// A place that holds other things and nothing of a vault is hardly meant to be one.
    private func refuseForeignPlace(_ vault: VaultContents) async throws(RecoveryError) {
        guard try await !vault.isArchive(store) else {
            throw RecoveryError(
                .foreign,
                "the place is the directory of an archive; name a vault, or an empty or new place"
            )
        }
        guard vault.isEmpty else { return }
        guard let other = try await VaultContents.listing(store, prefix: "").first else { return }
        throw RecoveryError(
            .foreign,
            "the place holds \(other.name) and is no vault; name an empty one, or a vault"
        )
    }

    /// Refuses a vault whose snapshots contradict the archive's: it was recovered elsewhere, written
    /// to, and shipped from there.
    private func refuseOtherHistory(
        _ local: LocalArchive,
        _ vault: VaultContents
    ) async throws(RecoveryError) {
        var segments: [SegmentNumber: SnapshotManifest.Segment] = [:]
        for stored in local.snapshots {
            for segment in stored.manifest.segments { segments[segment.number] = segment }
        }
        let known = Set(local.snapshots.map(\.manifest.id))
        for id in vault.manifestIDs where !known.contains(id) {
            let object = VaultObject.manifest(id)
            let bytes: [UInt8]
            do {
                bytes = try await store.readAll(
                    object.name,
                    limit: VaultContents.limit(of: object)
                )
            } catch {
                throw RecoveryError.wrapping(error, in: object.text)
            }
            // One that does not decode is for verifying to report; it contradicts nothing.
            let other = try? StoredManifest(
                decoding: bytes,
                id: id,
                of: local.document,
                in: object.text
            )
            guard let number = other?.contradiction(to: segments) else { continue }
            throw RecoveryError(
                .conflict,
                "the vault has snapshot \(id), whose segment \(number.value) is not the archive's: "
                    + "the archive went on in two places; ship this one to a vault of its own"
            )
        }
    }
}

/// What shipping has done.
public struct ShipResult: Sendable {
    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// The snapshots that became complete, oldest first.
    public let snapshots: [String]
    /// Objects sent.
    public let sentObjectCount: Int
    /// Bytes sent.
    public let sentByteCount: UInt64
    /// Objects that were in the vault before.
    public let presentObjectCount: Int
    /// Their bytes.
    public let presentByteCount: UInt64
    /// Uploads in parts that were begun a week ago and more and never completed, and were given up now.
    public let givenUpUploadCount: Int
    /// How long it took.
    public let duration: Duration

    init(plan: ShipPlan, givenUpUploadCount: Int, duration: Duration) {
        self.givenUpUploadCount = givenUpUploadCount
        archive = plan.archive
        snapshots = plan.snapshots
        sentObjectCount = plan.steps.count
        sentByteCount = plan.byteCount
        presentObjectCount = plan.presentObjectCount
        presentByteCount = plan.presentByteCount
        self.duration = duration
    }
}
