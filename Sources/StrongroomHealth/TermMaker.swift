import ArchiveBytes

/// Makes the terms by which an index finds records.
///
/// Keep one for many records: neighbours have about as many, so their memory is rarely made larger.
struct TermMaker {
    private var terms = TextList()
    /// The bytes of the terms themselves.
    private var byteCount = 0
    private var isOverfull = false
    private var lastByteCount = 0

    /// What room is made for at once: those behind a Bundle of thousands must not keep as much.
    private static let usualByteCount = 1_024

    /// What ``RecordFacts/indexTerms(subject:)`` says.
    mutating func terms(of facts: borrowing RecordFacts, subject: String?) -> TextList {
        (byteCount, isOverfull) = (0, false)
        terms.reserveCapacity(byteCount: lastByteCount)
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
        lastByteCount = min(terms.bytes.count, Self.usualByteCount)
        var made = TextList()
        swap(&made, &terms)
        return made
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
        add(kind.count + value.count, unless: value.contains(byte: 0)) { term in
            term.append(copying: kind)
            term.append(copying: value)
        }
    }

    private mutating func append(_ kind: String, _ code: Code) {
        let (kind, system) = (kind.utf8Span.span, code.system.utf8Span.span)
        let value = code.code.utf8Span.span
        let holdsNUL = system.contains(byte: 0) || value.contains(byte: 0)
        add(kind.count + system.count + 1 + value.count, unless: holdsNUL) { term in
            term.append(copying: kind)
            term.append(copying: system)
            term.append(UInt8(ascii: "|"))
            term.append(copying: value)
        }
    }

    /// Adds a term of so many bytes, if it can be one and there is room.
    @inline(__always)
    private mutating func add(
        _ count: Int,
        unless holdsNUL: Bool,
        _ write: (inout OutputSpan<UInt8>) -> Void
    ) {
        guard !holdsNUL, hasRoom(for: count) else {
            isOverfull = true
            return
        }
        byteCount += count
        terms.append(byteCount: count, write)
    }

    private func hasRoom(for count: Int) -> Bool {
        count <= IndexTermLimit.byteCount && terms.count < IndexTermLimit.count - 1
            && byteCount + count <= IndexTermLimit.totalByteCount
    }
}
