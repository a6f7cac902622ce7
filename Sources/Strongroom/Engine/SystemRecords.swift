import ArchiveCodecs
import ArchiveFormat
import ArchiveSegments

/// What the engine itself keeps in the log: records of the collection `system`.
package enum SystemRecords {
    package static let collection = "system"

    /// Collections whose keys a reader derives without being told of them.
    package static let fixedCollections = [
        RecordEntry.defaultCollection, collection, "sources",
    ]

    /// Names of the records that hold the archive's own dictionaries begin so, and end with the media
    /// type that the dictionary is for.
    static let dictionaryPrefix = "dictionary/"
    /// The attribute with the dictionary's number.
    static let dictionaryNumber = "number"

    /// The record of a dictionary, for writers to come: readers have the frames.
    static func pending(_ own: OwnDictionary) -> PendingRecords {
        let record = NewRecord(
            name: dictionaryPrefix + own.mediaType,
            body: own.dictionary.bytes,
            collection: collection,
            attributes: [(dictionaryNumber, String(own.dictionary.number))]
        )
        return PendingRecords(record)
    }

    /// The record that makes a collection known: its name is all that matters.
    static func registration(of collection: String) -> NewRecord {
        NewRecord(
            name: CollectionRegistry.prefix + collection,
            body: [],
            collection: Self.collection
        )
    }
}
