import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom
import StrongroomVaults

extension VaultVerification {
    /// Verifies what a plan says, and adds what was found to the vault's ledger.
    ///
    /// What is damaged is in the report. That the vault takes no entry of the ledger is a note in it
    /// and no error; a verifier may be one who can only read.
    ///
    /// - Throws: as ``run(progress:)``; if the vault stops answering, what was checked until then is
    ///   recorded if that is possible, and the error is thrown.
    public func run(
        _ plan: VerificationPlan,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> VaultReport {
        let start = clock.elapsed()
        let opened = try await open()
        var report: VaultReport
        let known = try await opened.segments(store)
        var run = LedgerRun(
            time: Timestamp(microseconds: clock.now()),
            way: opened.keyring == nil ? .hashes : .contents,
            sound: [],
            damaged: []
        )
        var failure: RecoveryError?
        if plan.isWhole || known == nil {
            report = try await self.run(opened, progress)
            if let known { run.take(known.segments, report) }
        } else {
            report = VaultReport()
            failure = await check(opened, known, plan, start, progress, &run, &report)
        }
        if let known { await record(run, known.document, opened, plan, &report) }
        if let failure { throw failure }
        return report
    }

    // MARK: Parts

    private func check(
        _ opened: Opened,
        _ known: VerifiedSegments?,
        _ plan: VerificationPlan,
        _ start: Duration,
        _ progress: ProgressHandler?,
        _ run: inout LedgerRun,
        _ report: inout VaultReport
    ) async -> RecoveryError? {
        guard let known else { return nil }
        report.archive = known.document.archiveID.hex
        report.findings = known.findings
        MarkerCheck.run(known.contents, &report)
        let (clock, store) = (clock, store)
        do throws(RecoveryError) {
            let chosen = try await choose(known, opened, plan, run, &report)
            let meter = ProgressMeter(
                .verifying,
                byteCount: chosen.reduce(0) { $0 + $1.byteCount },
                objectCount: chosen.count,
                progress
            )
            let keyring = opened.keyring
            let isInTime: @Sendable () -> Bool = {
                guard let limit = plan.maximumDuration else { return true }
                return clock.elapsed() - start < limit
            }
            let parts = try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
                let files = VaultFileSystem(store, cancellation)
                return PartialProof(files, known, keyring, meter).run(chosen, while: isInTime) {
                    cancellation.isCancelled
                }
            }
            run.take(parts)
            report.take(parts, of: chosen)
            guard parts.failure == nil else { return parts.failure }
            try await PartsCheck.run(store, known.contents, &report, shard: plan.shard) {
                isInTime()
            }
            return nil
        } catch {
            return error
        }
    }

    /// The segments that are due, in the order in which they are looked at.
    private func choose(
        _ known: VerifiedSegments,
        _ opened: Opened,
        _ plan: VerificationPlan,
        _ run: LedgerRun,
        _ report: inout VaultReport
    ) async throws(RecoveryError) -> [SnapshotManifest.Segment] {
        var trusted = plan.trustedVerifiers.union([Hex.encode(opened.publicKey)])
        if let verifier = plan.verifier { trusted.insert(verifier.publicKey) }
        let ledger = try await VaultLedger.read(
            store,
            of: known.document.archiveID,
            trusting: trusted,
            at: run.time
        )
        let ignored = ledger.strangerCount + ledger.unreadableCount
        if ignored > 0 {
            report.notes.append(
                "\(ignored) entries of the vault's ledger do not count: they are damaged, or signed "
                    + "by verifiers who are not trusted here"
            )
        }
        return ledger.due(
            known.segments.filter { plan.shard?.holds($0.number.value) ?? true },
            run.way,
            since: plan.maximumAge.map { run.time.microseconds - $0.microseconds }
        )
    }

    // MARK: Recording

    private func record(
        _ run: LedgerRun,
        _ document: ArchiveDocument,
        _ opened: Opened,
        _ plan: VerificationPlan,
        _ report: inout VaultReport
    ) async {
        guard plan.isRecorded, !(run.sound.isEmpty && run.damaged.isEmpty) else { return }
        let signer =
            opened.keyring.map(LedgerSigner.archive)
            ?? plan.verifier.map(LedgerSigner.verifier)
        guard let signer else { return }
        do throws(RecoveryError) {
            try await VaultLedger.add(run, to: store, of: document.archiveID, signedBy: signer)
            report.verifier = signer.publicKey
        } catch {
            report.notes.append("the vault's ledger was not written: \(error.message)")
        }
    }
}

extension VaultLedger {
    /// Which segments to look at: never checked, then damaged, then the least recently checked;
    /// without those that were found sound since `start`.
    func due(
        _ segments: [SnapshotManifest.Segment],
        _ way: LedgerRun.Way,
        since start: Int64?
    ) -> [SnapshotManifest.Segment] {
        struct Due {
            let segment: SnapshotManifest.Segment
            let rank: Int
            let time: Int64
        }
        let due = segments.compactMap { segment -> Due? in
            guard let check = last(SegmentMark(segment), way) else {
                return Due(segment: segment, rank: 0, time: 0)
            }
            let time = check.time.microseconds
            guard check.isSound else { return Due(segment: segment, rank: 1, time: time) }
            if let start, time >= start { return nil }
            return Due(segment: segment, rank: 2, time: time)
        }
        return due.sorted {
            ($0.rank, $0.time, $0.segment.number) < ($1.rank, $1.time, $1.segment.number)
        }.map(\.segment)
    }
}

extension LedgerRun {
    /// What a whole verification says of each segment.
    fileprivate mutating func take(
        _ segments: [SnapshotManifest.Segment],
        _ report: VaultReport
    ) {
        let objects = Set(report.findings.map(\.object))
        // Damage that has no segment's name may be of any of them.
        guard report.isSound || report.contents.segmentCount > 0 else { return }
        for segment in segments {
            let name = VaultObject.segment(segment.number).text
            if objects.contains(name) {
                damaged.append(SegmentMark(segment))
            } else if !objects.contains("segments") {
                sound.append(SegmentMark(segment))
            }
        }
    }

    fileprivate mutating func take(_ parts: PartialProof.Parts) {
        if !parts.hasOpened { way = .hashes }
        for outcome in parts.outcomes {
            if outcome.findings.isEmpty {
                sound.append(SegmentMark(outcome.segment))
            } else {
                damaged.append(SegmentMark(outcome.segment))
            }
        }
    }
}

extension VaultReport {
    fileprivate mutating func take(
        _ parts: PartialProof.Parts,
        of chosen: [SnapshotManifest.Segment]
    ) {
        contents = parts.counts
        findings += parts.outcomes.flatMap(\.findings)
        notes += parts.notes
        let rest = chosen.count - parts.outcomes.count
        dueSegmentCount = rest
        if rest > 0 {
            notes.append("\(rest) segments that are due were not reached; run it again")
        }
    }
}
