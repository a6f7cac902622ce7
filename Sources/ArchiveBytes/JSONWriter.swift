extension JSONValue {
    /// The compact text on one line, keys in their given order.
    package var compactBytes: [UInt8] {
        var bytes: [UInt8] = []
        writeCompact(to: &bytes)
        return bytes
    }

    /// The compact text on one line, keys in their given order.
    package var compactText: String { String(decoding: compactBytes, as: UTF8.self) }

    /// Appends the compact text to `output`, without allocating where there is room.
    package func writeCompact(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .number(let spelling): output.append(contentsOf: spelling.utf8)
        case .text(let text): output.append(jsonText: text)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { output.append(UInt8(ascii: ",")) }
                element.writeCompact(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (place, member) in object.members.enumerated() {
                if place > 0 { output.append(UInt8(ascii: ",")) }
                output.append(jsonText: member.key)
                output.append(UInt8(ascii: ":"))
                member.value.writeCompact(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// The canonical bytes of RFC 8785, which are what a signature covers.
    ///
    /// Throws for a number that is not an integer within ±(2^53 − 1): RFC 8785 writes numbers as
    /// IEEE 754 doubles, and beyond that they would lose digits. Write such a number as a text.
    package func canonicalBytes() throws(JSONError) -> [UInt8] {
        try canonical().compactBytes
    }

    /// The same value with the keys of every object in canonical order.
    private func canonical() throws(JSONError) -> JSONValue {
        switch self {
        case .null, .bool, .text: return self
        case .integer(let value):
            guard value.magnitude < 1 << 53 else {
                throw JSONError(reason: .notCanonical, offset: 0)
            }
            return self
        case .number: throw JSONError(reason: .notCanonical, offset: 0)
        case .array(let elements):
            var sorted: [JSONValue] = []
            sorted.reserveCapacity(elements.count)
            for element in elements { sorted.append(try element.canonical()) }
            return .array(sorted)
        case .object(let object):
            var sorted: [JSONObject.Member] = []
            sorted.reserveCapacity(object.members.count)
            for member in object.members {
                sorted.append(.init(key: member.key, value: try member.value.canonical()))
            }
            // By UTF-16 code units, as RFC 8785 wants: UTF-8 order differs beyond U+FFFF.
            sorted.sort { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            return .object(JSONObject(unique: sorted))
        }
    }
}

extension [UInt8] {
    /// Appends `text` in quotes, escaped as RFC 8785 says: as little as JSON allows.
    ///
    /// What needs no escape, nearly always the whole text, is copied at once.
    fileprivate mutating func append(jsonText text: String) {
        append(UInt8(ascii: "\""))
        let bytes = text.utf8.span
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
            append(copying: bytes.extracting(start..<index))
            append(jsonEscape: byte)
            start = index + 1
        }
        append(copying: bytes.extracting(start...))
        append(UInt8(ascii: "\""))
    }

    private mutating func append(jsonEscape byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0a: append(UInt8(ascii: "n"))
        case 0x0c: append(UInt8(ascii: "f"))
        case 0x0d: append(UInt8(ascii: "r"))
        default: append(contentsOf: ("u00" + Hex.encode([byte])).utf8)
        }
    }
}
