import ArchiveFormat
import ArchiveSegments

/// What the engine itself keeps in the log: records of the collection `system`.
package enum SystemRecords {
    package static let collection = "system"

    /// Collections whose keys a reader derives without being told of them.
    package static let fixedCollections = [
        RecordEntry.defaultCollection, collection, "sources",
    ]

    /// The record that makes a collection known: its name is all that matters.
    static func registration(of collection: String) -> NewRecord {
        NewRecord(
            name: CollectionRegistry.prefix + collection,
            body: [],
            collection: Self.collection
        )
    }
}
