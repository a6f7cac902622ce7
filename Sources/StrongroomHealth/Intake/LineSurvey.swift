import ArchiveBytes

/// Looks at the first lines of a text to tell a file of JSON lines from one JSON text.
///
/// A line that is a JSON object, followed by anything, cannot be one text. Where the first line is
/// broken, the others decide: at least half of them begin like an object that somebody wrote on one
/// line. Indented JSON has few such lines, because its braces stand alone.
struct LineSurvey {
    enum Verdict: Equatable {
        case lines(SourceFormat.LineEnd)
        case notLines
        /// More of the file must be seen.
        case unknown
    }

    private var end = SourceFormat.LineEnd.lineFeed
    private var lineCount = 0
    private var openingCount = 0
    private var objectCount = 0
    private var isFirstAnObject = false
    private var isFirstComplete = false
    /// Whether the text begins with a brace, as one JSON text of ours would.
    private var beginsWithBrace = false

    init(_ text: Span<UInt8>, isWhole: Bool) {
        guard !text.isEmpty else { return }
        beginsWithBrace = text[0] == UInt8(ascii: "{")
        if text.firstIndex(of: SourceFormat.LineEnd.lineFeed.rawValue) == nil,
            let place = text.firstIndex(of: SourceFormat.LineEnd.carriageReturn.rawValue),
            place < text.count - 1
        {
            end = .carriageReturn
        }
        var start = 0
        while start < text.count {
            var stop = start
            while stop < text.count, text[stop] != end.rawValue { stop &+= 1 }
            guard stop < text.count || isWhole else {
                // What follows the last line end is a line too, but not yet all of it.
                if lineCount > 0, !Self.isBlank(text, start..<stop) { lineCount += 1 }
                break
            }
            survey(text, start..<stop)
            start = stop + 1
        }
        isFirstComplete = lineCount > 0
    }

    private mutating func survey(_ text: Span<UInt8>, _ line: Range<Int>) {
        var (start, stop) = (line.lowerBound, line.upperBound)
        while start < stop, SourceFormat.isBlank(text[start]) { start &+= 1 }
        while stop > start, SourceFormat.isBlank(text[stop &- 1]) { stop &-= 1 }
        guard start < stop else { return }
        lineCount += 1
        guard text[start] == UInt8(ascii: "{"), stop &- start > 1 else { return }
        openingCount += 1
        guard text[stop &- 1] == UInt8(ascii: "}") else { return }
        objectCount += 1
        if lineCount == 1 { isFirstAnObject = Self.isJSON(text.extracting(start..<stop)) }
    }

    func verdict(isCut: Bool, _ isNamedAsLines: Bool) -> Verdict {
        guard isFirstComplete else { return beginsWithBrace && isCut ? .unknown : .notLines }
        if lineCount > 1 {
            let most = openingCount * 2 >= lineCount && objectCount > 0
            return isFirstAnObject || most ? .lines(end) : .notLines
        }
        if isFirstAnObject && isCut { return .unknown }
        return openingCount == 1 && isNamedAsLines ? .lines(end) : .notLines
    }

    private static func isBlank(_ text: Span<UInt8>, _ line: Range<Int>) -> Bool {
        for offset in line where !SourceFormat.isBlank(text[offset]) { return false }
        return true
    }

    private static func isJSON(_ text: Span<UInt8>) -> Bool {
        var cursor = JSONCursor()
        do throws(JSONFault) {
            try cursor.skipValue(text, depth: 0)
            try cursor.finish(text)
            return true
        } catch {
            return false
        }
    }
}
