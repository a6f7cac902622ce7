/// How long a file and a function may be.
enum LengthRules {
    static let fileLimit = 400
    static let functionLimit = 70

    static func files(_ file: SourceFile) -> [String] {
        guard file.isSwift || [".c", ".py"].contains(where: file.path.hasSuffix) else { return [] }
        let count = file.lines.count - 1
        guard count > fileLimit else { return [] }
        return [file.finding(1, "\(count) lines, at most \(fileLimit): split it by subject")]
    }

    static func functions(_ file: SourceFile) -> [String] {
        guard file.isSwift else { return [] }
        var scanner = FunctionScanner(file.code)
        return scanner.functions().compactMap { first, last in
            let count = last - first + 1
            guard count > functionLimit else { return nil }
            return file.finding(
                first,
                "a function of \(count) lines, at most \(functionLimit): name its parts"
            )
        }
    }
}

/// Finds where functions, initializers and accessors with a body begin and end.
struct FunctionScanner {
    private let code: [(byte: UInt8, line: Int)]
    private var position = 0

    init(_ stripped: StrippedCode) {
        code = stripped.lines.enumerated().flatMap { index, line in
            (line + [UInt8(ascii: "\n")]).map { ($0, index + 1) }
        }
    }

    /// The first and the last line of each.
    mutating func functions() -> [(Int, Int)] {
        var found: [(Int, Int)] = []
        while let start = nextKeyword() {
            let resume = position
            if let end = bodyEnd() { found.append((code[start].line, end)) }
            // Functions inside functions count as well.
            position = resume
        }
        return found
    }

    private mutating func nextKeyword() -> Int? {
        while position < code.count {
            guard StrippedCode.isWordByte(code[position].byte) else {
                position += 1
                continue
            }
            let start = position
            while position < code.count, StrippedCode.isWordByte(code[position].byte) {
                position += 1
            }
            // Most words are of another length, which is cheaper to see than what they say.
            guard [4, 6, 9].contains(position - start) else { continue }
            let word = String(decoding: code[start..<position].map(\.byte), as: UTF8.self)
            let isCall = start > 0 && code[start - 1].byte == UInt8(ascii: ".")
            if ["func", "init", "deinit", "subscript"].contains(word) && !isCall { return start }
        }
        return nil
    }

    /// The line of the brace that ends the body; nil for a requirement without one.
    private mutating func bodyEnd() -> Int? {
        if !skipToBody() { return nil }
        return skipPair(UInt8(ascii: "{"), UInt8(ascii: "}"))
    }

    /// Moves to the body's brace.
    ///
    /// A line that does not go on with the signature ends the search.
    private mutating func skipToBody() -> Bool {
        let continuing: Set = ["async", "throws", "rethrows", "where"]
        while position < code.count {
            switch code[position].byte {
            case UInt8(ascii: "{"): return true
            case UInt8(ascii: "}"): return false
            case UInt8(ascii: "("): _ = skipPair(UInt8(ascii: "("), UInt8(ascii: ")"))
            case UInt8(ascii: "\n"):
                position += 1
                let rest = code[position...].drop { $0.byte == UInt8(ascii: " ") }
                let line = rest.prefix { $0.byte != UInt8(ascii: "\n") }.map(\.byte)
                let first = String(
                    decoding: line.prefix(while: StrippedCode.isWordByte),
                    as: UTF8.self
                )
                let goesOn =
                    line.starts(with: "{".utf8) || line.starts(with: "->".utf8)
                    || line.starts(with: ")".utf8) || continuing.contains(first)
                if !goesOn { return false }
            default: position += 1
            }
        }
        return false
    }

    /// Moves behind the partner of the bracket at the position, and returns its line.
    private mutating func skipPair(_ opening: UInt8, _ closing: UInt8) -> Int? {
        var depth = 0
        while position < code.count {
            let (byte, line) = code[position]
            position += 1
            if byte == opening { depth += 1 }
            if byte == closing { depth -= 1 }
            if depth == 0 { return line }
        }
        return nil
    }
}
