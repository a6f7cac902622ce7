/// Text of a page: whatever comes from outside is escaped.
enum HTMLText {
    /// Text that is shown as it is.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in VisibleText.text(text).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A table; cells are HTML already.
    ///
    /// One that stacks puts each row in two lines where the screen is narrow: the first and the last
    /// cell, and below them the others with their heads.
    static func table(
        _ heads: [String],
        _ rows: [[String]],
        isNumeric: Set<Int> = [],
        stacks: Bool = false
    ) -> String {
        func cells(_ values: [String], _ tag: String) -> String {
            values.enumerated().map { column, value in
                let style = isNumeric.contains(column) ? " class=\"number\"" : ""
                let isInner = stacks && tag == "td" && (1..<values.count - 1).contains(column)
                let name = isInner ? " data-name=\"\(escaped(heads[column]))\"" : ""
                return "<\(tag)\(style)\(name)>\(value)</\(tag)>"
            }.joined()
        }
        let head = "<thead><tr>" + cells(heads.map(escaped), "th") + "</tr></thead>"
        let body = rows.map { "<tr>" + cells($0, "td") + "</tr>" }.joined(separator: "\n")
        let style = stacks ? " class=\"stack\"" : ""
        return "<div class=\"wide\"><table\(style)>\(head)<tbody>\n\(body)\n</tbody></table></div>"
    }

    /// Names with what they stand for; values are HTML already.
    static func facts(_ facts: [(String, String)]) -> String {
        "<dl>"
            + facts.map { "<div><dt>\(escaped($0.0))</dt><dd>\($0.1)</dd></div>" }
            .joined(separator: "\n") + "</dl>"
    }

    /// Digits that nobody reads and everybody compares.
    static func code(_ text: String) -> String { "<code>\(escaped(text))</code>" }

    static func list(_ items: [String]) -> String {
        "<ul>" + items.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n") + "</ul>"
    }

    /// A section; a long one may go on on the next sheet of paper.
    static func section(_ title: String, _ body: String, isLong: Bool = false) -> String {
        let style = isLong ? " class=\"long\"" : ""
        return "<section\(style)><h2>\(escaped(title))</h2>\n\(body)\n</section>"
    }
}

/// A verdict as a badge: a sign and a word, so that paper without colours tells it too.
enum Badge {
    static func text(_ kind: String, _ sign: String, _ words: String) -> String {
        "<span class=\"badge \(kind)\">\(sign) \(HTMLText.escaped(words))</span>"
    }

    static func met(_ isMet: Bool?) -> String {
        switch isMet {
        case true?: text("good", "✓", "met")
        case false?: text("bad", "✗", "missed")
        case nil: text("open", "?", "not measured")
        }
    }
}
