import ArchiveBytes

/// The character set that a message's text is read in.
package enum HL7CharacterSet: Sendable {
    case ascii
    case utf8
    case latin1
}

/// Turns fields of one message into strings.
///
/// MSH-18 names the character set and is often wrong or empty. What it names is tried first, then
/// UTF-8, then Latin-1, which fits anything; ``isGuessed`` tells that the bytes did not agree with
/// MSH-18. Escapes are resolved after the field was split, so that `\F\` never splits anything.
struct HL7Decoder {
    let delimiters: HL7Delimiters
    let characterSet: HL7CharacterSet
    let isGuessed: Bool

    init(_ bytes: Span<UInt8>, _ delimiters: HL7Delimiters, declared: String) {
        self.delimiters = delimiters
        // A byte order mark is no letter; but where it stands, it declares UTF-8.
        let isMarked = bytes.starts(with: "\u{feff}")
        var hasHighBytes = false
        for offset in (isMarked ? 3 : 0)..<bytes.count where bytes[offset] >= 0x80 {
            hasHighBytes = true
        }
        let isUTF8 = (try? UTF8Span(validating: bytes)) != nil
        switch declared.uppercased() {
        case _ where !hasHighBytes: (characterSet, isGuessed) = (.ascii, false)
        case _ where isMarked && isUTF8: (characterSet, isGuessed) = (.utf8, false)
        case "UNICODE UTF-8", "UTF-8", "UTF8", "UNICODE":
            (characterSet, isGuessed) = isUTF8 ? (.utf8, false) : (.latin1, true)
        case "8859/1", "ISO-8859-1", "8859/15": (characterSet, isGuessed) = (.latin1, false)
        default: (characterSet, isGuessed) = (isUTF8 ? .utf8 : .latin1, true)
        }
    }

    /// The text of a range, escapes resolved; empty for `""`, which means that there is no value.
    func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        let isDeletion =
            range.count == 2 && bytes[range.lowerBound] == UInt8(ascii: "\"")
            && bytes[range.lowerBound + 1] == UInt8(ascii: "\"")
        if range.isEmpty || isDeletion { return "" }
        var plain: [UInt8] = []
        plain.reserveCapacity(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let byte = bytes[offset]
            offset += 1
            guard byte == delimiters.escape,
                let end = bytes.extracting(offset..<range.upperBound)
                    .firstIndex(ofByte: byte, from: 0)
            else {
                plain.append(byte)
                continue
            }
            if append(bytes.extracting(offset..<(offset + end)), to: &plain) {
                offset += end + 1
            } else {
                plain.append(byte)
            }
        }
        return characterSet == .latin1 ? Self.latin1(plain) : plain.span.text()
    }

    /// Appends what an escape stands for; false if it is none that has a meaning here.
    private func append(_ escape: Span<UInt8>, to plain: inout [UInt8]) -> Bool {
        guard !escape.isEmpty else { return false }
        switch (escape[0], escape.count) {
        case (UInt8(ascii: "F"), 1): plain.append(delimiters.field)
        case (UInt8(ascii: "S"), 1): plain.append(delimiters.component)
        case (UInt8(ascii: "T"), 1): plain.append(delimiters.subcomponent)
        case (UInt8(ascii: "R"), 1): plain.append(delimiters.repetition)
        case (UInt8(ascii: "E"), 1): plain.append(delimiters.escape)
        case (UInt8(ascii: "P"), 1): plain.append(UInt8(ascii: "#"))
        // Where emphasis begins and ends.
        case (UInt8(ascii: "H"), 1), (UInt8(ascii: "N"), 1): break
        case (UInt8(ascii: "X"), _): return appendHexadecimal(escape, to: &plain)
        default:
            guard escape.text() == ".br" else { return false }
            plain.append(0x0a)
        }
        return true
    }

    private func appendHexadecimal(_ escape: Span<UInt8>, to plain: inout [UInt8]) -> Bool {
        guard escape.count > 1, let bytes = Hex.decode(escape.text(from: 1)) else { return false }
        plain += bytes
        return true
    }

    private static func latin1(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
        return text
    }
}
