extension JSONParser {
    /// Takes a text, from its opening quote to its closing one.
    mutating func text(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        offset &+= 1
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = try validated(bytes.extracting(start..<offset), from: start)
                offset &+= 1
                return text
            case UInt8(ascii: "\\"): return try escapedText(bytes, from: start)
            case 0..<0x20: throw error(.bareControlCharacter)
            default: offset &+= 1
            }
        }
        throw error(.truncated)
    }

    private func validated(
        _ bytes: Span<UInt8>,
        from start: Int
    ) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw JSONError(
                reason: .invalidUTF8,
                offset: start + error.byteOffsets.lowerBound
            )
        }
    }

    /// Takes the rest of a text whose first escape is at the current offset.
    private mutating func escapedText(
        _ bytes: Span<UInt8>,
        from start: Int
    ) throws(JSONError) -> String {
        unescaped.removeAll(keepingCapacity: true)
        unescaped.append(copying: bytes.extracting(start..<offset))
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset &+= 1
                return try validated(unescaped.span, from: start)
            case UInt8(ascii: "\\"): try escape(bytes)
            case 0..<0x20: throw error(.bareControlCharacter)
            default:
                unescaped.append(byte)
                offset &+= 1
            }
        }
        throw error(.truncated)
    }

    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) {
        guard offset + 1 < bytes.count else { throw error(.truncated) }
        let plain: UInt8
        switch bytes[offset + 1] {
        case UInt8(ascii: "\""): plain = UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): plain = UInt8(ascii: "\\")
        case UInt8(ascii: "/"): plain = UInt8(ascii: "/")
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0c
        case UInt8(ascii: "n"): plain = 0x0a
        case UInt8(ascii: "r"): plain = 0x0d
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"): return try unicodeEscape(bytes)
        default: throw error(.invalidEscape)
        }
        unescaped.append(plain)
        offset &+= 2
    }

    /// Takes `\uXXXX`, or two of them that are a surrogate pair.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) {
        let first = try codeUnit(bytes, at: offset)
        var scalar = UInt32(first)
        var byteCount = 6
        if UTF16.isLeadSurrogate(first) {
            let hasSecond =
                offset + 7 < bytes.count && bytes[offset + 6] == UInt8(ascii: "\\")
                && bytes[offset + 7] == UInt8(ascii: "u")
            guard hasSecond else { throw error(.loneSurrogate) }
            let second = try codeUnit(bytes, at: offset + 6)
            guard UTF16.isTrailSurrogate(second) else { throw error(.loneSurrogate) }
            scalar = 0x10000 + ((scalar & 0x3ff) << 10 | UInt32(second & 0x3ff))
            byteCount = 12
        }
        guard let character = Unicode.Scalar(scalar) else { throw error(.loneSurrogate) }
        unescaped.append(contentsOf: character.utf8)
        offset &+= byteCount
    }

    private func codeUnit(_ bytes: Span<UInt8>, at place: Int) throws(JSONError) -> UInt16 {
        guard place + 6 <= bytes.count else {
            throw JSONError(reason: .truncated, offset: bytes.count)
        }
        var unit: UInt16 = 0
        for index in (place + 2)..<(place + 6) {
            guard let digit = Hex.value(bytes[index]) else {
                throw JSONError(reason: .invalidEscape, offset: place)
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// Takes a number: an integer where it fits, else what ``JSONNumbers`` says.
    mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        let start = offset
        let isNegative = bytes[offset] == UInt8(ascii: "-")
        if isNegative { offset &+= 1 }
        let digits = try digits(bytes)
        var isInteger = true
        if digits.count > 1 && bytes[digits.lowerBound] == UInt8(ascii: "0") {
            throw error(.malformedNumber)
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset &+= 1
            _ = try self.digits(bytes)
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset &+= 1
            if offset < bytes.count {
                let sign = bytes[offset]
                if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset &+= 1 }
            }
            _ = try self.digits(bytes)
        }
        if isInteger, let value = Self.integer(bytes, digits, isNegative: isNegative) {
            return .integer(value)
        }
        guard numbers == .asWritten else {
            throw JSONError(reason: .unsupportedNumber, offset: start)
        }
        return .number(try validated(bytes.extracting(start..<offset), from: start))
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) -> Range<Int> {
        let start = offset
        while offset < bytes.count, bytes[offset] &- 0x30 < 10 { offset &+= 1 }
        guard offset > start else {
            throw error(offset < bytes.count ? .malformedNumber : .truncated)
        }
        return start..<offset
    }

    /// The integer, or nil beyond 64 bits and for a negative zero, which an integer cannot say.
    private static func integer(
        _ bytes: Span<UInt8>,
        _ digits: Range<Int>,
        isNegative: Bool
    ) -> Int64? {
        var value: Int64 = 0
        for index in digits {
            let digit = Int64(bytes[index] &- 0x30)
            let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) =
                isNegative
                ? tenfold.subtractingReportingOverflow(digit)
                : tenfold.addingReportingOverflow(digit)
            if isTooLarge || overflows { return nil }
            value = sum
        }
        return isNegative && value == 0 ? nil : value
    }
}
