import ArchiveBytes

/// Cuts a file of HL7 v2 into messages.
///
/// A message is a record with all its bytes up to the next one, its last line end and a byte order
/// mark before it included, so that a file with one message is that record. The headers and trailers
/// of files and batches and the bytes of MLLP frames are kept as literals and terminators.
///
/// Segments end with CR; many files have LF instead. In a message whose first line ends with CR an
/// LF alone ends nothing, because a field may hold one.
struct MessageSplitter {
    let wholeLimit: Int
    private var searched = 0
    private var isAtStart = true
    private var isInside = false
    private var endsWithCR: Bool?

    private static let startBlock: UInt8 = 0x0b
    private static let endBlock: UInt8 = 0x1c

    init(wholeLimit: Int) { self.wholeLimit = wholeLimit }

    mutating func next(_ window: Span<UInt8>, isEnd: Bool) -> SourceStep {
        if isInside || searched > 0 { return message(window, isEnd: isEnd) }
        guard !window.isEmpty else { return isEnd ? .end : .more }
        let mark = isAtStart ? 3 : 0
        guard window.count >= mark + MessageHeader.byteCount || isEnd else { return .more }
        let start = isAtStart && window.starts(with: "\u{feff}") ? 3 : 0
        if let step = frame(window, start, isEnd: isEnd) {
            if step != .more { isAtStart = false }
            return step
        }
        isAtStart = false
        searched = min(start + 3, window.count)
        return message(window, isEnd: isEnd)
    }

    /// What stands between messages: blank bytes, the start of a frame, a batch's header or trailer.
    private func frame(_ window: Span<UInt8>, _ start: Int, isEnd: Bool) -> SourceStep? {
        var end = start
        while end < window.count, Self.isFrame(window[end]) { end += 1 }
        if end == start {
            guard MessageHeader.kind(window, at: start) == .batch else { return nil }
            guard let stop = lineEnd(window, start) else {
                // The last line of the file, or one cut off; a line without end is no header.
                guard !isEnd else { return literal(window.count) }
                return window.count < wholeLimit ? .more : nil
            }
            end = stop
        }
        return literal(end)
    }

    private func literal(_ count: Int) -> SourceStep {
        .piece(SourcePiece(kind: .literal, body: 0..<count, terminator: count..<count))
    }

    private static func isFrame(_ byte: UInt8) -> Bool {
        SourceFormat.isBlank(byte) || byte == startBlock || byte == endBlock
    }

    private func lineEnd(_ window: Span<UInt8>, _ start: Int) -> Int? {
        for offset in start..<window.count where window[offset] == 0x0d || window[offset] == 0x0a {
            return offset + 1
        }
        return nil
    }
}

// MARK: - Messages

extension MessageSplitter {
    private mutating func message(_ window: Span<UInt8>, isEnd: Bool) -> SourceStep {
        var offset = searched
        while offset < window.count {
            let byte = window[offset]
            guard byte == 0x0d || byte == 0x0a || byte == Self.endBlock else {
                offset &+= 1
                continue
            }
            let found =
                byte == Self.endBlock
                ? endOfFrame(window, offset, isEnd: isEnd) : endOfLine(window, offset, isEnd: isEnd)
            switch found {
            case .boundary(let body, let next): return finish(body, next)
            case .none(let next): offset = next
            case .unknown:
                searched = offset
                return wait(window, upTo: offset)
            }
        }
        searched = window.count
        return isEnd ? finish(window.count, window.count) : wait(window, upTo: window.count)
    }

    private enum Boundary {
        /// The body ends here, and the next piece begins there.
        case boundary(Int, Int)
        /// None; the search goes on there.
        case none(Int)
        /// The bytes that tell are not in the window yet.
        case unknown
    }

    private mutating func endOfLine(
        _ window: Span<UInt8>,
        _ start: Int,
        isEnd: Bool
    ) -> Boundary {
        var (end, hasCR) = (start, false)
        while end < window.count, window[end] == 0x0d || window[end] == 0x0a {
            if window[end] == 0x0d { hasCR = true }
            end &+= 1
        }
        guard window.count - end >= MessageHeader.byteCount + 1 || isEnd else { return .unknown }
        if endsWithCR == nil { endsWithCR = hasCR }
        if endsWithCR == true && !hasCR { return .none(end) }
        let isFramed = end < window.count && window[end] == Self.startBlock
        guard MessageHeader.kind(window, at: isFramed ? end + 1 : end) != nil else {
            return .none(end)
        }
        return .boundary(end, end)
    }

    private func endOfFrame(_ window: Span<UInt8>, _ place: Int, isEnd: Bool) -> Boundary {
        guard place + 2 < window.count || isEnd else { return .unknown }
        var end = place + 1
        guard end == window.count || window[end] == 0x0d else { return .none(end) }
        if end < window.count { end += 1 }
        if end < window.count, window[end] == 0x0a { end += 1 }
        return .boundary(place, end)
    }

    private mutating func finish(_ body: Int, _ next: Int) -> SourceStep {
        let piece = SourcePiece(kind: .record, body: 0..<body, terminator: body..<next)
        let isPart = isInside
        searched = 0
        endsWithCR = nil
        isInside = false
        return isPart ? .part(piece, isLast: true) : .piece(piece)
    }

    private mutating func wait(_ window: Span<UInt8>, upTo offset: Int) -> SourceStep {
        guard window.count >= wholeLimit else { return .more }
        // Line ends without number would fill any window: then what follows them is not waited for.
        let stop = offset > 0 ? offset : window.count
        isInside = true
        searched = 0
        return .part(
            SourcePiece(kind: .record, body: 0..<stop, terminator: stop..<stop),
            isLast: false
        )
    }
}
