package import ArchiveBytes
import ArchiveSealing

/// What the records of a pack have in common, which is written once.
package struct PackCommons: Sendable {
    package let recorded: Timestamp
    private(set) var hasCollection = true
    private(set) var hasSubject = true
    private(set) var hasMediaType = true

    /// Of records that were recorded at one time, as those of a batch are.
    package init(recorded: Timestamp) { self.recorded = recorded }

    /// Takes one more record in, after the first.
    package mutating func add(_ entry: borrowing RecordEntry, like first: borrowing RecordEntry) {
        hasCollection = hasCollection && entry.collection == first.collection
        hasSubject = hasSubject && entry.subject == first.subject
        hasMediaType = hasMediaType && entry.mediaType == first.mediaType
    }
}

extension RecordEntry {
    /// Whether it has no field that only one record of a pack can have.
    var hasOnlyCommonFields: Bool {
        name.isEmpty && eventStart == nil && eventEnd == nil && body == .inline
            && attributes.isEmpty && terms.isEmpty && !isTombstone && source == nil
    }
}

/// How a pack is written, part by part: the count, the digests, the head, the entries, the bodies.
extension Pack {
    /// Appends the count of records; their digests follow, and with them ends what is not worth
    /// compressing.
    package static func append(count: Int, to plain: inout [UInt8]) { plain.append(varint: count) }

    /// Appends what all records have in common, behind the last digest.
    package static func append(
        _ common: borrowing PackCommons,
        of first: borrowing RecordEntry,
        sequence: RecordSequence,
        to plain: inout [UInt8]
    ) {
        plain.append(varint: sequence)
        let start = plain.count
        plain.append(0)
        first.encode(common: common, appendingTo: &plain)
        setLength(plain.count - start - 1, at: start, of: &plain)
    }

    /// Appends the entry of a record, whose sequence is the first one's, more for each record between
    /// and for each that was skipped.
    package static func append(
        _ entry: borrowing RecordEntry,
        beyond common: borrowing PackCommons,
        skippedSequences: UInt64,
        to plain: inout [UInt8]
    ) {
        let start = plain.count
        plain.append(0)
        plain.append(varint: entry.inlineByteCount)
        let fields = plain.count
        entry.encode(beyond: common, skippedSequences: skippedSequences, appendingTo: &plain)
        setLength(plain.count - fields, at: start, of: &plain)
    }

    /// Most lengths take one byte, so that is what was left free.
    private static func setLength(_ length: Int, at place: Int, of plain: inout [UInt8]) {
        var (rest, last) = (length, place)
        while rest >= 128 {
            plain[last] = UInt8(rest & 127) | 128
            rest >>= 7
            last += 1
            plain.insert(0, at: last)
        }
        plain[last] = UInt8(rest)
    }

    /// The plaintext of a pack of these records, whose sequences rise; each body is empty unless it
    /// stands in the pack.
    package static func encode(_ records: [(entry: RecordEntry, body: [UInt8])]) -> [UInt8] {
        var plain: [UInt8] = []
        append(count: records.count, to: &plain)
        for (entry, _) in records { plain.append(digest: entry.digest) }
        let first = records.first?.entry ?? RecordEntry()
        var common = PackCommons(recorded: first.recorded)
        for (entry, _) in records.dropFirst() { common.add(entry, like: first) }
        append(common, of: first, sequence: first.sequence, to: &plain)
        for (slot, (entry, body)) in records.enumerated() {
            precondition(body.count == entry.inlineByteCount, "the body is as long as declared")
            precondition(entry.recorded == first.recorded, "records of a pack have one time")
            append(
                entry,
                beyond: common,
                skippedSequences: entry.sequence - first.sequence - UInt64(slot),
                to: &plain
            )
        }
        for (_, body) in records { plain.append(contentsOf: body) }
        return plain
    }
}
