package import ArchiveBytes
package import ArchiveFormat
import ArchiveSealing

/// Records that are committed together: the i-th has the first sequence number plus i.
package struct RecordBatch: Sendable {
    package let records: PendingRecords
    package let firstSequence: RecordSequence
    package let time: Timestamp
    /// What was hashed before the batch was whole, by the pieces of the bodies.
    private let digests: [MadeDigests]

    package init(_ records: PendingRecords, firstSequence: RecordSequence, time: Timestamp) {
        self.records = records
        self.firstSequence = firstSequence
        self.time = time
        digests = records.takeDigests()
    }

    /// What frames of other kinds are committed with.
    package static var none: RecordBatch {
        RecordBatch(PendingRecords(), firstSequence: 0, time: Timestamp(microseconds: 0))
    }

    /// Appends the pack of some of the records, by their places in the batch; answers how many bytes it
    /// begins with that are not worth compressing.
    func appendPack(_ members: [Int], _ hasher: SHA256, to plain: inout [UInt8]) -> Int {
        let (entries, parts, bodies) = (
            records.entries.span, records.parts.span, records.bodies.span
        )
        guard let first = members.first else { return 0 }
        var common = PackCommons(recorded: time)
        Pack.append(count: members.count, to: &plain)
        var last: Digest?
        var repeatCount = 0
        for member in members {
            let digest: Digest
            let (piece, body) = (parts[member].piece, parts[member].body)
            if parts[member].isDigested {
                digest = entries[member].digest
            } else if piece < digests.count, let made = digests[piece][member] {
                digest = made
            } else {
                digest = hasher.hash(bodies[piece].span.extracting(body))
            }
            if digest == last { repeatCount += 1 }
            last = digest
            plain.append(digest: digest)
            common.add(member, like: first, of: entries)
        }
        // Equal digests, as deletions have, are all that a compressor shortens here.
        let storedByteCount = 4 * repeatCount < members.count ? plain.count : 0
        Pack.append(
            common,
            of: first,
            in: entries,
            sequence: firstSequence + UInt64(first),
            to: &plain
        )
        for (slot, member) in members.enumerated() {
            Pack.append(
                member,
                of: entries,
                beyond: common,
                skippedSequences: UInt64(member - first - slot),
                to: &plain
            )
        }
        for member in members {
            let (piece, body) = (parts[member].piece, parts[member].body)
            plain.append(copying: bodies[piece].span.extracting(body))
        }
        return storedByteCount
    }
}
