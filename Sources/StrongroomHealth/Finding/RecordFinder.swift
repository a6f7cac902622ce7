import ArchiveBytes
public import Strongroom

/// A record that was looked for, and where in it the answer is.
public struct FoundRecord: Sendable {
    /// The record.
    public let record: Record
    /// The entries of a Bundle that match; none for a record that matches as a whole.
    public let entries: [FoundEntry]
}

/// A resource in a Bundle that was looked for.
public struct FoundEntry: Equatable, Sendable {
    /// Its place among the entries, from 0.
    public let index: Int
    /// What the Bundle calls it.
    public let fullURL: String?
    /// The kind of resource.
    public let type: String
    /// The resource's own id.
    public let id: String?
    /// Where the resource lies in the record's body.
    public let offset: Int
    /// How many bytes it takes.
    public let byteCount: Int
}

/// Finds health records as people ask for them.
///
/// The archive's index knows records; three things more are needed. A patient has several names, and
/// most records use only one: the finder follows an identifier to the Patient and from there to all
/// records of that patient. A Bundle matches only if one of its entries does, and it says which. A
/// record with more terms than the index takes is looked into.
public struct RecordFinder: Sendable {
    private let view: ArchiveView

    /// A finder in the archive as of one moment.
    ///
    /// Its methods block, like the view's.
    public init(_ view: ArchiveView) { self.view = view }

    /// Visits the records that match until `visit` answers false; for each name of the subject in the
    /// order of events.
    public func forEach(
        _ query: RecordQuery,
        _ visit: (FoundRecord) throws -> Bool
    ) throws(ArchiveError) {
        do {
            var search = Search(view, query)
            for subject in try subjects(of: query) {
                var part = query
                part.subject = subject
                var goesOn = true
                try view.forEach(part) { record in
                    goesOn = try search.take(record, part, visit)
                    return goesOn
                }
                guard goesOn else { return }
            }
            guard !query.terms.isEmpty || query.subject != nil else { return }
            try search.lookIntoOverfull(try subjects(of: query), visit)
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// The names of one patient: the one asked for, a FHIR reference made of a bare id, and whatever
    /// Patient resources with that identifier are called.
    private func subjects(of query: RecordQuery) throws(ArchiveError) -> [String?] {
        guard let name = query.subject else { return [nil] }
        var names = NameList()
        names.insert(name)
        if !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(UInt8(ascii: "|")) {
            names.insert("Patient/" + name)
        }
        var patients = RecordQuery()
        patients.collection = query.collection
        patients.terms = ["patient:" + name, "type:Patient"]
        try view.forEach(patients) { record in
            if let subject = record.subject { names.insert(subject) }
            return true
        }
        return names.names.map(Optional.some)
    }
}

/// One search over several names and both kinds of records.
private struct Search {
    private let view: ArchiveView
    private let query: RecordQuery
    private var reader = FHIRReader()
    private var seen: Set<UInt64> = []

    /// Bodies up to so many bytes are looked into; a longer one is answered as a whole.
    private static let bodyLimit: UInt64 = 64 << 20

    init(_ view: ArchiveView, _ query: RecordQuery) {
        self.view = view
        self.query = query
    }

    /// Takes a record that matches by its terms.
    mutating func take(
        _ record: Record,
        _ part: RecordQuery,
        _ visit: (FoundRecord) throws -> Bool
    ) throws -> Bool {
        guard query.subject == nil || seen.insert(record.sequence).inserted else { return true }
        guard isAskedByEntry(record) else {
            return try visit(FoundRecord(record: record, entries: []))
        }
        let names = [part.subject, query.subject].compactMap(\.self)
        let entries = try self.entries(of: record, names)
        guard let entries else { return try visit(FoundRecord(record: record, entries: [])) }
        guard !entries.isEmpty else { return true }
        return try visit(FoundRecord(record: record, entries: entries))
    }

    /// Looks into the records whose terms did not all fit.
    mutating func lookIntoOverfull(
        _ subjects: [String?],
        _ visit: (FoundRecord) throws -> Bool
    ) throws {
        var overfull = query
        overfull.terms = [IndexTermLimit.overflow]
        overfull.subject = nil
        let names = subjects.compactMap(\.self)
        try view.forEach(overfull) { record in
            guard seen.insert(record.sequence).inserted else { return true }
            let isKnown =
                query.subject == nil && query.terms.allSatisfy(record.has(term:))
            guard !isKnown, let entries = try entries(of: record, names), !entries.isEmpty else {
                return true
            }
            return try visit(FoundRecord(record: record, entries: entries))
        }
    }

    /// Whether the answer is in the entries: not if the Bundle itself is asked for.
    private func isAskedByEntry(_ record: Record) -> Bool {
        guard query.subject != nil || query.eventRange != nil || !query.terms.isEmpty else {
            return false
        }
        return record.has(term: "type:Bundle") && !query.terms.contains("type:Bundle")
    }

    /// The resources of a record that match; nil if it cannot be looked into.
    private mutating func entries(
        of record: Record,
        _ names: [String]
    ) throws -> [FoundEntry]? {
        guard record.byteCount <= Self.bodyLimit else { return nil }
        let body = try view.body(of: record)
        guard let entries = try? reader.entries(body.span) else { return nil }
        if entries.isEmpty {
            guard let facts = try? reader.facts(body.span) else { return nil }
            let whole = 0..<body.count
            return match(facts, record, names) ? [FoundEntry(0, nil, facts, whole)] : []
        }
        return entries.compactMap { entry in
            guard match(entry.facts, record, names) else { return nil }
            return FoundEntry(entry.index, entry.fullURL, entry.facts, entry.range)
        }
    }

    /// A record's subject may have the name of its source before that in the entry.
    private func isName(_ subject: String, of record: Record, _ names: [String]) -> Bool {
        guard !names.contains(bytesOf: subject) else { return true }
        guard let whole = record.subject, names.contains(bytesOf: whole) else { return false }
        return whole.utf8.reversed().starts(with: ("/" + subject).utf8.reversed())
    }

    private func match(_ facts: RecordFacts, _ record: Record, _ names: [String]) -> Bool {
        guard !facts.types.isEmpty else { return false }
        if query.subject != nil {
            let isNamed = facts.subject.map { isName($0, of: record, names) } ?? false
            let isAlias = names.contains { facts.subjectAliases.contains(bytesOf: $0) }
            guard isNamed || isAlias else { return false }
        }
        if let range = query.eventRange {
            let time = facts.eventTime ?? facts.recordedTime.map { $0..<$0 }
            let start = time?.lowerBound.microseconds ?? record.recorded
            let end = time?.upperBound.microseconds ?? record.recorded
            guard start < range.upperBound, end >= range.lowerBound else { return false }
        }
        return facts.holds(query.terms)
    }
}

extension FoundEntry {
    fileprivate init(
        _ index: Int,
        _ fullURL: String?,
        _ facts: RecordFacts,
        _ range: Range<Int>
    ) {
        self.init(
            index: index,
            fullURL: fullURL,
            type: facts.types.first ?? "",
            id: facts.id,
            offset: range.lowerBound,
            byteCount: range.count
        )
    }
}
