import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments

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
        var members: [Int] = []
        /// About how many bytes the members' pack takes.
        var byteCount = 0
    }

    private struct GroupKey: Hashable {
        var domain: KeyDomainName
        var dictionary: UInt16
    }

    /// Where the group with a key is; of most commits there are few, and comparing those costs less than
    /// to hash one.
    private struct GroupPlaces {
        private static let fewCount = 8
        private var few: [GroupKey] = []
        private var many: [GroupKey: Int] = [:]

        subscript(key: GroupKey) -> Int? {
            if let place = few.firstIndex(of: key) { return place }
            return many.isEmpty ? nil : many[key]
        }

        mutating func append(_ key: GroupKey) {
            if few.count < Self.fewCount {
                few.append(key)
            } else {
                many[key] = few.count + many.count
            }
        }
    }

    private static let system = GroupKey(
        domain: .collection(SystemRecords.collection),
        dictionary: 0
    )

    private(set) var drafts: [FrameDraft] = []
    /// For each record, in the order given.
    private(set) var slots: [Slot]
    private let firstSequence: RecordSequence
    private let packByteCount: Int

    /// Lays out the records of `batch` in packs of about `packByteCount` bytes of plaintext; `dictionary`
    /// says what those of a media type are compressed with.
    init(
        _ batch: RecordBatch,
        packByteCount: Int,
        dictionary: (String?) -> CompressionDictionary?
    ) {
        self.packByteCount = packByteCount
        firstSequence = batch.firstSequence
        slots = Array(repeating: Slot(draft: 0, slot: 0), count: batch.records.count)
        var groups: [Group] = []
        var place = GroupPlaces()
        var last: (index: Int, group: Int)?
        let (entries, parts) = (batch.records.entries.span, batch.records.parts.span)
        for index in entries.indices {
            // Mostly a person's records come one after the other.
            if let (other, group) = last, Self.shareGroup(index, other, of: entries) {
                add(index, parts[index], to: &groups[group])
                continue
            }
            let dictionary = dictionary(entries[index].mediaType)
            let key = GroupKey(
                domain: KeyDomainName(
                    subject: entries[index].subject,
                    collection: entries[index].collection
                ),
                dictionary: dictionary?.number ?? 0
            )
            // What makes a collection known stands before the collection's first frame.
            if let system = place[Self.system], key != Self.system { flush(&groups[system]) }
            let group: Int
            if let known = place[key] {
                group = known
            } else {
                group = groups.count
                place.append(key)
                groups.append(Group(domain: key.domain, dictionary: dictionary))
            }
            last = (index, group)
            add(index, parts[index], to: &groups[group])
        }
        for index in groups.indices { flush(&groups[index]) }
    }

    private mutating func add(_ index: Int, _ part: PendingRecords.Part, to group: inout Group) {
        if group.byteCount + part.body.count > packByteCount { flush(&group) }
        group.byteCount += part.packedByteCount
        if group.members.isEmpty {
            group.members.reserveCapacity(16)
        } else {
            group.byteCount -= part.commonByteCount
        }
        group.members.append(index)
        if group.byteCount >= packByteCount || group.members.count == Limits.recordsPerPack {
            flush(&group)
        }
    }

    private mutating func flush(_ group: inout Group) {
        guard let first = group.members.first else { return }
        for (slot, member) in group.members.enumerated() {
            slots[member] = Slot(draft: drafts.count, slot: slot)
        }
        drafts.append(
            FrameDraft(
                kind: .records,
                .pack(group.members),
                domain: group.domain,
                firstSequence: firstSequence + UInt64(first),
                codec: .partlyStored,
                dictionary: group.dictionary
            )
        )
        group.members = []
        group.byteCount = 0
    }

    /// Tells, for most that do, quickly whether two entries belong in one pack.
    private static func shareGroup(_ one: Int, _ other: Int, of entries: Span<RecordEntry>) -> Bool
    {
        guard entries[one].subject.hasSameBytes(as: entries[other].subject),
            entries[one].mediaType.hasSameBytes(as: entries[other].mediaType)
        else { return false }
        if entries[one].subject != nil { return true }
        return entries[one].collection.hasSameBytes(as: entries[other].collection)
    }
}
