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

    /// Takes one more record in, after the first, by their places among `entries`.
    package mutating func add(_ place: Int, like first: Int, of entries: Span<RecordEntry>) {
        if !entries[place].collection.hasSameBytes(as: entries[first].collection) {
            hasCollection = false
        }
        if !entries[place].subject.hasSameBytes(as: entries[first].subject) { hasSubject = false }
        if !entries[place].mediaType.hasSameBytes(as: entries[first].mediaType) {
            hasMediaType = false
        }
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
///
/// Entries are named by their places in a span, for one that is handed over would be copied.
extension Pack {
    /// Appends the count of records; their digests follow, and with them ends what is not worth
    /// compressing.
    package static func append(count: Int, to plain: inout [UInt8]) { plain.append(varint: count) }

    /// Appends what all records have in common, behind the last digest.
    package static func append(
        _ common: borrowing PackCommons,
        of first: Int,
        in entries: Span<RecordEntry>,
        sequence: RecordSequence,
        to plain: inout [UInt8]
    ) {
        plain.append(varint: sequence)
        let start = plain.count
        plain.append(0)
        RecordEntry.encode(common: common, of: first, in: entries, appendingTo: &plain)
        setLength(plain.count - start - 1, at: start, of: &plain)
    }

    /// Appends the entry of a record, whose sequence is the first one's, more for each record between
    /// and for each that was skipped.
    package static func append(
        _ place: Int,
        of entries: Span<RecordEntry>,
        beyond common: borrowing PackCommons,
        skippedSequences: UInt64,
        to plain: inout [UInt8]
    ) {
        let start = plain.count
        plain.append(0)
        plain.append(
            varint: entries[place].hasInlineBody ? entries[place].bodyByteCount : 0
        )
        let fields = plain.count
        RecordEntry.encode(
            place,
            of: entries,
            beyond: common,
            skippedSequences: skippedSequences,
            appendingTo: &plain
        )
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
        let copies = records.isEmpty ? [RecordEntry()] : records.map(\.entry)
        let entries = copies.span
        var common = PackCommons(recorded: entries[0].recorded)
        for place in entries.indices.dropFirst() { common.add(place, like: 0, of: entries) }
        let sequence = entries[0].sequence
        append(common, of: 0, in: entries, sequence: sequence, to: &plain)
        for (slot, (entry, body)) in records.enumerated() {
            precondition(body.count == entry.inlineByteCount, "the body is as long as declared")
            precondition(entry.recorded == common.recorded, "records of a pack have one time")
            append(
                slot,
                of: entries,
                beyond: common,
                skippedSequences: entry.sequence - sequence - UInt64(slot),
                to: &plain
            )
        }
        for (_, body) in records { plain.append(contentsOf: body) }
        return plain
    }
}
