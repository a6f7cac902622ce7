package import ArchiveBytes

/// A code and the system that defines it; the system is empty where the record names none.
///
/// Two are one if both have the same bytes.
package struct Code: Hashable, Sendable {
    package let system: String
    package let code: String

    package init(system: String, code: String) {
        self.system = system
        self.code = code
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.code.hasSameBytes(as: right.code) && left.system.hasSameBytes(as: right.system)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytesOf: code)
        hasher.combine(bytesOf: system)
    }
}

/// What an archive knows of a record without opening it again.
///
/// The same for every format: an importer puts it beside the bytes, a search reads nothing else.
package struct RecordFacts: Equatable, Sendable {
    /// The kind of record, such as `Observation` or `ADT^A01`.
    ///
    /// A Bundle has its own name first and then those of the resources in it.
    package var types: [String] = []
    /// The record's own id at its source, and the version that the source gave it.
    package var id: String?
    package var version: String?
    /// The one whom the record is about, in one spelling.
    ///
    /// That is `Patient/<id>` for FHIR, and for HL7 v2 the first PID-3 as `<authority>|<id>`. Nil for
    /// nobody, and where a Bundle is about several.
    package var subject: String?
    /// Every way in which the record names its patients.
    ///
    /// The bare id, `Patient/<id>`, `<authority>|<id>`, and each identifier of a Patient as
    /// `<system>|<value>` and bare.
    package var subjectAliases: [String] = []
    package var encounters: [String] = []
    package var codes: [Code] = []
    package var statuses: [String] = []
    /// Security labels, such as R (restricted) or ETH (substance abuse).
    package var labels: [Code] = []
    /// When it happened.
    package var eventTime: Range<Timestamp>?
    /// When it was written down.
    package var recordedTime: Timestamp?
    /// What is unusual about the bytes, for a person who wonders.
    package var quirks: [String] = []

    package init() {}
}

extension RecordFacts {
    /// Extends the event time so that it covers `range` as well.
    mutating func cover(_ range: Range<Timestamp>) {
        guard let known = eventTime else {
            eventTime = range
            return
        }
        eventTime =
            min(known.lowerBound, range.lowerBound)..<max(known.upperBound, range.upperBound)
    }
}
