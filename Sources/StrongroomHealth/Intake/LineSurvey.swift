import ArchiveBytes

/// Looks at the beginning of a text to tell a file of JSON lines from one JSON text.
///
/// What reads as one JSON text from the first byte on is one; what goes on after a whole object on
/// one line is lines. Where the beginning is no JSON at all, a broken first line may be the cause:
/// then at least half of the lines must begin like an object that somebody wrote on one line.
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
    /// The first value of the text, if the text begins like an object.
    private var first = First.none

    private enum First {
        case none
        /// The text breaks off inside it, or goes on with nothing but blanks.
        case all
        case broken
        /// Something stands behind it on another line.
        case line
    }

    init(_ text: Span<UInt8>, isWhole: Bool) {
        if text.firstIndex(of: SourceFormat.LineEnd.lineFeed.rawValue) == nil,
            let place = text.firstIndex(of: SourceFormat.LineEnd.carriageReturn.rawValue),
            place < text.count - 1
        {
            end = .carriageReturn
        }
        surveyFirst(text)
        // That alone tells.
        guard first != .line else { return }
        var start = 0
        while start < text.count {
            let stop = text.firstIndex(ofByte: end.rawValue, from: start) ?? text.count
            guard stop < text.count || isWhole else { break }
            survey(text, start..<stop)
            start = stop + 1
        }
    }

    private mutating func surveyFirst(_ text: Span<UInt8>) {
        guard !text.isEmpty, text[0] == UInt8(ascii: "{") else { return }
        var cursor = JSONCursor()
        do throws(JSONFault) {
            try cursor.skipValue(text, depth: 0)
        } catch {
            first = error == .truncated ? .all : .broken
            return
        }
        let lineEnd = text.firstIndex(ofByte: end.rawValue, from: 0) ?? text.count
        let isOneLine = cursor.at <= lineEnd
        cursor.space(text)
        first = cursor.at == text.count ? .all : isOneLine && cursor.at > lineEnd ? .line : .broken
    }

    private mutating func survey(_ text: Span<UInt8>, _ line: Range<Int>) {
        var (start, stop) = (line.lowerBound, line.upperBound)
        while start < stop, SourceFormat.isBlank(text[start]) { start &+= 1 }
        while stop > start, SourceFormat.isBlank(text[stop &- 1]) { stop &-= 1 }
        guard start < stop else { return }
        lineCount += 1
        guard text[start] == UInt8(ascii: "{"), stop &- start > 1 else { return }
        openingCount += 1
        if text[stop &- 1] == UInt8(ascii: "}") { objectCount += 1 }
    }

    /// `isCut` says that more of the file can be seen.
    func verdict(isCut: Bool, _ isNamedAsLines: Bool) -> Verdict {
        switch first {
        case .line: return .lines(end)
        case .all:
            // One line, or the beginning of an indented text; a name that says lines is believed
            // if there is but one.
            if lineCount <= 1 && isCut { return .unknown }
            return lineCount <= 1 && openingCount == 1 && isNamedAsLines ? .lines(end) : .notLines
        case .none, .broken:
            if lineCount == 1, openingCount == 1, isNamedAsLines { return .lines(end) }
            let most = lineCount > 1 && openingCount * 2 >= lineCount && objectCount > 0
            return most ? .lines(end) : .notLines
        }
    }
}
