import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomVaults
import SystemPackage

// What each scenario takes away, and the way back from it.
extension Rehearsal {
    /// The snapshot that was asked for.
    private var moment: RecoveryMoment { options.snapshot.map(RecoveryMoment.snapshot) ?? .newest }

    /// Nothing is left but the vault and a key.
    mutating func loseHost(_ path: FilePath) async throws(RecoveryError) {
        let start = clock.elapsed()
        let vault = try await open(store)
        let id = RecoveryMoment.snapshot(try vault.snapshot(at: moment).manifest.id)
        try await readFirst(vault, from: store, at: id, since: start)
        try await recover(vault, from: store, to: path, at: id, since: start)
    }

    /// The log is there and the index is not.
    ///
    /// The time counts from there: the log need not come back.
    mutating func loseIndex(_ path: FilePath) async throws(RecoveryError) {
        let vault = try await open(store)
        let chosen = try vault.snapshot(at: moment)
        report.source = DrillReport.Source(chosen)
        let (result, _) = try await recovery(from: store).run(
            vault,
            request(path, at: .snapshot(chosen.manifest.id), since: clock.elapsed())
        ) { _, _ throws(ArchiveError) in }
        report.note(result.findings.dropFirst(vault.findings.count))
        guard result.isComplete else { return }
        try await removeIndex(path)
        let start = clock.elapsed()
        journal.begin("indexing")
        let address = ArchiveAddress(
            files,
            path,
            credential: keys.credential,
            configuration: configuration
        )
        let (clock, progress) = (clock, progress)
        let (manifest, publicKey) = (chosen.manifest, vault.publicKey)
        let (first, proof) = try await LocalFiles.pool.run {
            () throws(RecoveryError) -> (Duration?, Proof) in
            do throws(ArchiveError) {
                let engine = try Engine.open(address)
                let first = try Recovery.readFirstRecord(engine) ? clock.elapsed() : nil
                let proof = try Self.prove(engine, nil, manifest, publicKey, progress)
                try engine.close()
                return (first, proof)
            } catch {
                throw RecoveryError(error)
            }
        }
        report.timeToFirstRecord = first.map { $0 - start }
        report.timeToVerified = clock.elapsed() - start
        report.history = proof.history
        // The log was never lost.
        report.lossWindow = .zero
        compare(proof.verification, chosen, snapshots: vault.history(of: chosen).count)
    }

    private mutating func removeIndex(_ path: FilePath) async throws(RecoveryError) {
        let (files, directory) = (files, ArchiveLayout(path).indexDirectory)
        let names = try await LocalFiles.pool.run { () throws(RecoveryError) in
            do throws(SystemError) {
                let names = try files.names(in: directory)
                for name in names { try files.remove(directory.appending(name)) }
                return names
            } catch {
                throw RecoveryError(error)
            }
        }
        report.staged = names.map { "index/\($0.string) is gone" }
    }

    /// A bit of a segment has turned, which must be seen, and another vault has the segment whole.
    mutating func damageVault(_ path: FilePath) async throws(RecoveryError) {
        let whole = try await open(store)
        let chosen = try whole.snapshot(at: moment)
        report.source = DrillReport.Source(chosen)
        guard let other = options.otherVault else {
            throw RecoveryError(
                .invalid,
                "a damaged vault is mended from another one, and none was named; ship to a second "
                    + "vault and name it (`--other-vault`)"
            )
        }
        let segments = chosen.manifest.segments
        guard !segments.isEmpty else {
            throw RecoveryError(.invalid, "the snapshot has no segment that could be damaged")
        }
        let victim = segments[segments.count / 2]
        let object = VaultObject.segment(victim.number)
        let damaged = StagedStore(store, [try object.name: .flipped(at: victim.byteCount / 2)])
        report.staged = ["\(object.text), offset \(victim.byteCount / 2): a bit is turned"]

        let start = clock.elapsed()
        let id = RecoveryMoment.snapshot(chosen.manifest.id)
        try await readFirst(whole, from: damaged, at: id, since: start)
        let (first, _) = try await recovery(from: damaged).run(
            whole,
            request(path, at: id, since: start)
        ) { _, _ throws(ArchiveError) in }
        let found = first.findings.dropFirst(whole.findings.count)
        guard found.contains(where: { $0.object == object.text }) else {
            report.conclude(
                .failed,
                DrillReport.Reason.mismatch,
                "\(object.text) was damaged for the rehearsal, and nothing noticed it"
            )
            return
        }
        report.note(found.filter { $0.object != object.text })
        journal.begin("opening the other vault")
        let mender = try await open(other)
        guard mender.document.archiveID == whole.document.archiveID else {
            throw RecoveryError(.foreign, "the other vault is of another archive")
        }
        try await recover(mender, from: other, to: path, at: id, since: start)
    }

    /// The newest snapshot's manifest is gone; what remains is the one before.
    mutating func deleteSnapshot(_ path: FilePath) async throws(RecoveryError) {
        let whole = try await open(store)
        let newest = VaultObject.manifest(try whole.snapshot(at: moment).manifest.id)
        report.staged = ["\(newest.text) is deleted"]
        guard whole.snapshots.count > 1 else {
            report.conclude(
                .failed,
                RecoveryError.Code.noSnapshot.rawValue,
                "the vault has a single snapshot: whoever deletes it takes everything; ship more "
                    + "snapshots, and to more vaults"
            )
            return
        }
        let robbed = StagedStore(store, [try newest.name: .missing])
        let start = clock.elapsed()
        let vault = try await UnlockedVault.open(robbed, keys)
        let id = RecoveryMoment.snapshot(try vault.snapshot(nil).manifest.id)
        try await readFirst(vault, from: robbed, at: id, since: start)
        try await recover(vault, from: robbed, to: path, at: id, since: start)
    }

    /// What came in from a moment on is the attacker's; what was there just before comes back.
    mutating func strike(_ path: FilePath) async throws(RecoveryError) {
        guard let struck = options.referenceTime else {
            throw RecoveryError(.invalid, "say when the attack began (`--lost-at TIME`)")
        }
        let start = clock.elapsed()
        let vault = try await open(store)
        report.staged = [
            "nothing that was recorded at the moment of the attack or later is trusted"
        ]
        let before = RecoveryMoment.time(struck - 1)
        try await readFirst(vault, from: store, at: before, since: start)
        try await recover(vault, from: store, to: path, at: before, since: start)
        guard report.counts != nil, report.source?.recordCount ?? 0 > 0 else { return }
        if report.counts?.recordCount == 0 {
            // Everything is lost, since whenever.
            report.lossWindow = nil
            report.conclude(
                .failed,
                DrillReport.Reason.mismatch,
                "nothing in the vault is older than the attack; keep snapshots for longer"
            )
        }
    }
}
