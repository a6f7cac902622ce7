import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom
import StrongroomVaults
public import SystemPackage

extension Recovery {
    /// Brings back a part of an archive, or what survives in a damaged vault, as an archive of its own.
    ///
    /// Every version that is selected is copied with the time at which it was recorded, so that the
    /// new archive can be read as of any time too; numbers, commits and snapshots are its own. It is
    /// opened by the same passphrase or key file and has an identity and public key of its own.
    /// Without `surviving` directories tell where records are and only those are fetched; anything
    /// damaged is an error. With it everything is read, and what cannot be is listed; if no moment is
    /// named, also what lies behind the newest snapshot that is whole, since segments are signed too.
    ///
    /// It is made beside `path`, under the name with `.recovering` behind it, and gets its name in one
    /// step at the end. Run again after an interruption it goes on.
    ///
    /// - Throws: as ``run(to:at:besideOthers:progress:)``; `invalid` if the vault gives other records
    ///   than when an interrupted run was begun.
    public func extract(
        _ selection: RecoverySelection,
        to path: FilePath,
        at moment: RecoveryMoment = .newest,
        surviving: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(RecoveryError) -> ExtractionResult {
        let start = clock.elapsed()
        let target = ExtractionTarget(path, on: files)
        try await LocalFiles.pool.run { () throws(RecoveryError) in try target.inspect() }
        let vault = try await UnlockedVault.open(store, keys)
        let chosen = try vault.snapshot(at: moment)
        let note = ExtractionTarget.Note(
            archive: vault.document.archiveID.hex,
            snapshot: chosen.manifest.id,
            cut: moment.cut,
            selection: selection,
            isSurviving: surviving
        )
        let (store, credential, configuration) = (store, keys.credential, configuration)
        let manifest = chosen.manifest
        let isEverything = surviving && moment == .newest
        let totals = vault.contents.segmentTotals(without: [])
        let meter = ProgressMeter(
            .fetching,
            byteCount: isEverything ? totals.byteCount : manifest.segmentByteCount,
            objectCount: isEverything ? totals.count : manifest.segments.count,
            progress
        )
        var result = try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            let extraction = Extraction(
                vault: VaultFileSystem(store, cancellation),
                manifest: manifest,
                publicKey: vault.document.publicKey,
                keys: KeyringKeys(vault.keyring),
                selection: selection,
                cut: moment.cut,
                goesBehind: isEverything,
                meter: meter,
                cancellation: cancellation
            )
            return try target.fill(note, credential, configuration) {
                begun throws(RecoveryError) in
                try extraction.run(begun, surviving: surviving)
            }
        }
        result.findings += vault.findings
        result.duration = clock.elapsed() - start
        return result
    }
}

/// Finds the selected record versions of a vault, segment by segment.
struct Extraction {
    let vault: VaultFileSystem
    let manifest: SnapshotManifest
    let publicKey: [UInt8]
    let keys: KeyringKeys
    let selection: RecoverySelection
    let cut: LogCut?
    /// Whether segments behind the snapshot are wanted as well.
    let goesBehind: Bool
    let meter: ProgressMeter
    let cancellation: Cancellation

    private var directory: SegmentDirectory {
        ArchiveLayout(vault.root).segmentDirectory(vault)
    }

    /// Where the records are read from.
    var source: RecordReader {
        RecordReader(
            log: LogReader(directory, archiveID: keys.archiveID),
            keys: keys,
            cacheByteCount: 32 << 20
        )
    }

    func run(
        _ begun: RecordCopyingStart,
        surviving: Bool
    ) throws(RecoveryError) -> ExtractionResult {
        var result = ExtractionResult(source: manifest.archiveID.hex, snapshot: manifest.id)
        do {
            let copying = try RecordCopying(source, into: begun.engine, begun.clock)
            if surviving {
                try copySurviving(copying, &result)
            } else {
                try copyListed(copying)
            }
            try copying.flush()
            result.recordCount = copying.recordCount
            result.recordByteCount = copying.recordByteCount
        } catch {
            if cancellation.isCancelled { throw RecoveryError.cancelled("recovering") }
            if let failure = vault.failure { throw RecoveryError(failure) }
            throw RecoveryError.wrapping(error, in: "the vault")
        }
        return result
    }

