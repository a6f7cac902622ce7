/// Reads a configuration file character by character.
struct TOMLReader {
    private let characters: [Unicode.Scalar]
    private var position = 0
    private(set) var line = 1
    /// Deeper lists have no use.
    private static let depthLimit = 4

    init(_ text: String) { characters = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? {
        position < characters.count ? characters[position] : nil
    }

    private func failure(_ message: String) -> TOMLDocument.Failure {
        TOMLDocument.Failure(line: line, message: message)
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        if scalar == "\n" { line += 1 }
        return true
    }

    private mutating func skipBlanks() {
        while next == " " || next == "\t" { position += 1 }
    }

    private mutating func skipComment() throws(TOMLDocument.Failure) {
        guard next == "#" else { return }
        while let scalar = next, scalar != "\n" {
            guard scalar.value >= 32 || scalar == "\t" || scalar == "\r" else {
                throw failure("a control character in a comment")
            }
            position += 1
        }
    }

    /// Passes over empty lines and comments; false at the end.
    mutating func skipToContent() throws(TOMLDocument.Failure) -> Bool {
        while true {
            skipBlanks()
            try skipComment()
            guard take("\n") || take("\r") else { return next != nil }
        }
    }

    /// The end of a line that has said what it has to say.
    mutating func endLine() throws(TOMLDocument.Failure) {
        skipBlanks()
        try skipComment()
        _ = take("\r")
        guard next == nil || take("\n") else { throw failure("more on the line than one value") }
    }

    /// Keys with dots between them, up to what ends them.
    mutating func path(until end: Unicode.Scalar) throws(TOMLDocument.Failure) -> [String] {
        var path: [String] = []
        while true {
            skipBlanks()
            path.append(try key())
            skipBlanks()
            if take(end) { return path }
            guard take(".") else { throw failure("expected \(end) after \(path.last ?? "")") }
        }
    }

    private mutating func key() throws(TOMLDocument.Failure) -> String {
        if next == "\"" || next == "'" { return try text() }
        var key = ""
        while let scalar = next, scalar.isBareKey {
            key.unicodeScalars.append(scalar)
            position += 1
        }
        guard !key.isEmpty else { throw failure("expected a key or a table in brackets") }
        return key
    }

    mutating func value(depth: Int = 0) throws(TOMLDocument.Failure) -> TOMLDocument.Value {
        skipBlanks()
        switch next {
        case "\"", "'": return .text(try text())
        case "[":
            guard depth < Self.depthLimit else { throw failure("lists too deep in each other") }
            position += 1
            return .list(try list(depth))
        case "{": throw failure("inline tables are not read here; write a table of its own")
        default: return try word()
        }
    }

    private mutating func list(_ depth: Int) throws(TOMLDocument.Failure) -> [TOMLDocument.Value] {
        var values: [TOMLDocument.Value] = []
        while true {
            guard try skipToContent() else { throw failure("a list without its end, ]") }
            if take("]") { return values }
            values.append(try value(depth: depth + 1))
            guard try skipToContent() else { throw failure("a list without its end, ]") }
            if take("]") { return values }
            guard take(",") else { throw failure("expected , or ] in a list") }
        }
    }

    /// A number, true or false.
    private mutating func word() throws(TOMLDocument.Failure) -> TOMLDocument.Value {
        var word = ""
        while let scalar = next, scalar.isBareKey || "+.:".unicodeScalars.contains(scalar) {
            word.unicodeScalars.append(scalar)
            position += 1
        }
        switch word {
        case "true": return .flag(true)
        case "false": return .flag(false)
        case "": throw failure("a value is missing")
        default:
            let digits = word.replacing("_", with: "")
            let isWhole =
                !word.hasPrefix("_") && !word.hasSuffix("_") && !word.contains("__")
                && (digits == "0" || !digits.hasPrefix("0"))
            guard isWhole, let number = Int64(digits) else {
                throw failure(
                    "\(word.debugDescription) is no value that is read here; texts stand in quotes"
                )
            }
            return .count(number)
        }
    }

    private mutating func text() throws(TOMLDocument.Failure) -> String {
        guard let quote = next else { throw failure("a text is missing") }
        position += 1
        if position + 1 < characters.count, characters[position] == quote,
            characters[position + 1] == quote
        {
            throw failure("texts over several lines are not read here")
        }
        var text = ""
        while let scalar = next {
            position += 1
            switch scalar {
            case quote: return text
            case "\\" where quote == "\"": text.unicodeScalars.append(try escaped())
            case _ where scalar.value < 32 && scalar != "\t":
                throw failure("a text without its end, \(quote)")
            default: text.unicodeScalars.append(scalar)
            }
        }
        throw failure("a text without its end, \(quote)")
    }

    private mutating func escaped() throws(TOMLDocument.Failure) -> Unicode.Scalar {
        let scalar = next
        position += 1
        switch scalar {
        case "\"": return "\""
        case "\\": return "\\"
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "u", "U":
            let count = scalar == "u" ? 4 : 8
            var digits = ""
            for scalar in characters[position...].prefix(count) {
                digits.unicodeScalars.append(scalar)
            }
            guard digits.utf8.count == count, digits.allSatisfy(\.isHexDigit),
                let code = UInt32(digits, radix: 16), let found = Unicode.Scalar(code)
            else {
                throw failure("\\\(scalar == "u" ? "u" : "U") needs \(count) hexadecimal digits")
            }
            position += count
            return found
        default: throw failure("no such escape in a text; a backslash is written \\\\")
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isBareKey: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
