import ArchiveBytes

/// Why bytes are not a JSON value of RFC 8259.
package enum JSONFault: UInt8, Error {
    /// The text ends inside a value.
    case truncated
    /// A byte stands where the grammar does not allow it.
    case unexpectedByte
    /// A control character stands in a string without an escape.
    case controlCharacter
    /// A backslash is followed by something that is no escape.
    case malformedEscape
    /// Digits that are no JSON number.
    case malformedNumber
    /// Objects and arrays are nested deeper than the cursor follows.
    case tooDeep
    /// Bytes follow the value.
    case trailingBytes
}

/// A string in a JSON text: where it lies, still as it was written.
struct JSONText: BitwiseCopyable {
    /// The offset of the first byte after the opening quote.
    var start: Int
    /// The offset of the closing quote.
    var end: Int
    /// Whether a backslash occurs in it.
    var isEscaped: Bool

    var count: Int { end &- start }
}

/// A position in a JSON text that checks every byte it passes and builds nothing.
///
/// A record of an import is read once, at some hundred megabytes a second, for a handful of its
/// values. So the cursor walks the text, and whoever holds it names the values worth a look; all
/// others are passed by ``skipValue(_:depth:)``. What was passed was checked: a text that ends in the
/// middle is found out even where nobody looks.
///
/// Text that is not UTF-8 is the one thing it lets pass, because a patient's record with one letter
/// in an old encoding must still be found. ``hasHighBytes`` says whether that needs a second look.
struct JSONCursor {
    /// Arrays and objects that may be open at once.
    ///
    /// FHIR nests some 20 levels, a questionnaire three a question; 256 recursions take less than
    /// 64 KiB of stack.
    static let depthLimit = 256

    /// The offset of the next byte.
    var at: Int

    /// Every bit that was set in some byte of the strings passed, and of a few bytes after them.
    private var union: UInt64 = 0

    init(at offset: Int = 0) { at = offset }

    /// Whether a byte that is not ASCII may have been passed.
    var hasHighBytes: Bool { union & Self.highBits != 0 }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080
}

// MARK: - Strings

extension JSONCursor {
    /// Passes the rest of a string whose opening quote has just been passed.
    @inline(__always)
    mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONText {
        let start = at
        var isEscaped = false
        while true {
            try seekSpecial(bytes)
            let special = bytes[at]
            at &+= 1
            if special == UInt8(ascii: "\"") {
                return JSONText(start: start, end: at &- 1, isEscaped: isEscaped)
            }
            guard special == UInt8(ascii: "\\") else {
                at &-= 1
                throw .controlCharacter
            }
            isEscaped = true
            try escape(bytes)
        }
    }

    /// Moves to the next quote, backslash or control character.
    ///
    /// Eight bytes at a time: subtracting from each byte sets its top bit where the byte was the
    /// smallest, and only bytes above a real hit can be marked wrongly, so the lowest mark is true.
    @inline(__always)
    private mutating func seekSpecial(_ bytes: Span<UInt8>) throws(JSONFault) {
        var offset = at
        var seen = union
        let lastWord = bytes.count &- 8
        while offset <= lastWord {
            let word = bytes.u64(at: offset)
            seen |= word
            let quote = word ^ 0x2222_2222_2222_2222
            let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
            let marks =
                ((quote &- 0x0101_0101_0101_0101) & ~quote)
                | ((backslash &- 0x0101_0101_0101_0101) & ~backslash)
                | ((word &- 0x2020_2020_2020_2020) & ~word)
            if marks & Self.highBits != 0 {
                at = offset &+ ((marks & Self.highBits).trailingZeroBitCount &>> 3)
                union = seen
                return
            }
            offset &+= 8
        }
        while offset < bytes.count {
            let byte = bytes[offset]
            seen |= UInt64(byte)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 {
                at = offset
                union = seen
                return
            }
            offset &+= 1
        }
        at = offset
        throw .truncated
    }

    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONFault) {
        guard at < bytes.count else { throw .truncated }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at &+= 1
        case UInt8(ascii: "u"):
            at &+= 1
            for _ in 0..<4 {
                guard at < bytes.count else { throw .truncated }
                guard hexadecimalValue(of: bytes[at]) != nil else { throw .malformedEscape }
                at &+= 1
            }
        default: throw .malformedEscape
        }
    }
}

/// The value of a hexadecimal digit of either case.
func hexadecimalValue(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit &- UInt8(ascii: "A") &+ 10
    default: nil
    }
}
