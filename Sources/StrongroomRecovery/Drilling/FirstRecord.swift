import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import StrongroomVaults

/// Reads one record where it is, in the vault, before anything is fetched: whoever has vault and key can
/// have a patient's record so soon (`get -r VAULT`), however long all of it takes.
///
/// It takes the newest segment's last directory, and the pack of the last record that it lists.
struct FirstRecord: Sendable {
    private let vault: UnlockedVault
    private let chosen: StoredManifest
    private let store: any ObjectStore
    /// So many records are tried, and as many directories, before it waits for all of it.
    private static let tryLimit = 8

    init(_ vault: UnlockedVault, _ chosen: StoredManifest, in store: any ObjectStore) {
        self.vault = vault
        self.chosen = chosen
        self.store = store
    }

    /// Reads a record that was there at a moment; answers when it was there, nil if none opened.
    ///
    /// That none opens is no finding here: what is damaged is found when all is proved.
    func read(
        at moment: RecoveryMoment,
        _ clock: RecoveryClock
    ) async throws(RecoveryError) -> Duration? {
        try RecoveryError.checkCancellation("drilling")
        return try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            let files = VaultFileSystem(store, cancellation)
            let directory = ArchiveLayout(files.root).segmentDirectory(files)
            return read(directory, at: moment) ? clock.elapsed() : nil
        }
    }

    private func read(_ directory: SegmentDirectory, at moment: RecoveryMoment) -> Bool {
        let keys = KeyringKeys(vault.keyring)
        let reader = RecordReader(
            log: LogReader(directory, archiveID: keys.archiveID),
            keys: keys
        )
        var tried = 0
        for listed in chosen.manifest.segments.reversed() {
            guard tried < Self.tryLimit,
                let segment = try? SealedSegment.open(
                    directory,
                    listed.number,
                    archiveID: keys.archiveID,
                    publicKey: keys.publicKey
                ), segment.sealHash == listed.seal
            else { continue }
            for offset in segment.seal.directories.reversed() where tried < Self.tryLimit {
                tried += 1
                guard let entries = try? segment.entries(at: offset, keys) else { continue }
                let records = entries.records.reversed().lazy.filter { record in
                    !record.isTombstone && Self.wasThere(record, at: moment)
                }
                for record in records.prefix(Self.tryLimit)
                where Self.reads(RecordPlace(record, in: listed.number), reader) { return true }
            }
        }
        return false
    }

    private static func wasThere(_ record: DirectoryRecord, at moment: RecoveryMoment) -> Bool {
        switch moment {
        case .newest, .snapshot: true
        case .time(let time): record.recorded.microseconds <= time
        case .sequence(let sequence): record.sequence <= sequence
        }
    }

    /// Whether a record opens, and its body is the one that was put.
    private static func reads(_ place: RecordPlace, _ reader: RecordReader) -> Bool {
        guard let (record, body) = try? reader.recordWithBody(at: place), let body else {
            return false
        }
        return SHA256.hash(body.span) == record.entry.digest
    }
}
