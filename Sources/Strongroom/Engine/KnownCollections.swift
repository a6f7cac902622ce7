import ArchiveFormat
import ArchiveSegments

/// The collections that the log makes known, each with the last segment that does.
///
/// A frame of a collection leads to its key only if the collection's name is known. So each segment
/// that holds such frames says the name once more, as it holds the dictionaries that its frames name:
/// the loss of a segment takes no collection's records from the others.
struct KnownCollections: Sendable {
    private var segments: [KeyDomainName: SegmentNumber] = [:]

    mutating func add(_ collection: String, in segment: SegmentNumber) {
        let name = KeyDomainName.collection(collection)
        segments[name] = max(segment, segments[name] ?? segment)
    }

    /// Takes in what a batch or a directory makes known.
    mutating func add(_ entries: borrowing LogEntries) {
        let records = entries.records.span
        for index in records.indices {
            guard let name = CollectionRegistry.collection(madeKnownBy: records[index])
            else { continue }
            add(name, in: entries.segment)
        }
    }

    /// Whether frames that are to stand in `segment` need the collection's name before them.
    ///
    /// The frames of a subject lead to their key without it.
    func mustBeTold(
        of collection: String,
        isDomain: Bool,
        in segment: SegmentNumber
    ) -> Bool {
        guard !SystemRecords.fixedCollections.contains(collection) else { return false }
        guard let last = segments[.collection(collection)] else { return true }
        return isDomain && last != segment
    }
}
