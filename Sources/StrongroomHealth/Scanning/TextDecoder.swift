import ArchiveBytes

/// Turns places in a text into strings.
///
/// Holds the scratch memory that escapes are resolved in and the strings made lately, so that a string
/// costs one allocation at most.
struct TextDecoder {
    private var scratch: [UInt8] = []
    private var pool = TextPool()

    /// The characters of `text`, escapes resolved; bytes that are not UTF-8 become U+FFFD.
    mutating func string(_ text: JSONText, in bytes: Span<UInt8>) -> String {
        guard text.isEscaped else { return pool.text(bytes, text.start..<text.end) }
        unescape(text, in: bytes)
        return pool.text(scratch)
    }

    /// The same for a text that no other record has.
    mutating func uniqueString(_ text: JSONText, in bytes: Span<UInt8>) -> String {
        guard text.isEscaped else { return Self.string(bytes, text.start..<text.end) }
        unescape(text, in: bytes)
        return Self.string(scratch.span, 0..<scratch.count)
    }

    /// The text of a range of bytes; those that are not UTF-8 become U+FFFD.
    static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        let part = bytes.extracting(range)
        if let valid = try? UTF8Span(validating: part) { return String(copying: valid) }
        return String(decoding: [UInt8](copying: part), as: UTF8.self)
    }

    /// Puts the bytes of `text` with its escapes resolved in the scratch memory.
    private mutating func unescape(_ text: JSONText, in bytes: Span<UInt8>) {
        scratch.removeAll(keepingCapacity: true)
        var at = text.start
        while at < text.end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), at < text.end else {
                scratch.append(byte)
                continue
            }
            let letter = bytes[at]
            at += 1
            switch letter {
            case UInt8(ascii: "b"): scratch.append(0x08)
            case UInt8(ascii: "f"): scratch.append(0x0c)
            case UInt8(ascii: "n"): scratch.append(0x0a)
            case UInt8(ascii: "r"): scratch.append(0x0d)
            case UInt8(ascii: "t"): scratch.append(0x09)
            case UInt8(ascii: "u"): append(scalar(&at, text.end, bytes))
            default: scratch.append(letter)
            }
        }
    }

    /// The scalar of four digits at `at`, or of two such escapes that are a surrogate pair.
    ///
    /// Half a pair means nothing and becomes U+FFFD, as it does everywhere else in Swift.
    private func scalar(_ at: inout Int, _ end: Int, _ bytes: Span<UInt8>) -> Unicode.Scalar {
        let first = codeUnit(at, end, bytes)
        at += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800..<0xdc00).contains(first), at + 6 <= end, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { return "\u{fffd}" }
        let second = codeUnit(at + 2, end, bytes)
        guard (0xdc00..<0xe000).contains(second) else { return "\u{fffd}" }
        at += 6
        let joined = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
        return Unicode.Scalar(joined) ?? "\u{fffd}"
    }

    private func codeUnit(_ at: Int, _ end: Int, _ bytes: Span<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for offset in at..<min(at + 4, end) {
            value = value << 4 | UInt32(hexadecimalValue(of: bytes[offset]) ?? 0)
        }
        return value
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        for byte in String(Character(scalar)).utf8 { scratch.append(byte) }
    }
}
