import ArchiveBytes
import ArchiveSealing
public import Strongroom

/// The reports of earlier drills, which the archive itself keeps.
///
/// They are records of the engine's own collection: encrypted, never overwritten, shipped with the
/// next snapshot, and back with the archive.
public enum DrillHistory {
    private static let prefix = "drill/"
    /// The newest so many are read: more than a daily drill makes in a year.
    private static let readLimit = 400

    /// Keeps a report in the archive that it is about; durable when this returns.
    ///
    /// - Throws: `foreign` if it is about another archive; what writing to an archive throws.
    public static func keep(
        _ report: DrillReport,
        in archive: Archive
    ) async throws(RecoveryError) {
        guard report.archive == nil || report.archive == archive.identity else {
            throw RecoveryError(
                .foreign,
                "the drill was of archive \(report.archive ?? ""), \(archive.path) is "
                    + "\(archive.identity); keep the report in the archive that was drilled"
            )
        }
        let time = Timestamp(microseconds: report.started).description
        let mark = SHA256.hash(report.bytes.span).hex.prefix(8)
        do {
            try await archive.put(
                NewRecord(
                    name: "\(prefix)\(time)-\(mark)",
                    body: report.bytes,
                    collection: SystemRecords.collection,
                    mediaType: "application/json"
                )
            )
        } catch {
            throw RecoveryError(error)
        }
    }

    /// The reports that an archive keeps, oldest first; of many only the newest 400.
    public static func read(_ archive: Archive) async throws(RecoveryError) -> [DrillReport] {
        let publicKey = archive.publicKey
        do {
            return try await archive.read { view throws(ArchiveError) in
                try read(view, publicKey: publicKey)
            }
        } catch {
            throw RecoveryError(error)
        }
    }

    static func read(
        _ view: ArchiveView,
        publicKey: String
    ) throws(ArchiveError) -> [DrillReport] {
        var query = RecordQuery()
        query.collection = SystemRecords.collection
        query.namePrefix = prefix
        var records: [Record] = []
        try view.forEach(query) { record in
            records.append(record)
            if records.count > 2 * readLimit { records.removeFirst(readLimit) }
            return true
        }
        var reports: [DrillReport] = []
        for record in records.suffix(readLimit) {
            let bytes = try view.body(of: record)
            if let report = DrillReport.read(bytes, publicKey: publicKey) { reports.append(report) }
        }
        return reports
    }
}
