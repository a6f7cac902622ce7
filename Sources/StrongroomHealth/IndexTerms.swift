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
        var maker = TermMaker()
        return maker.terms(of: self, subject: subject).texts
    }
}

extension RecordFacts {
    /// Tells whether all of these terms are true of the record, whether or not they fit in the index.
    package func holds(_ terms: [String]) -> Bool { terms.allSatisfy(holds) }

    private func holds(_ term: String) -> Bool {
        guard let colon = term.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let value = String(term[term.utf8.index(after: colon)...])
        func has(_ codes: [Code]) -> Bool {
            codes.contains { ($0.system + "|" + $0.code).hasSameBytes(as: value) }
        }
        return switch term[..<colon] {
        case "type": types.contains(bytesOf: value)
        case "patient":
            subject.hasSameBytes(as: value) || subjectAliases.contains(bytesOf: value)
        case "encounter": encounters.contains(bytesOf: value)
        case "status": statuses.contains(bytesOf: value)
        case "label": has(labels)
        case "code": has(codes)
        default: false
        }
    }
}
