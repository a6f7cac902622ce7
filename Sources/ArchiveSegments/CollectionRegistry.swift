package import ArchiveFormat

/// How collections become known: a frame's tag leads to a collection only if its name is known, so
/// the first record of a collection is committed behind a record of the collection `system` that
/// bears the name.
package enum CollectionRegistry {
    package static let systemCollection = "system"
    package static let prefix = "collection/"

    /// The collection that a record makes known, if it is such a record.
    package static func collection(madeKnownBy record: DirectoryRecord) -> String? {
        guard record.collection == systemCollection, record.subject == nil,
            record.name.hasPrefix(prefix)
        else { return nil }
        return String(record.name.dropFirst(prefix.count))
    }
}
