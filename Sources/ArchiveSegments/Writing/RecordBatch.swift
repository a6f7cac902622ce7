package import ArchiveBytes
package import ArchiveFormat
import ArchiveSealing

/// A record on its way into the log: the entry, and the bytes that go into its pack.
///
/// The entry's sequence and time are those of its batch, whatever stands in it.
package struct PendingRecord: Sendable {
    package let entry: RecordEntry
    package let inlineBody: [UInt8]
    /// Whether the entry has the body's digest already; otherwise who packs the record makes it.
    package let isDigested: Bool
    /// A bound on the record's plaintext in its pack.
    package let packedByteCount: Int

    package init(_ entry: RecordEntry, inlineBody: [UInt8], isDigested: Bool) {
        self.entry = entry
        self.inlineBody = inlineBody
        self.isDigested = isDigested
        packedByteCount = inlineBody.count + entry.byteCountBound + 3
    }

    package var domain: KeyDomainName {
        entry.subject.map(KeyDomainName.subject) ?? .collection(entry.collection)
    }
}

/// Records that are committed together: the i-th has the first sequence number plus i.
package struct RecordBatch: Sendable {
    package let records: [PendingRecord]
    package let firstSequence: RecordSequence
    package let time: Timestamp

    package init(_ records: [PendingRecord], firstSequence: RecordSequence, time: Timestamp) {
        self.records = records
        self.firstSequence = firstSequence
        self.time = time
    }

    /// What frames of other kinds are committed with.
    package static var none: RecordBatch {
        RecordBatch([], firstSequence: 0, time: Timestamp(microseconds: 0))
    }

    /// Appends the pack of some of the records, by their places in the batch; answers how many bytes it
    /// begins with that are not worth compressing.
    func appendPack(_ members: [Int], _ hasher: SHA256, to plain: inout [UInt8]) -> Int {
        let records = records.span
        guard let first = members.first else { return 0 }
        var common = PackCommons(recorded: time)
        Pack.append(count: members.count, to: &plain)
        var last: Digest?
        var repeatCount = 0
        for member in members {
            let digest =
                records[member].isDigested
                ? records[member].entry.digest : hasher.hash(records[member].inlineBody.span)
            if digest == last { repeatCount += 1 }
            last = digest
            plain.append(digest: digest)
            common.add(records[member].entry, like: records[first].entry)
        }
        // Equal digests, as deletions have, are all that a compressor shortens here.
        let storedByteCount = 4 * repeatCount < members.count ? plain.count : 0
        Pack.append(
            common,
            of: records[first].entry,
            sequence: firstSequence + UInt64(first),
            to: &plain
        )
        for (slot, member) in members.enumerated() {
            Pack.append(
                records[member].entry,
                beyond: common,
                skippedSequences: UInt64(member - first - slot),
                to: &plain
            )
        }
        for member in members { plain.append(copying: records[member].inlineBody.span) }
        return storedByteCount
    }
}
