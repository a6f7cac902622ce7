import ArchiveBytes

/// Cuts a file into lines.
///
/// A line's end is no part of the record: `LF`, `CRLF`, or nothing at the end of the file. Lines
/// without anything but white space are literals, and so is a byte order mark.
struct LineSplitter {
    let end: SourceFormat.LineEnd
    let wholeLimit: Int
    /// The first bytes of the window in which no line end was found.
    private var searched = 0
    private var isAtStart = true
    private var isInside = false

    init(end: SourceFormat.LineEnd, wholeLimit: Int) {
        self.end = end
        self.wholeLimit = wholeLimit
    }

    mutating func next(_ window: Span<UInt8>, isEnd: Bool) -> SourceStep {
        if isAtStart {
            guard window.count >= 3 || isEnd else { return .more }
            isAtStart = false
            if window.starts(with: "\u{feff}") {
                return .piece(SourcePiece(kind: .literal, body: 0..<3, terminator: 3..<3))
            }
        }
        if let place = window.firstIndex(ofByte: end.rawValue, from: searched) {
            return line(window, to: place, next: place + 1)
        }
        searched = window.count
        if isEnd { return rest(window) }
        guard window.count >= wholeLimit else { return .more }
        return part(window)
    }

    private mutating func line(
        _ window: Span<UInt8>,
        to place: Int,
        next: Int
    ) -> SourceStep {
        var stop = place
        if end == .lineFeed, stop > 0, window[stop - 1] == 0x0d { stop -= 1 }
        searched = 0
        return step(window, body: 0..<stop, terminator: stop..<next)
    }

    private mutating func rest(_ window: Span<UInt8>) -> SourceStep {
        guard isInside || !window.isEmpty else { return .end }
        var stop = window.count
        if stop > 0, window[stop - 1] == 0x0d { stop -= 1 }
        searched = 0
        return step(window, body: 0..<stop, terminator: stop..<window.count)
    }

    private mutating func step(
        _ window: Span<UInt8>,
        body: Range<Int>,
        terminator: Range<Int>
    ) -> SourceStep {
        if isInside {
            isInside = false
            let piece = SourcePiece(kind: .record, body: body, terminator: terminator)
            return .part(piece, isLast: true)
        }
        var offset = body.lowerBound
        while offset < body.upperBound, SourceFormat.isBlank(window[offset]) { offset += 1 }
        let kind: SourcePiece.Kind = offset < body.upperBound ? .record : .literal
        return .piece(SourcePiece(kind: kind, body: body, terminator: terminator))
    }

    private mutating func part(_ window: Span<UInt8>) -> SourceStep {
        var stop = window.count
        // A carriage return may turn out to be the first half of the line's end.
        if window[stop - 1] == 0x0d { stop -= 1 }
        isInside = true
        searched = window.count - stop
        return .part(
            SourcePiece(kind: .record, body: 0..<stop, terminator: stop..<stop),
            isLast: false
        )
    }
}
