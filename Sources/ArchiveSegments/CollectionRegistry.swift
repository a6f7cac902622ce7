import ArchiveBytes
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

    /// The same of a record that stands in a pack of these bytes.
    static func collection(
        madeKnownBy fields: borrowing EntryFields,
        in bytes: Span<UInt8>
    ) -> String? {
        guard let collection = fields.collection, fields.subject == nil else { return nil }
        let (system, start) = (systemCollection, prefix)
        let length = start.utf8.count
        let name = bytes.extracting(fields.name)
        guard bytes.extracting(collection).isEqual(to: system.utf8Span.span), name.count >= length,
            name.extracting(..<length).isEqual(to: start.utf8Span.span)
        else { return nil }
        return String(decoding: [UInt8](copying: name.extracting(length...)), as: UTF8.self)
    }
}
