import ArchiveBytes

/// A reference to another resource, taken apart.
///
/// References are written relative, absolute, with a version, as `urn:uuid:` of a Bundle's entry, as
/// a search for an identifier, or as `#id` of a contained resource. Only the first three name a
/// resource; for the others the best name that the text itself gives is used.
struct FHIRReference: Equatable {
    /// The name by which the resource is known: `Type/id`, `urn:…`, or `<system>|<value>` of a
    /// search.
    var name: String
    /// The type that the reference leads to, if it says so.
    var type: String?
    /// Other names that the reference gives: the bare id of a patient, the absolute URL.
    var aliases: [String] = []

    /// Takes `text` apart; nil for a reference to a contained resource and for an empty one.
    init?(_ text: String) {
        name = text
        let bytes = text.utf8Span.span
        guard !bytes.isEmpty, bytes[0] != UInt8(ascii: "#") else { return nil }
        if bytes.starts(with: "urn:") {
            aliases = [bytes.text(from: bytes.lastIndex(of: UInt8(ascii: ":")) + 1)]
        } else if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
            readSearch(bytes, mark)
        } else {
            readPath(bytes)
        }
    }

    /// Reads a relative or absolute URL of a resource or of one of its versions.
    private mutating func readPath(_ bytes: Span<UInt8>) {
        let end = bytes.firstIndex(of: "/_history") ?? bytes.count
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"), before: end)
        let start = bytes.lastIndex(of: UInt8(ascii: "/"), before: slash) + 1
        guard slash > 0, slash + 1 < end, start < slash,
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[start])
        else { return }
        type = bytes.text(from: start, to: slash)
        if start > 0 || end < bytes.count { name = bytes.text(from: start, to: end) }
        if type == "Patient" { aliases.append(bytes.text(from: slash + 1, to: end)) }
        if start > 1 { aliases.append(bytes.text(from: 0, to: end)) }
    }

    /// Reads `Type?identifier=system|value`, which stands for whoever has that identifier.
    private mutating func readSearch(_ bytes: Span<UInt8>, _ mark: Int) {
        let start = bytes.lastIndex(of: UInt8(ascii: "/"), before: mark) + 1
        type = bytes.text(from: start, to: mark)
        let query = bytes.extracting((mark + 1)...)
        guard query.starts(with: "identifier=") else { return }
        let end = query.firstIndex(of: UInt8(ascii: "&")) ?? query.count
        let token = query.extracting("identifier=".utf8.count..<end).removingPercentEncoding()
        name = token.span.text()
        if let bar = token.span.firstIndex(of: UInt8(ascii: "|")) {
            aliases = [token.span.text(from: bar + 1)]
        }
    }
}

extension Span where Element == UInt8 {
    func starts(with prefix: String, at start: Int = 0) -> Bool {
        guard start + prefix.utf8.count <= count else { return false }
        var offset = start
        for byte in prefix.utf8 {
            if self[offset] != byte { return false }
            offset &+= 1
        }
        return true
    }

    func firstIndex(of byte: UInt8) -> Int? {
        for offset in indices where self[offset] == byte { return offset }
        return nil
    }

    /// The offset of the last such byte before `end`, or -1.
    func lastIndex(of byte: UInt8, before end: Int? = nil) -> Int {
        var offset = (end ?? count) - 1
        while offset >= 0, self[offset] != byte { offset -= 1 }
        return Swift.max(offset, -1)
    }

    /// The offset at which the text first occurs.
    func firstIndex(of text: String) -> Int? {
        guard let initial = text.utf8.first else { return nil }
        for offset in indices where self[offset] == initial && starts(with: text, at: offset) {
            return offset
        }
        return nil
    }

    /// The text of a range; bytes that are not UTF-8 become U+FFFD.
    func text(from start: Int = 0, to end: Int? = nil) -> String {
        TextDecoder.string(self, start..<(end ?? count))
    }

    /// The bytes with `%7C` and its like resolved.
    fileprivate func removingPercentEncoding() -> [UInt8] {
        var bytes: [UInt8] = []
        var at = 0
        while at < count {
            if self[at] == UInt8(ascii: "%"), at + 2 < count,
                let high = hexadecimalValue(of: self[at + 1]),
                let low = hexadecimalValue(of: self[at + 2])
            {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(self[at])
                at += 1
            }
        }
        return bytes
    }
}
