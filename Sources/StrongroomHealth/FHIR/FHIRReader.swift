import ArchiveBytes

/// Why bytes are no FHIR record.
package enum FHIRFault: Error, Equatable {
    /// They are not one JSON value: what is wrong, and at which byte.
    case malformed(JSONFault, offset: Int)
    /// They are JSON, but no object with a `resourceType`.
    case notAResource
}

extension FHIRFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAResource: "JSON without a resourceType"
        case .malformed(let fault, let offset):
            switch fault {
            case .truncated: "JSON that breaks off at byte \(offset)"
            case .unexpectedByte: "not JSON at byte \(offset)"
            case .controlCharacter: "control character in a JSON string at byte \(offset)"
            case .malformedEscape: "unknown escape in a JSON string at byte \(offset)"
            case .malformedNumber: "malformed JSON number at byte \(offset)"
            case .tooDeep: "JSON nested deeper than \(JSONCursor.depthLimit) at byte \(offset)"
            case .trailingBytes: "more bytes after the JSON value, from byte \(offset) on"
            }
        }
    }
}

/// One entry of a Bundle.
package struct BundleEntry: Equatable, Sendable {
    /// Its place among the entries; those of a Bundle inside an entry follow that entry.
    package let index: Int
    package let fullURL: String?
    /// What the sender asked to be done with it, such as `PUT` and `DELETE`, and where.
    package let method: String?
    package let requestURL: String?
    /// Where the resource lies in the record, or, without a resource, the entry.
    package let range: Range<Int>
    package let facts: RecordFacts
}

/// Reads the facts from the JSON of FHIR resources and Bundles, of any version.
///
/// Keep one and use it for record after record: it holds its memory. A Bundle's facts are those of
/// all its entries together, with the references among them resolved.
package struct FHIRReader {
    var scanner = FHIRScanner()
    var decoder = TextDecoder()
    /// For records that are one resource.
    var builder = FactsBuilder()

    package init() {}

    /// The facts of one resource or Bundle.
    ///
    /// Throws where the bytes are not strictly JSON from the first to the last; a byte order mark
    /// before and white space around are allowed. Text that is not UTF-8 is a quirk, no error.
    package mutating func facts(_ bytes: Span<UInt8>) throws(FHIRFault) -> RecordFacts {
        try scan(bytes)
        return summary(bytes)
    }

    /// What is known of a record that ``facts(_:)`` has just refused.
    ///
    /// Only whose it is, as far as it was read: a torn record of a patient must be kept, and be
    /// erased, with that patient's.
    package mutating func remains(_ bytes: Span<UInt8>) -> RecordFacts {
        var facts = RecordFacts()
        guard !scanner.resources.isEmpty else { return facts }
        let known = summary(bytes)
        facts.subject = known.subject
        facts.subjectAliases = known.subjectAliases
        return facts
    }

    /// The entries of a Bundle in order; none if the record is no Bundle.
    package mutating func entries(_ bytes: Span<UInt8>) throws(FHIRFault) -> [BundleEntry] {
        try scan(bytes)
        return bundleEntries(bytes)
    }

    private mutating func scan(_ bytes: Span<UInt8>) throws(FHIRFault) {
        do throws(JSONFault) {
            try scanner.scan(bytes, from: bytes.starts(with: "\u{feff}") ? 3 : 0)
        } catch {
            throw .malformed(error, offset: scanner.cursor.at)
        }
        guard let root = scanner.resources.first, root.type != nil else { throw .notAResource }
    }
}
