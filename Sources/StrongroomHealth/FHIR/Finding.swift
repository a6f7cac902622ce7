/// One thing that the scanner saw in a resource: where its text lies, and what it is.
///
/// Findings are plain places in the bytes. Strings are made of them only once the whole text has
/// proved to be JSON, and only of those that count for the type of the resource.
struct Finding: BitwiseCopyable {
    enum Kind: UInt8 {
        /// A reference to the one whom the record is about; `field` says by which member.
        case subject
        /// A logical reference of the same kind: `system` and `text` of an identifier.
        case subjectIdentifier
        case encounter
        /// A code: `system`, if there is one, and `text`.
        case code
        case status
        /// An identifier of the resource itself: `system` and `text` as value.
        case identifier
        /// A security label.
        case label
        /// A date at which or during which it happened.
        case event
        /// The beginning or the end of a period during which it happened.
        case eventStart, eventEnd
        /// A date at which it was written down.
        case recorded
        case lastUpdated
    }

    var kind: Kind
    var field: FHIRKey
    /// The place of the resource that it belongs to among the resources of the text.
    var owner: Int32
    var text: JSONText
    var system: JSONText?
}

/// One resource that the scanner passed.
struct ResourceScan {
    /// The bytes of the resource object in the text.
    var range: Range<Int>
    var type: JSONText?
    var id: JSONText?
    var version: JSONText?
    /// The findings among which its own are; those of resources inside it are between them.
    var findings: Range<Int>
    /// A member that must be there once was there twice; the first counts.
    var hasDuplicateKey = false
}

/// One entry of a Bundle that the scanner passed.
struct EntryScan {
    /// The place of its resource among the resources, if it has one.
    var resource: Int?
    /// The place of the Bundle's own resource.
    var bundle: Int
    var fullURL: JSONText?
    var method: JSONText?
    var url: JSONText?
    var range: Range<Int>
}
