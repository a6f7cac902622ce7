import ArchiveBytes

/// Makes the terms by which an index finds records.
///
/// Keep one for many records: it puts terms together in one piece of memory and has those made lately,
/// so that a term costs one allocation at most, and none if another record has just had it.
struct TermMaker {
    private var pool = TextPool()
    private var scratch = [UInt8](repeating: 0, count: IndexTermLimit.byteCount)
    private var terms: [String] = []
    private var byteCount = 0
    private var isOverfull = false

    /// What ``RecordFacts/indexTerms(subject:)`` says.
    mutating func terms(of facts: borrowing RecordFacts, subject: String?) -> [String] {
        (byteCount, isOverfull) = (0, false)
        let count =
            facts.types.count + facts.subjectAliases.count + facts.encounters.count
            + facts.statuses.count + facts.labels.count + facts.codes.count
        terms.reserveCapacity(min(count, IndexTermLimit.count))
        for type in facts.types { append("type:", type) }
        for alias in facts.subjectAliases
        where !subject.hasSameBytes(as: alias) && !isReference(subject, to: alias) {
            append("patient:", alias)
        }
        for encounter in facts.encounters { append("encounter:", encounter) }
        for status in facts.statuses { append("status:", status) }
        for label in facts.labels { append("label:", label) }
        for code in facts.codes { append("code:", code) }
        if isOverfull { terms.append(IndexTermLimit.overflow) }
        defer { terms = [] }
        return terms
    }

    /// ``RecordFinder`` asks for `Patient/<id>` too when it is asked for a bare id.
    private func isReference(_ subject: String?, to id: String) -> Bool {
        let prefix = "Patient/".utf8.count
        guard let subject, subject.utf8.count == prefix + id.utf8.count else { return false }
        let bytes = subject.utf8Span.span
        return bytes.starts(with: "Patient/")
            && bytes.extracting(prefix...).isEqual(to: id.utf8Span.span)
    }

    private mutating func append(_ kind: String, _ value: String) {
        let (kind, value) = (kind.utf8Span.span, value.utf8Span.span)
        let count = kind.count + value.count
        guard hasRoom(for: count) else { return }
        var term = scratch.mutableSpan
        term.copy(kind)
        term.copy(value, at: kind.count)
        add(count)
    }

    private mutating func append(_ kind: String, _ code: Code) {
        let (kind, system) = (kind.utf8Span.span, code.system.utf8Span.span)
        let value = code.code.utf8Span.span
        let bar = kind.count + system.count
        let count = bar + 1 + value.count
        guard hasRoom(for: count) else { return }
        var term = scratch.mutableSpan
        term.copy(kind)
        term.copy(system, at: kind.count)
        term[bar] = UInt8(ascii: "|")
        term.copy(value, at: bar + 1)
        add(count)
    }

    private mutating func hasRoom(for count: Int) -> Bool {
        guard count <= IndexTermLimit.byteCount, terms.count < IndexTermLimit.count - 1,
            byteCount + count <= IndexTermLimit.totalByteCount
        else {
            isOverfull = true
            return false
        }
        return true
    }

    /// Adds the term that the scratch memory begins with.
    private mutating func add(_ count: Int) {
        guard let term = pool.textWithoutZero(scratch, first: count) else {
            isOverfull = true
            return
        }
        byteCount += count
        terms.append(term)
    }
}
