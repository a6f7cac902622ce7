import ArchiveBytes
import Testing

@Suite struct `Parsing JSON` {
    private func parse(
        _ text: String,
        numbers: JSONNumbers = .integersOnly,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: text, numbers: numbers, limits: limits)
    }

    private func failure(_ text: String, limits: JSONLimits = JSONLimits()) -> JSONError? {
        do {
            _ = try parse(text, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func `each kind of value is understood`() throws {
        let text = """
             {"a" : [ null , true,false, 0, -1, 9223372036854775807, -9223372036854775808 ],
            \t"b": {"": "x\\n"}, "c":[], "d":{} }\r\n
            """
        let expected: JSONValue = [
            "a": [.null, true, false, 0, -1, .integer(.max), .integer(.min)],
            "b": ["": "x\n"], "c": [], "d": .object(JSONObject()),
        ]
        #expect(try parse(text) == expected)
    }

    @Test func `members keep their order and are found by key`() throws {
        let object = try #require(parse(#"{"z":1,"a":2,"m":3}"#).asObject)
        #expect(object.members.map(\.key) == ["z", "a", "m"])
        #expect(object["a"] == 2)
        #expect(object["b"] == nil)
    }

    @Test func `every escape is understood`() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD83D\uDE00 after \u0000""#
        #expect(try parse(text) == .text("\"\\/\u{8}\u{c}\n\r\tAé€😀 after \0"))
    }

    @Test(arguments: [
        (#""\ud83d""#, JSONError.Reason.loneSurrogate, 1),
        (#""\ud83dx""#, .loneSurrogate, 1),
        (#""\ud83d\n""#, .loneSurrogate, 1),
        (#""ab\ud83d\u0041""#, .loneSurrogate, 3),
        (#""\ud83d\ud83d""#, .loneSurrogate, 1),
        (#""\ude00""#, .loneSurrogate, 1),
        (#""\u12g4""#, .invalidEscape, 1),
        (#""\x41""#, .invalidEscape, 1),
        (#""\u12"#, .truncated, 5),
        (#""\"#, .truncated, 1),
        ("\"a\u{1}b\"", .bareControlCharacter, 2),
        ("\"\\n\u{1f}\"", .bareControlCharacter, 3),
        (#""abc"#, .truncated, 4),
        (#""a\nbc"#, .truncated, 6),
    ])
    func `a broken text is refused`(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(failure(text) == JSONError(reason: reason, offset: offset))
    }

    @Test(
        arguments: [
            [0x22, 0xff, 0x22], [0x22, 0x61, 0xc3, 0x22], [0x22, 0xc0, 0x80, 0x22],
            [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0x5c, 0x6e, 0xe2, 0x82, 0x22],
        ] as [[UInt8]]
    )
    func `text that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect {
            try JSONValue(parsing: bytes.span)
        } throws: { error in
            (error as? JSONError)?.reason == .invalidUTF8
        }
    }

    @Test(arguments: [
        ("", JSONError.Reason.truncated, 0), ("  ", .truncated, 2), ("[", .truncated, 1),
        ("[1", .truncated, 2), ("[1,", .truncated, 3), ("{", .truncated, 1),
        ("{\"a\"", .truncated, 4), ("{\"a\":", .truncated, 5), ("{\"a\":1", .truncated, 6),
        ("{\"a\":1,", .truncated, 7), ("tru", .truncated, 3), ("-", .truncated, 1),
        ("1e", .truncated, 2), ("1.", .truncated, 2),
        ("[1,]", .unexpected(0x5d), 3), ("[,1]", .unexpected(0x2c), 1),
        ("[1 2]", .unexpected(0x32), 3), ("{\"a\":1,}", .unexpected(0x7d), 7),
        ("{a:1}", .unexpected(0x61), 1), ("{\"a\" 1}", .unexpected(0x31), 5),
        ("nulL", .unexpected(0x4c), 3), ("+1", .unexpected(0x2b), 0),
        (".5", .unexpected(0x2e), 0), ("'a'", .unexpected(0x27), 0), ("]", .unexpected(0x5d), 0),
        ("\u{feff}1", .unexpected(0xef), 0), ("NaN", .unexpected(0x4e), 0),
        ("1 1", .trailingBytes, 2), ("{} x", .trailingBytes, 3), ("true1", .trailingBytes, 4),
        ("01", .malformedNumber, 2), ("-01", .malformedNumber, 3), ("-x", .malformedNumber, 1),
        ("1.x", .malformedNumber, 2), ("1e+", .truncated, 3), ("1ex", .malformedNumber, 2),
        ("0x10", .trailingBytes, 1),
    ])
    func `what is not JSON is refused`(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(failure(text) == JSONError(reason: reason, offset: offset))
    }

    @Test(arguments: ["1.5", "1e3", "1E+3", "0.0", "-0", "9223372036854775808", "1.0e-7"])
    func `a number that is no integer of 64 bits is refused or kept as written`(
        text: String
    ) throws {
        #expect(failure("[\(text)]") == JSONError(reason: .unsupportedNumber, offset: 1))
        #expect(try parse("[\(text)]", numbers: .asWritten) == .array([.number(text)]))
        #expect(try parse("[\(text)]", numbers: .asWritten).compactText == "[\(text)]")
    }

    @Test func `integers are integers even where other numbers are kept as written`() throws {
        #expect(try parse("[12,-3]", numbers: .asWritten) == [12, -3])
    }

    @Test(arguments: [2, 9, 1000])
    func `a key that occurs twice is refused`(count: Int) {
        let members = (1..<count).map { "\"k\($0)\":0" } + [#""\u006b1":1"#]
        let text = "{" + members.joined(separator: ",") + "}"
        #expect(failure(text)?.reason == .duplicateKey)
    }

    @Test(arguments: [2, 20])
    func `keys that only look alike are different keys`(count: Int) throws {
        let others = (0..<(count - 2)).map { ",\"k\($0)\":0" }.joined()
        let value = try parse("{\"\u{e9}\":1,\"e\u{301}\":2" + others + "}")
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test(arguments: ["[", "{\"a\":"])
    func `nesting is refused beyond the limit and never overflows the stack`(opening: String) {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> String {
            let inner = opening == "[" ? "" : "0"
            return String(repeating: opening, count: depth) + inner
                + String(repeating: closing, count: depth)
        }
        #expect(failure(nested(64)) == nil)
        #expect(failure(nested(65))?.reason == .tooDeep(limit: 64))
        #expect(failure(nested(1_000_000))?.reason == .tooDeep(limit: 64))
        #expect(failure(nested(3), limits: JSONLimits(depth: 2))?.reason == .tooDeep(limit: 2))
    }

    @Test func `a text longer than the limit is refused before it is read`() {
        let limits = JSONLimits(byteCount: 4)
        #expect(failure("1234", limits: limits) == nil)
        #expect(failure("12345", limits: limits)?.reason == .tooLong(limit: 4))
        #expect(failure("!!!!!", limits: limits)?.reason == .tooLong(limit: 4))
    }

    @Test func `any byte changed in a document gives a value or an error`() {
        let document = Array(#"{"a":[1,-2,"x\u20acé"],"b":{"c":null,"d":true}}"#.utf8)
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = document
                changed[index] = byte
                _ = try? JSONValue(parsing: changed.span, numbers: .asWritten)
                _ = try? JSONValue(parsing: changed.span.extracting(..<index))
            }
        }
    }

    @Test func `no message shows what the document holds`() {
        for text in ["\"Meier", "{\"Meier\":1,\"Meier\":2}", "[Meier]", "\"Meier\\q\"", "1 Meier"] {
            let message = failure(text)?.description ?? ""
            #expect(!message.isEmpty && !message.contains("Meier"))
        }
    }
}
