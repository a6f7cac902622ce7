import ArchiveBytes
import Testing

@Suite struct `Writing JSON` {
    @Test func `keys stay in their given order on one line`() {
        let value: JSONValue = [
            "z": [1, .null, true], "a": ["k": "v"], "e": .object(JSONObject()),
        ]
        #expect(value.compactText == #"{"z":[1,null,true],"a":{"k":"v"},"e":{}}"#)
    }

    @Test func `texts are escaped as little as JSON allows`() {
        let text = JSONValue.text("\"\\/\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}é€😀\u{2028}")
        let expected = #""\"\\/\u0000\b\t\n\u000b\f\r\u001f"# + "\u{7f}é€😀\u{2028}\""
        #expect(text.compactText == expected)
    }

    @Test func `what is written is read back as it was`() throws {
        let value: JSONValue = [
            "text": "a\u{301}\n\u{1}\"", "list": [.integer(.min), .integer(.max), [], [[]]],
            "": .object(JSONObject()),
        ]
        #expect(try JSONValue(parsing: value.compactText) == value)
    }

    @Test func `canonical keys come in the order of RFC 8785 section 3_2_3`() throws {
        let text = #"""
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
             "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
             "\u00f6":"Latin Small Letter O With Diaeresis"}
            """#
        let bytes = try JSONValue(parsing: text).canonicalBytes()
        let canonical = try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
        let names = canonical.asObject?.members.map { $0.value.asText }
        #expect(
            names == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis",
                "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ]
        )
    }

    @Test func `canonical texts and literals are those of RFC 8785 section 3_2_2`() throws {
        let text = #"""
            { "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false] }
            """#
        let expected = #"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try JSONValue(parsing: text).canonicalBytes() == Array(expected.utf8))
    }

    @Test func `objects inside objects and arrays are canonical as well`() throws {
        let value: JSONValue = ["b": [["y": 1, "x": 2]], "a": ["d": 3, "c": 4]]
        let expected = #"{"a":{"c":4,"d":3},"b":[{"x":2,"y":1}]}"#
        #expect(try value.canonicalBytes() == Array(expected.utf8))
    }

    @Test(arguments: [
        JSONValue.integer(1 << 53), .integer(-1 << 53), .integer(.max), .number("1.5"),
    ])
    func `a number that a double cannot hold has no canonical form`(value: JSONValue) {
        #expect(throws: JSONError(reason: .notCanonical, offset: 0)) {
            try JSONValue.array([["a": value]]).canonicalBytes()
        }
    }

    @Test func `the largest canonical integers are written in full`() throws {
        let value: JSONValue = [9_007_199_254_740_991, -9_007_199_254_740_991, 0]
        let expected = "[9007199254740991,-9007199254740991,0]"
        #expect(try value.canonicalBytes() == Array(expected.utf8))
    }

    @Test func `members are set, replaced, removed and appended`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = 4
        object["b"] = nil
        object["d"] = nil
        #expect(JSONValue.object(object).compactText == #"{"a":3,"c":4}"#)
    }

    @Test func `equality is by bytes and by order`() {
        #expect(JSONValue.text("\u{e9}") != .text("e\u{301}"))
        #expect(JSONValue.object(["a": 1, "b": 2]) != .object(["b": 2, "a": 1]))
        #expect(JSONValue.integer(1) != .number("1"))
    }

    @Test func `each accessor answers for its own kind only`() {
        let values: [JSONValue] = [.null, true, 1, .number("1.5"), "x", [], ["k": 1]]
        #expect(values.map { $0.asBool } == [nil, true, nil, nil, nil, nil, nil])
        #expect(values.map { $0.asInteger } == [nil, nil, 1, nil, nil, nil, nil])
        #expect(values.map { $0.asText } == [nil, nil, nil, nil, "x", nil, nil])
        #expect(values.map { $0.asArray } == [nil, nil, nil, nil, nil, [], nil])
        #expect(values.map { $0["k"] } == [nil, nil, nil, nil, nil, nil, 1])
    }

    @Test func `a literal with a key twice stops the program`() async {
        await #expect(processExitsWith: .failure) {
            let value: JSONValue = ["a": 1, "a": 2]
            print(value)
        }
    }
}
