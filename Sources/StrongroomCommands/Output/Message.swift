import ArchiveBytes

/// Something that a command says: fields for a program, lines for a person.
protocol Message {
    /// The value of `message_type`.
    var type: String { get }
    /// The fields in the order in which they are written. Their names and meaning are promised; later
    /// releases may add others.
    var fields: JSONObject { get }
    /// What a person reads.
    var lines: [String] { get }
}

/// A message without a type of its own.
struct Note: Message {
    let type: String
    let fields: JSONObject
    let lines: [String]

    init(_ type: String, _ fields: JSONObject, _ lines: [String]) {
        self.type = type
        self.fields = fields
        self.lines = lines
    }
}

extension Message {
    /// The message as one line of JSON.
    var jsonLine: String {
        var object: JSONObject = ["message_type": .text(type)]
        for member in fields.members { object[member.key] = member.value }
        return JSONValue.object(object).compactText
    }
}

extension JSONValue {
    /// A text, or null.
    static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.text) ?? .null }

    /// A count; one beyond what JSON's readers take exactly is not to be met.
    static func count(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }

    /// A count.
    static func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
