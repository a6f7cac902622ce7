import Testing

@testable import StrongroomHealth

@Suite struct `Passing JSON` {
    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        var cursor = JSONCursor()
        do throws(JSONFault) {
            cursor.space(bytes.span)
            try cursor.skipValue(bytes.span, depth: 0)
            try cursor.finish(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ text: String) -> JSONFault? { fault(Array(text.utf8)) }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "-0.5e-3", "1E+7", "12.50", "true", "false", "null", "\"\"",
        " { \"a\" : [ 1 , \"b\\n\\u00e9\\\"\" , { } , [ ] , null ] }\r\n\t", "\"\u{7f}é𝒳\"",
        "[1234567890123456789012345678901234567890.00000000000000000000000000000001]",
        "{\"a\":1,\"a\":2}",
    ])
    func `every value of the standard is passed`(_ text: String) {
        #expect(fault(text) == nil)
    }

    @Test(arguments: [
        ("", JSONFault.truncated), ("{", .truncated), ("[1,", .truncated), ("\"abc", .truncated),
        ("{\"a\"", .truncated), ("{\"a\":", .truncated), ("tru", .truncated), ("-", .truncated),
        ("1.", .truncated), ("\"\\", .truncated), ("\"\\u12", .truncated),
        ("{a:1}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte), ("[1 2]", .unexpectedByte),
        ("[1,]", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte), ("]", .unexpectedByte),
        ("nul!", .unexpectedByte), ("truex", .unexpectedByte), ("'a'", .unexpectedByte),
        ("+1", .unexpectedByte), (".5", .unexpectedByte), ("NaN", .unexpectedByte),
        ("01", .malformedNumber), ("1.x", .malformedNumber), ("1e", .truncated),
        ("1e+]", .malformedNumber), ("\"a\tb\"", .controlCharacter),
        ("\"a\nb and more than one word\"", .controlCharacter), ("\"\\x\"", .malformedEscape),
        ("\"\\u12g4\"", .malformedEscape), ("{} {}", .trailingBytes), ("1 1", .trailingBytes),
        ("\"a\" ,", .trailingBytes),
    ])
    func `what is no JSON is refused with its reason`(_ text: String, _ expected: JSONFault) {
        #expect(fault(text) == expected)
    }

    @Test func `a text cut anywhere is found out`() {
        let text = Array(
            #"{"resourceType":"Patient","n":[-12.5e3,true,null,"\u00e9\\"],"o":{"p":[{}]}}"#.utf8
        )
        for count in 0..<text.count { #expect(fault(Array(text[..<count])) == .truncated) }
        #expect(fault(text) == nil)
    }

    @Test func `a special character is found at every place of a word`() {
        for length in 0..<40 {
            let filling =
                String(repeating: "ÿ", count: length / 2) + String(repeating: "x", count: length)
            #expect(fault("\"\(filling)\"") == nil)
            #expect(fault("\"\(filling)\u{1f}\"") == .controlCharacter)
            #expect(fault("\"\(filling)\\q\"") == .malformedEscape)
            #expect(fault("\"\(filling)\\\"\"") == nil)
        }
    }

    @Test func `depth is limited`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(fault(nested(JSONCursor.depthLimit)) == nil)
        #expect(fault(nested(JSONCursor.depthLimit + 1)) == .tooDeep)
        #expect(fault(String(repeating: "{\"a\":", count: 100_000)) == .tooDeep)
    }

    @Test func `bytes that are not ASCII are noticed`() throws {
        for text in ["\"abcdefghijé\"", "\"é\"", "{\"abcdefghijklé\":1}"] {
            var cursor = JSONCursor()
            try cursor.skipValue(Array(text.utf8).span, depth: 0)
            #expect(cursor.hasHighBytes)
        }
        var cursor = JSONCursor()
        try cursor.skipValue(Array("{\"abcdefghij\":\"klmnopqr\"}".utf8).span, depth: 0)
        #expect(!cursor.hasHighBytes)
    }
}

@Suite struct `Decoding strings` {
    private func decoded(_ inner: String) -> String {
        let bytes = Array("\"\(inner)\"".utf8)
        var cursor = JSONCursor(at: 1)
        var decoder = TextDecoder()
        guard let text = try? cursor.string(bytes.span) else { return "refused" }
        return decoder.string(text, in: bytes.span)
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), (#"a\/b\\c\"d"#, "a/b\\c\"d"),
        (#"\b\f\n\r\t"#, "\u{8}\u{c}\n\r\t"),
        (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\ud835\udcb3u"#, "𝒳u"), (#"\ud835"#, "\u{fffd}"),
        (#"\ud835x\udcb3"#, "\u{fffd}x\u{fffd}"), (#"\ud835\u0041"#, "\u{fffd}A"), ("𝒳é", "𝒳é"),
    ])
    func `escapes are resolved`(_ inner: String, _ expected: String) {
        #expect(decoded(inner) == expected)
    }

    @Test func `bytes that are not UTF-8 become replacement characters`() {
        let bytes: [UInt8] = [0x22, 0x4d, 0xfc, 0x6c, 0x22]
        var decoder = TextDecoder()
        let text = JSONText(start: 1, end: 4, isEscaped: false)
        #expect(decoder.string(text, in: bytes.span) == "M\u{fffd}l")
    }
}
