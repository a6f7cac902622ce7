import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments

/// A record on its way into the log: the entry, and the bytes that go into its pack.
struct PendingRecord: Sendable {
    var entry: RecordEntry
    var inlineBody: [UInt8]

    var domain: KeyDomainName {
        entry.subject.map(KeyDomainName.subject) ?? .collection(entry.collection)
    }
}

/// How the records of one batch are laid into frames: those of one key domain share packs, and no
/// pack or compression context ever holds two domains.
struct BatchPlan {
    /// Where a record will stand once its frame is written.
    struct Slot {
        var draft: Int
        var slot: Int
    }

    private struct Group {
        var domain: KeyDomainName
        var dictionary: CompressionDictionary?
        var pack = PackBuilder()
        var members: [Int] = []
        var firstSequence: RecordSequence = 0
    }

    private struct GroupKey: Hashable {
        var domain: KeyDomainName
        var hasDictionary: Bool
    }

    private static let system = GroupKey(
        domain: .collection(SystemRecords.collection),
        hasDictionary: false
    )

    private(set) var drafts: [FrameDraft] = []
    /// For each record, in the order given.
    private(set) var slots: [Slot]
    private let keys: KeyringKeys
    private let packByteCount: Int

    /// Lays out `records` in packs of about `packByteCount` bytes of plaintext.
    init(
        _ records: Span<PendingRecord>,
        keys: KeyringKeys,
        packByteCount: Int
    ) throws(LogError) {
        self.keys = keys
        self.packByteCount = packByteCount
        slots = Array(repeating: Slot(draft: 0, slot: 0), count: records.count)
        var groups: [Group] = []
        var place: [GroupKey: Int] = [:]
        for index in records.indices {
            let dictionary = Self.dictionary(for: records[index].entry.mediaType)
            let key = GroupKey(domain: records[index].domain, hasDictionary: dictionary != nil)
            // What makes a collection known stands before the collection's first frame.
            if let system = place[Self.system], key != Self.system { try flush(&groups[system]) }
            let group: Int
            if let known = place[key] {
                group = known
            } else {
                group = groups.count
                place[key] = group
                groups.append(Group(domain: key.domain, dictionary: dictionary))
            }
            try add(records[index], index, to: &groups[group])
        }
        for index in groups.indices { try flush(&groups[index]) }
    }

    /// What the directory and the index hold of the records, which must be those that were laid out.
    func entries(
        of records: Span<PendingRecord>,
        in batch: CommittedBatch
    ) -> [DirectoryRecord] {
        var entries: [DirectoryRecord] = []
        entries.reserveCapacity(records.count)
        for index in records.indices {
            let slot = slots[index]
            entries.append(
                DirectoryRecord(
                    records[index].entry,
                    frameOffset: batch.offsets[slot.draft],
                    slot: slot.slot
                )
            )
        }
        return entries
    }

    private mutating func add(
        _ record: borrowing PendingRecord,
        _ index: Int,
        to group: inout Group
    ) throws(LogError) {
        let byteCount = record.inlineBody.count
        if !group.pack.isEmpty, group.pack.byteCount + byteCount > packByteCount {
            try flush(&group)
        }
        if group.pack.isEmpty { group.firstSequence = record.entry.sequence }
        group.pack.append(record.entry, body: record.inlineBody.span)
        group.members.append(index)
        if group.pack.byteCount >= packByteCount
            || group.pack.count == Limits.recordsPerPack
        {
            try flush(&group)
        }
    }

    private mutating func flush(_ group: inout Group) throws(LogError) {
        guard !group.pack.isEmpty else { return }
        for (slot, member) in group.members.enumerated() {
            slots[member] = Slot(draft: drafts.count, slot: slot)
        }
        group.members.removeAll(keepingCapacity: true)
        let plain = group.pack.finish()
        guard plain.count <= Limits.framePlaintext else {
            throw LogError(.overLimit, "a record's entry and body take \(plain.count) bytes")
        }
        drafts.append(
            FrameDraft(
                kind: .records,
                plain: plain,
                domain: try keys.domain(group.domain, epoch: keys.epoch),
                firstSequence: group.firstSequence,
                codec: .zstandard,
                dictionary: group.dictionary
            )
        )
    }

    /// The dictionary that records of a media type are compressed with.
    private static func dictionary(for mediaType: String?) -> CompressionDictionary? {
        mediaType == "application/fhir+json" ? .fhirJSON : nil
    }
}
