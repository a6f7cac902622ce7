/// One value of a JSON text.
///
/// Texts and keys are compared byte for byte in UTF-8, not by Unicode equivalence: two keys that
/// look alike but are spelled differently are different keys, as in every other JSON library.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number as it was written, kept only where the parser is told ``JSONNumbers/asWritten``.
    case number(String)
    case text(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of a JSON object in the order in which they were written.
package struct JSONObject: Sendable {
    /// One key with its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package var value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }

        package static func == (left: Self, right: Self) -> Bool {
            left.key.isSpelled(like: right.key) && left.value == right.value
        }
    }

    /// The members; no key occurs twice.
    package private(set) var members: [Member]

    /// An object without members.
    package init() { members = [] }

    /// An object of `members`, among which the caller has made sure that no key occurs twice.
    init(unique members: [Member]) { self.members = members }

    /// The value under `key`; setting nil removes the member, setting a new key appends it.
    ///
    /// The cost grows with the number of members.
    package subscript(_ key: String) -> JSONValue? {
        get { members.first { $0.key.isSpelled(like: key) }?.value }
        set {
            let place = members.firstIndex { $0.key.isSpelled(like: key) }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONValue {
    /// The boolean, if this is one.
    package var asBool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer, if this is one.
    package var asInteger: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The text, if this is one.
    package var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The elements, if this is an array.
    package var asArray: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, if this is an object.
    package var asObject: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The value under `key`, if this is an object that has it.
    package subscript(_ key: String) -> JSONValue? { asObject?[key] }
}

extension JSONObject: Equatable, ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = []
        for (key, value) in elements {
            precondition(self[key] == nil, "a key must occur once")
            members.append(Member(key: key, value: value))
        }
    }
}

extension JSONValue: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left.isSpelled(like: right)
        case (.text(let left), .text(let right)): left.isSpelled(like: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements {
            precondition(object[key] == nil, "a key must occur once")
            object[key] = value
        }
        self = .object(object)
    }
}

extension String {
    /// Tells whether both texts have the same bytes; `==` also accepts other spellings of a letter.
    func isSpelled(like other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
