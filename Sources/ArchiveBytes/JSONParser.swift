/// What the parser does with numbers that are not integers of 64 bits.
package enum JSONNumbers: Sendable {
    /// They are refused: our own documents have none.
    case integersOnly
    /// They are kept as ``JSONValue/number(_:)``: other people's documents have them.
    case asWritten
}

/// What a JSON text may cost.
package struct JSONLimits: Sendable {
    /// The number of arrays and objects that may be open at once.
    package var depth: Int
    /// The number of bytes of the whole text.
    package var byteCount: Int

    /// At 64 levels the parser needs some 30 KiB of stack, far below the smallest thread's.
    package init(depth: Int = 64, byteCount: Int = 16 << 20) {
        self.depth = depth
        self.byteCount = byteCount
    }
}

extension JSONValue {
    /// Parses `bytes`, which must be one JSON text of RFC 8259 and nothing else.
    ///
    /// Refuses what other readers might understand in another way: keys that occur twice, text that
    /// is not UTF-8, lone surrogates, a byte order mark, numbers that would lose digits.
    package init(
        parsing bytes: Span<UInt8>,
        numbers: JSONNumbers = .integersOnly,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) {
        guard bytes.count <= limits.byteCount else {
            throw JSONError(reason: .tooLong(limit: limits.byteCount), offset: limits.byteCount)
        }
        var parser = JSONParser(numbers: numbers, depthLimit: limits.depth)
        self = try parser.value(bytes, depth: 0)
        parser.skipSpace(bytes)
        guard parser.offset == bytes.count else { throw parser.error(.trailingBytes) }
    }

    /// Parses the UTF-8 of `text`.
    package init(
        parsing text: String,
        numbers: JSONNumbers = .integersOnly,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) {
        let bytes = Array(text.utf8)
        try self.init(parsing: bytes.span, numbers: numbers, limits: limits)
    }
}

/// A recursive descent over one JSON text; each step names the span it reads.
struct JSONParser {
    let numbers: JSONNumbers
    let depthLimit: Int
    var offset = 0
    /// The bytes of a text with escapes, kept so that the next one needs no allocation.
    var unescaped: [UInt8] = []

    init(numbers: JSONNumbers, depthLimit: Int) {
        self.numbers = numbers
        self.depthLimit = depthLimit
    }

    func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: offset)
    }

    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0a, 0x0d, 0x09: offset &+= 1
            default: return
            }
        }
    }

    mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        skipSpace(bytes)
        guard offset < bytes.count else { throw error(.truncated) }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return .text(try text(bytes))
        case UInt8(ascii: "{"): return .object(try object(bytes, depth: depth))
        case UInt8(ascii: "["): return .array(try array(bytes, depth: depth))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        case UInt8(ascii: "t"): return try word("true", bytes, is: .bool(true))
        case UInt8(ascii: "f"): return try word("false", bytes, is: .bool(false))
        case UInt8(ascii: "n"): return try word("null", bytes, is: .null)
        case let byte: throw error(.unexpected(byte))
        }
    }

    private mutating func word(
        _ word: StaticString,
        _ bytes: Span<UInt8>,
        is value: JSONValue
    ) throws(JSONError) -> JSONValue {
        for expected in "\(word)".utf8 { try take(expected, bytes) }
        return value
    }

    private mutating func take(_ expected: UInt8, _ bytes: Span<UInt8>) throws(JSONError) {
        guard offset < bytes.count else { throw error(.truncated) }
        guard bytes[offset] == expected else { throw error(.unexpected(bytes[offset])) }
        offset &+= 1
    }

    /// Takes the comma before the next element, or the closing bracket; tells which it was.
    private mutating func continues(
        _ bytes: Span<UInt8>,
        until closing: UInt8,
        isFirst: Bool
    ) throws(JSONError) -> Bool {
        skipSpace(bytes)
        guard offset < bytes.count else { throw error(.truncated) }
        if bytes[offset] == closing {
            offset &+= 1
            return false
        }
        if !isFirst { try take(UInt8(ascii: ","), bytes) }
        return true
    }

    private mutating func array(
        _ bytes: Span<UInt8>,
        depth: Int
    ) throws(JSONError) -> [JSONValue] {
        guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
        offset &+= 1
        var elements: [JSONValue] = []
        while try continues(bytes, until: UInt8(ascii: "]"), isFirst: elements.isEmpty) {
            elements.append(try value(bytes, depth: depth &+ 1))
        }
        return elements
    }

    private mutating func object(
        _ bytes: Span<UInt8>,
        depth: Int
    ) throws(JSONError) -> JSONObject {
        guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit)) }
        offset &+= 1
        var members: [JSONObject.Member] = []
        while try continues(bytes, until: UInt8(ascii: "}"), isFirst: members.isEmpty) {
            skipSpace(bytes)
            guard offset < bytes.count else { throw error(.truncated) }
            guard bytes[offset] == UInt8(ascii: "\"") else {
                throw error(.unexpected(bytes[offset]))
            }
            let key = try text(bytes)
            skipSpace(bytes)
            try take(UInt8(ascii: ":"), bytes)
            let value = try value(bytes, depth: depth &+ 1)
            members.append(JSONObject.Member(key: key, value: value))
        }
        guard Self.keysAreUnique(members) else { throw error(.duplicateKey) }
        return JSONObject(unique: members)
    }

    /// Sorting keeps an object of a million keys from costing a million million comparisons.
    private static func keysAreUnique(_ members: [JSONObject.Member]) -> Bool {
        if members.count <= 8 {
            for (place, member) in members.enumerated() {
                for earlier in members[..<place] where member.key.isSpelled(like: earlier.key) {
                    return false
                }
            }
            return true
        }
        let keys = members.map(\.key).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return !zip(keys, keys.dropFirst()).contains { $0.isSpelled(like: $1) }
    }
}