    /// Whether a version was there at the moment.
    private func isInTime(_ record: DirectoryRecord) -> Bool {
        guard goesBehind || record.sequence <= manifest.lastSequence else { return false }
        switch cut {
        case .time(let time): return record.recorded.microseconds <= time
        case .sequence(let sequence): return record.sequence <= sequence
        case nil: return true
        }
    }

    private func isWanted(_ record: DirectoryRecord) -> Bool {
        isInTime(record) && selection.includes(record)
    }

    // MARK: From directories

    private func copyListed(_ copying: RecordCopying) throws {
        var gathered = Gathered()
        var current: SegmentNumber?
        let last = manifest.segments.last?.number
        let replay = LogReplay(directory, keys: keys)
        _ = try replay.run(from: .start) { entries, _ throws(LogError) in
            guard let last, entries.segment <= last else { return }
            if cancellation.isCancelled { throw LogError(.system, "the recovery was stopped") }
            if let before = current, before != entries.segment {
                try copy(gathered, copying)
                meter.add(byteCount: byteCount(of: before), objectCount: 1)
                gathered = Gathered()
            }
            current = entries.segment
            for (chunk, _) in entries.chunks {
                let place = RecordPlace(
                    segment: entries.segment,
                    frameOffset: chunk.frameOffset,
                    slot: 0
                )
                copying.learn(chunk.id, at: place)
            }
            for record in entries.records where isWanted(record) {
                gathered.add(record, in: entries.segment)
            }
        }
        try copy(gathered, copying)
    }

    private func copy(
        _ gathered: Gathered,
        _ copying: RecordCopying
    ) throws(LogError) {
        for place in gathered.places.sorted(by: { $0.sequence < $1.sequence }) {
            do throws(ArchiveError) {
                guard try copying.copy(place.place) else {
                    throw ArchiveError(.corrupt, "a chunk of record \(place.sequence) is missing")
                }
            } catch {
                throw LogError(
                    error.code == .corrupt ? .corrupt : .system,
                    segment: place.place.segment,
                    offset: place.place.frameOffset,
                    "\(error.message); `--surviving` brings back what is left"
                )
            }
        }
    }

    // MARK: From what opens

    private func copySurviving(
        _ copying: RecordCopying,
        _ result: inout ExtractionResult
    ) throws {
        let survey = Survey()
        var visitor = FrameVisitor { survey.add($0) }
        visitor.chunk = { id, segment, offset in
            survey.add(id, at: RecordPlace(segment: segment, frameOffset: offset, slot: 0))
        }
        visitor.listed = { record, _ in survey.list(record) }
        var verifier = LogVerifier(
            directory,
            archiveID: keys.archiveID,
            publicKey: publicKey,
            keys: keys,
            witnesses: [.init("snapshot \(manifest.id)", commit: manifest.treeSize)],
            visit: visitor
        )
        var losses = Losses()
        var failure: (any Error)?
        let reached = Reached()
        // After each segment: memory holds what is known of one.
        let last = goesBehind ? nil : manifest.segments.last?.number
        let found = try verifier.run(upTo: last) { done in
            meter.add(byteCount: reached.advance(to: done), objectCount: 1)
            guard failure == nil else { return }
            do {
                try take(survey, copying, &losses)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        losses.end(at: manifest.lastSequence)
        result.lost = losses.found.filter { cut == nil || isInTime(first: $0.sequences.lowerBound) }
        result.findings = found.damages.map { VaultFinding($0) }
    }

    private func isInTime(first sequence: UInt64) -> Bool {
        if case .sequence(let last) = cut { return sequence <= last }
        return true
    }

    private func take(
        _ survey: Survey,
        _ copying: RecordCopying,
        _ losses: inout Losses
    ) throws {
        if cancellation.isCancelled { throw RecoveryError.cancelled("recovering") }
        let (gathered, listed) = survey.take()
        for (id, place) in gathered.chunks { copying.learn(id, at: place) }
        for found in gathered.places.sorted(by: { $0.sequence < $1.sequence }) {
            losses.pass(found.sequence, listed, isWanted)
            guard let record = found.record, isWanted(record) else { continue }
            if try !copying.copy(found.place) { losses.add(record) }
        }
        losses.endSegment(listed, isWanted)
    }

    private func byteCount(of number: SegmentNumber) -> UInt64 {
        manifest.segments.first { $0.number == number }?.byteCount ?? 0
    }
}
