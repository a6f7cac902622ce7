package import ArchiveBytes

/// What is looked for; what is nil does not matter.
package struct EntryCriteria: Equatable, Sendable {
    package var type: String?
    /// A code of that system, or of any system if `codeSystem` is nil.
    package var code: String?
    package var codeSystem: String?
    /// Any name of the patient.
    package var subject: String?
    /// Overlaps with when it happened.
    package var during: Range<Timestamp>?

    package init() {}
}

/// One resource of a record that was looked for.
package struct EntryMatch: Equatable, Sendable {
    /// Its place among the entries of the Bundle.
    package let index: Int
    package let fullURL: String?
    package let type: String
    package let id: String?
    /// Where the resource lies in the record's bytes.
    package let offset: Int
    package let byteCount: Int
}

/// Finds the entries of a Bundle that a search means, where the index only knows the whole.
package struct EntryFinder {
    private var reader = FHIRReader()

    package init() {}

    /// The matching entries in order; of a record that is no Bundle, the record itself.
    package mutating func matches(
        _ bytes: Span<UInt8>,
        _ criteria: EntryCriteria
    ) throws(FHIRFault) -> [EntryMatch] {
        let entries = try reader.entries(bytes)
        if entries.isEmpty { return try single(bytes, criteria) }
        return entries.compactMap { entry in
            guard let type = entry.facts.types.first, criteria.fit(entry.facts) else { return nil }
            return EntryMatch(
                index: entry.index,
                fullURL: entry.fullURL,
                type: type,
                id: entry.facts.id,
                offset: entry.range.lowerBound,
                byteCount: entry.range.count
            )
        }
    }

    private mutating func single(
        _ bytes: Span<UInt8>,
        _ criteria: EntryCriteria
    ) throws(FHIRFault) -> [EntryMatch] {
        let facts = try reader.facts(bytes)
        guard let type = facts.types.first, criteria.fit(facts) else { return [] }
        let range = reader.scanner.resources[0].range
        return [
            EntryMatch(
                index: 0,
                fullURL: nil,
                type: type,
                id: facts.id,
                offset: range.lowerBound,
                byteCount: range.count
            )
        ]
    }
}

extension EntryCriteria {
    /// Tells whether a record with these facts is meant.
    package func fit(_ facts: RecordFacts) -> Bool {
        if let type, !facts.types.contains(type) { return false }
        if let code {
            let isThere = facts.codes.contains {
                $0.code == code && (codeSystem == nil || codeSystem == $0.system)
            }
            guard isThere else { return false }
        }
        if let subject, facts.subject != subject, !facts.subjectAliases.contains(subject) {
            return false
        }
        if let during {
            guard let time = facts.eventTime, time.overlaps(during) else { return false }
        }
        return true
    }
}
