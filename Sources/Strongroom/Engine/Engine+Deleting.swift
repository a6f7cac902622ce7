import ArchiveFormat
import ArchiveSegments

/// Deletions, and under whose key they are sealed.
///
/// A tombstone holds the record's name. It belongs to the deleted record's own subject, so that the
/// name goes with everything else of the person when the subject is erased.
extension Engine {
    /// The same records, each deletion with the subject of what it deletes.
    ///
    /// All earlier batches must have been absorbed if there is a deletion.
    func sealingDeletions(
        of records: PendingRecords
    ) throws(ArchiveError) -> PendingRecords {
        guard records.hasDeletion else { return records }
        let view = ArchiveView(readState, reader: RecordReader(log: reader, keys: keys))
        var records = records
        var subjects: [Name: String?] = [:]
        for index in records.indices {
            let entry = records.entries[index]
            let name = Name(collection: entry.collection, name: entry.name)
            var subject = entry.subject
            // A copied deletion brings its subject: what it deleted may be lost.
            if entry.isTombstone, subject == nil {
                if let known = subjects[name] {
                    subject = known
                } else {
                    subject = try view.lastSubject(of: name)
                }
                records.setSubject(subject, at: index)
            }
            subjects[name] = .some(subject)
        }
        return records
    }

    fileprivate struct Name: Hashable {
        let collection: String
        let name: String
    }
}

extension ArchiveView {
    /// The subject of a name's current record, or of its last deletion.
    fileprivate func lastSubject(of name: Engine.Name) throws(ArchiveError) -> String? {
        if let record = try record(named: name.name, in: name.collection) { return record.subject }
        return try versions(of: name.name, in: name.collection).first?.subject
    }
}
