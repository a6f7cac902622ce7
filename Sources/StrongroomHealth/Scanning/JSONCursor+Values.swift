import ArchiveBytes

extension JSONCursor {
    /// Passes white space.
    @inline(__always)
    mutating func space(_ bytes: Span<UInt8>) {
        // Most records are written without any; what is below stays out of the way of the caller.
        if at < bytes.count, bytes[at] <= 0x20 { spaceRun(bytes) }
    }

    @inline(never)
    private mutating func spaceRun(_ bytes: Span<UInt8>) {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0a, 0x0d, 0x09: at &+= 1
            default: return
            }
            // Indentation comes in runs of spaces.
            while at &+ 8 <= bytes.count, bytes.u64(at: at) == 0x2020_2020_2020_2020 { at &+= 8 }
        }
    }

    /// Passes one value, at whose first byte the cursor stands.
    mutating func skipValue(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        guard at < bytes.count else { throw .truncated }
        switch bytes[at] {
        case UInt8(ascii: "\""):
            at &+= 1
            _ = try string(bytes)
        case UInt8(ascii: "{"): try skipObject(bytes, depth: depth)
        case UInt8(ascii: "["): try skipArray(bytes, depth: depth)
        case UInt8(ascii: "t"): try literal(bytes, "rue")
        case UInt8(ascii: "f"): try literal(bytes, "alse")
        case UInt8(ascii: "n"): try literal(bytes, "ull")
        default: try number(bytes)
        }
    }

    private mutating func skipObject(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        var member = try enter(bytes, depth: depth, closing: UInt8(ascii: "}"))
        while member {
            _ = try key(bytes)
            try skipValue(bytes, depth: depth &+ 1)
            member = try goOn(bytes, closing: UInt8(ascii: "}"))
        }
    }

    private mutating func skipArray(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        var element = try enter(bytes, depth: depth, closing: UInt8(ascii: "]"))
        while element {
            try skipValue(bytes, depth: depth &+ 1)
            element = try goOn(bytes, closing: UInt8(ascii: "]"))
        }
    }

    /// Passes the opening bracket of an object or array; answers whether something is in it.
    @inline(__always)
    mutating func enter(
        _ bytes: Span<UInt8>,
        depth: Int,
        closing: UInt8
    ) throws(JSONFault) -> Bool {
        guard depth < Self.depthLimit else { throw .tooDeep }
        at &+= 1
        space(bytes)
        guard at < bytes.count else { throw .truncated }
        guard bytes[at] == closing else { return true }
        at &+= 1
        return false
    }

    /// Passes what follows a member or an element: a comma, then true; or the closing bracket.
    @inline(__always)
    mutating func goOn(_ bytes: Span<UInt8>, closing: UInt8) throws(JSONFault) -> Bool {
        space(bytes)
        guard at < bytes.count else { throw .truncated }
        let byte = bytes[at]
        guard byte == UInt8(ascii: ",") || byte == closing else { throw .unexpectedByte }
        at &+= 1
        if byte == closing { return false }
        space(bytes)
        return true
    }

    /// Passes a key, its colon, and the space before the value.
    @inline(__always)
    mutating func key(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONText {
        guard at < bytes.count else { throw .truncated }
        guard bytes[at] == UInt8(ascii: "\"") else { throw .unexpectedByte }
        at &+= 1
        let text = try string(bytes)
        space(bytes)
        guard at < bytes.count else { throw .truncated }
        guard bytes[at] == UInt8(ascii: ":") else { throw .unexpectedByte }
        at &+= 1
        space(bytes)
        return text
    }

    /// Passes a value that should be a string; any other value is passed as well, and answered nil.
    @inline(__always)
    mutating func text(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) -> JSONText? {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
            try skipValue(bytes, depth: depth)
            return nil
        }
        at &+= 1
        return try string(bytes)
    }

    /// Passes white space to the end, where nothing else may be.
    mutating func finish(_ bytes: Span<UInt8>) throws(JSONFault) {
        space(bytes)
        guard at == bytes.count else { throw .trailingBytes }
    }

    private mutating func literal(_ bytes: Span<UInt8>, _ rest: String) throws(JSONFault) {
        at &+= 1
        for byte in rest.utf8 {
            guard at < bytes.count else { throw .truncated }
            guard bytes[at] == byte else { throw .unexpectedByte }
            at &+= 1
        }
        try wordEnd(bytes)
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONFault) {
        if bytes[at] == UInt8(ascii: "-") {
            at &+= 1
        } else if !isDigit(bytes) {
            throw .unexpectedByte
        }
        let startsWithZero = at < bytes.count && bytes[at] == UInt8(ascii: "0")
        let count = try digits(bytes)
        if startsWithZero && count > 1 { throw .malformedNumber }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at &+= 1
            _ = try digits(bytes)
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                at &+= 1
            }
            _ = try digits(bytes)
        }
        try wordEnd(bytes)
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONFault) -> Int {
        let start = at
        while isDigit(bytes) { at &+= 1 }
        guard at > start else { throw at < bytes.count ? .malformedNumber : .truncated }
        return at &- start
    }

    private func isDigit(_ bytes: Span<UInt8>) -> Bool {
        at < bytes.count && bytes[at] &- UInt8(ascii: "0") < 10
    }

    /// A letter or digit right after a literal or a number makes it another word.
    private func wordEnd(_ bytes: Span<UInt8>) throws(JSONFault) {
        guard at < bytes.count else { return }
        switch bytes[at] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "\""):
            throw .unexpectedByte
        default: return
        }
    }
}
