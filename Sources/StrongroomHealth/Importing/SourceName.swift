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

    /// `Type/id` if both make a name that fits; an id that is no id of the standard may not.
    static func resource(type: String?, id: String?) -> String? {
        guard let type, let id, !type.isEmpty, !id.isEmpty else { return nil }
        let name = type + "/" + id
        return name.utf8.count <= pathByteLimit && !name.utf8.contains(0) ? name : nil
    }

    /// A subject that fits: 256 bytes without NUL; a longer one is replaced by its digest.
    static func subject(_ subject: String?, label: String) -> String? {
        guard let subject, !subject.isEmpty else { return nil }
        let whole = label + subject
        guard whole.utf8.count > 256 || whole.utf8.contains(0) else { return whole }
        return "sha256:" + SHA256.hash(Array(whole.utf8).span).hex
    }
}
