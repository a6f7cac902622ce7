/// Swift source without what only looks like code.
///
/// Comments, strings and names in backticks become spaces, lines stay where they are. So a rule may
/// look for a word or count braces and never trips over a sentence. It knows as much of Swift as
/// this takes: nested comments, strings of one and of several lines, raw ones, interpolation.
struct StrippedCode {
    /// The code that is left, line by line.
    let lines: [[UInt8]]
    /// The identifiers and keywords of each line, with the `!` or `?` that follows them at once.
    let words: [[String]]

    init(_ text: String) {
        var stripper = Stripper(source: Array(text.utf8))
        stripper.run()
        lines = stripper.kept.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map(Array.init)
        words = lines.map(Self.words)
    }

    private static func words(_ line: [UInt8]) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        for byte in line + [UInt8(ascii: " ")] {
            if isWordByte(byte) {
                word.append(byte)
            } else if !word.isEmpty {
                if byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?") { word.append(byte) }
                words.append(String(decoding: word, as: UTF8.self))
                word = []
            }
        }
        return words
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}

private struct Stripper {
    let source: [UInt8]
    var kept: [UInt8] = []
    var position = 0

    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")

    mutating func run() {
        while position < source.count { step() }
    }

    private mutating func step() {
        switch source[position] {
        case UInt8(ascii: "/") where starts(with: "//"):
            while position < source.count, source[position] != UInt8(ascii: "\n") { blank(1) }
        case UInt8(ascii: "/") where starts(with: "/*"):
            skipComment()
        case UInt8(ascii: "`"):
            blank(1)
            while position < source.count, source[position] != UInt8(ascii: "`") { blank(1) }
            blank(1)
        case Self.quote, Self.hash:
            guard let hashes = openingHashes() else { return keep() }
            skipString(hashes: hashes)
        default: keep()
        }
    }

    private mutating func keep() {
        kept.append(source[position])
        position += 1
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < source.count
    }

    /// The number of hashes before the quote if a string begins here.
    private func openingHashes() -> Int? {
        var end = position
        while end < source.count, source[end] == Self.hash { end += 1 }
        guard end < source.count, source[end] == Self.quote else { return nil }
        return end - position
    }

    private mutating func skipString(hashes: Int) {
        blank(hashes)
        let isLong = starts(with: "\"\"\"")
        let marks = String(repeating: "#", count: hashes)
        let escape = "\\" + marks
        let end = (isLong ? "\"\"\"" : "\"") + marks
        blank(isLong ? 3 : 1)
        while position < source.count, !starts(with: end) {
            // An unterminated string of one line ends with it; the compiler complains, not we.
            if !isLong && source[position] == UInt8(ascii: "\n") { return }
            guard source[position] == UInt8(ascii: "\\"), starts(with: escape) else {
                blank(1)
                continue
            }
            blank(escape.utf8.count)
            if starts(with: "(") {
                skipInterpolation()
            } else {
                blank(1)
            }
        }
        blank(end.utf8.count)
    }

    /// Skips from one parenthesis to its partner; there may be strings in between.
    private mutating func skipInterpolation() {
        var depth = 0
        repeat {
            if let hashes = openingHashes() {
                skipString(hashes: hashes)
                continue
            }
            if source[position] == UInt8(ascii: "(") { depth += 1 }
            if source[position] == UInt8(ascii: ")") { depth -= 1 }
            blank(1)
        } while depth > 0 && position < source.count
    }

    private func starts(with text: String) -> Bool { source[position...].starts(with: text.utf8) }

    private mutating func blank(_ count: Int) {
        let end = min(position + count, source.count)
        while position < end {
            let isLineEnd = source[position] == UInt8(ascii: "\n")
            kept.append(isLineEnd ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            position += 1
        }
    }
}
