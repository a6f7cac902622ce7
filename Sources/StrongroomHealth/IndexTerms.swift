import ArchiveBytes

/// The limits of what the index keeps of one record.
package enum IndexTermLimit {
    /// Bytes of one term.
    package static let byteCount = 512
    /// Terms of one record, the overflow mark included.
    package static let count = 4096
    /// Bytes of all terms of one record.
    package static let totalByteCount = 384 << 10
    /// Stands for the terms that did not fit: who searches must look into such a record itself.
    package static let overflow = "overflow:"
}

extension RecordFacts {
    /// The terms by which an index finds this record: `type:`, `patient:`, `encounter:`, `status:`,
    /// `label:` and `code:`, the last two with `<system>|<code>`.
    ///
    /// Distinct, none longer than 512 bytes, none with a NUL, 4096 and 384 KiB at most. What does not
    /// fit is left out and `overflow:` added. A patient who is the record's `subject`, or whose bare id
    /// the subject refers to, has no term: the index has a table of subjects.
    package func indexTerms(subject: String? = nil) -> [String] {
        var terms = TermList(
            capacity: types.count + subjectAliases.count + encounters.count + statuses.count
                + labels.count + codes.count
        )
        for type in types { terms.append("type:", type) }
        for alias in subjectAliases where alias != subject && !isReference(subject, to: alias) {
            terms.append("patient:", alias)
        }
        for encounter in encounters { terms.append("encounter:", encounter) }
        for status in statuses { terms.append("status:", status) }
        for label in labels { terms.append("label:", label) }
        for code in codes { terms.append("code:", code) }
        return terms.finished()
    }

    /// ``RecordFinder`` asks for `Patient/<id>` too when it is asked for a bare id.
    private func isReference(_ subject: String?, to id: String) -> Bool {
        let prefix = "Patient/"
        guard let bytes = subject?.utf8, bytes.count == prefix.utf8.count + id.utf8.count else {
            return false
        }
        return bytes.starts(with: prefix.utf8)
            && bytes.dropFirst(prefix.utf8.count).elementsEqual(id.utf8)
    }
}

extension RecordFacts {
    /// Tells whether all of these terms are true of the record, whether or not they fit in the index.
    package func holds(_ terms: [String]) -> Bool { terms.allSatisfy(holds) }

    private func holds(_ term: String) -> Bool {
        guard let colon = term.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let value = String(term[term.utf8.index(after: colon)...])
        func has(_ codes: [Code]) -> Bool { codes.contains { $0.system + "|" + $0.code == value } }
        return switch term[..<colon] {
        case "type": types.contains(value)
        case "patient": subject == value || subjectAliases.contains(value)
        case "encounter": encounters.contains(value)
        case "status": statuses.contains(value)
        case "label": has(labels)
        case "code": has(codes)
        default: false
        }
    }
}

/// Puts terms together in one piece of memory: a string is allocated once, at its length.
private struct TermList {
    private var terms: [String] = []
    private var scratch: [UInt8] = []
    private var byteCount = 0
    private var isOverfull = false

    init(capacity: Int) {
        terms.reserveCapacity(min(capacity, IndexTermLimit.count))
        scratch.reserveCapacity(IndexTermLimit.byteCount)
    }

    mutating func append(_ kind: String, _ value: String) {
        begin(kind)
        scratch.append(copying: value.utf8Span.span)
        end()
    }

    mutating func append(_ kind: String, _ code: Code) {
        begin(kind)
        scratch.append(copying: code.system.utf8Span.span)
        scratch.append(UInt8(ascii: "|"))
        scratch.append(copying: code.code.utf8Span.span)
        end()
    }

    private mutating func begin(_ kind: String) {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(copying: kind.utf8Span.span)
    }

    private mutating func end() {
        guard scratch.count <= IndexTermLimit.byteCount, !scratch.contains(0),
            terms.count < IndexTermLimit.count - 1,
            byteCount + scratch.count <= IndexTermLimit.totalByteCount
        else {
            isOverfull = true
            return
        }
        byteCount += scratch.count
        terms.append(scratch.span.text())
    }

    mutating func finished() -> [String] {
        if isOverfull { terms.append(IndexTermLimit.overflow) }
        return terms
    }
}
