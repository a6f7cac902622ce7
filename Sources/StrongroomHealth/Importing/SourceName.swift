import ArchiveBytes
import ArchiveSealing

/// Makes names of records from paths and ids.
///
/// A record's name is UTF-8 of at most 1,024 bytes; a path is bytes, and may be longer. The exact
/// bytes are kept in the record's source; the name is for people and must tell files apart.
enum SourceName {
    /// Leaves room for a line number behind a path, and for a label before it.
    static let pathByteLimit = 700

    /// The path as text: what is no UTF-8 becomes `\xHH` and a backslash `\\`, so that no two paths
    /// have one name; a very long one is cut and ends with a digest of all of it.
    static func text(of path: [UInt8]) -> String {
        let text = escaped(path)
        guard text.utf8.count > pathByteLimit else { return text }
        var head = text[...]
        while head.utf8.count > pathByteLimit - 40 { head.removeLast() }
        return head + "~" + SHA256.hash(path.span).hex.prefix(32)
    }

    private static func escaped(_ path: [UInt8]) -> String {
        let needsNone = !path.contains(UInt8(ascii: "\\"))
        if needsNone, let text = String(validating: path, as: UTF8.self) { return text }
        var text = ""
        var at = 0
        while at < path.count {
            let length = characterLength(path, at)
            if path[at] == UInt8(ascii: "\\") {
                text += "\\\\"
            } else if length > 0 {
                text += String(decoding: path[at..<(at + length)], as: UTF8.self)
            } else {
                text += "\\x" + Hex.encode([path[at]])
            }
            at += max(1, length)
        }
        return text
    }

    /// The bytes of the UTF-8 character at `at`, or 0 if none begins there.
    private static func characterLength(_ path: [UInt8], _ at: Int) -> Int {
        for length in 1...4 where at + length <= path.count {
            let part = path[at..<(at + length)]
            if String(validating: part, as: UTF8.self) != nil { return length }
        }
        return 0
    }
}

/// Makes the names and subjects of records, one after the other.
struct NameMaker {
    /// What the user calls the source, with a slash, or nothing.
    private let label: String
    private var scratch: [UInt8] = []
    /// Neighbouring records are about the same subject.
    private var lastSubject = (given: "", made: "")

    init(label: String) { self.label = label }

    /// `Type/id` behind the label if both make a name that fits; an id that is no id of the standard
    /// may not.
    mutating func resource(type: String?, id: String?) -> String? {
        guard let type, let id, !type.isEmpty, !id.isEmpty,
            type.utf8.count + 1 + id.utf8.count <= SourceName.pathByteLimit
        else { return nil }
        let label = label
        let (first, second, last) = (label.utf8Span.span, type.utf8Span.span, id.utf8Span.span)
        let slash = first.count + second.count
        let count = slash + 1 + last.count
        if scratch.count < count { scratch = [UInt8](repeating: 0, count: 2 * count) }
        var name = scratch.mutableSpan
        name.copy(first)
        name.copy(second, at: first.count)
        name[slash] = UInt8(ascii: "/")
        name.copy(last, at: slash + 1)
        let made = scratch.span.extracting(first: count)
        return made.contains(byte: 0) ? nil : made.text()
    }

    /// A subject that fits: 256 bytes without NUL; a longer one is replaced by its digest.
    mutating func subject(_ subject: String?) -> String? {
        guard let subject, !subject.isEmpty else { return nil }
        if !subject.hasSameBytes(as: lastSubject.given) {
            lastSubject = (subject, Self.fitting(label + subject))
        }
        return lastSubject.made
    }

    private static func fitting(_ subject: String) -> String {
        let bytes = subject.utf8Span.span
        guard bytes.count > 256 || bytes.contains(byte: 0) else { return subject }
        return "sha256:" + SHA256.hash(bytes).hex
    }
}
