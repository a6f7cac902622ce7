import ArchiveBytes

/// A piece of a source file, as ranges of the window that it was found in.
package struct SourcePiece: Equatable, Sendable {
    package enum Kind: Sendable {
        /// Becomes a record.
        case record
        /// Is kept only so that the file can be put together again.
        case literal
    }

    package let kind: Kind
    package let body: Range<Int>
    /// What ends the piece and belongs to no record: a line end, the end of a frame.
    package let terminator: Range<Int>

    /// The bytes of the window that the piece has used up.
    package var byteCount: Int { terminator.upperBound }
}

/// What comes next in a source file.
package enum SourceStep: Equatable, Sendable {
    /// A whole piece.
    case piece(SourcePiece)
    /// The next bytes of a record too long for the window; the terminator comes with the last.
    case part(SourcePiece, isLast: Bool)
    /// Nothing can be said before the window has grown.
    case more
    /// The file is used up.
    case end
}

/// Cuts a source file into pieces, in order, while it is being read.
///
/// The caller holds a *window*: the bytes that were read and are not used up. It calls
/// ``next(_:isEnd:)``; after a piece or a part it drops `byteCount` bytes from the front, after
/// ``SourceStep/more`` it appends some. The law is that bodies and terminators, one after the other,
/// are the file, whatever the bytes are and however they arrive.
package struct SourceSplitter {
    /// From so many bytes on, a record is handed over in parts.
    package static let usualWholeLimit = 16 << 20

    private var lines: LineSplitter?
    private var messages: MessageSplitter?
    private var whole: WholeSplitter?

    package init(_ format: SourceFormat, wholeLimit: Int = usualWholeLimit) {
        precondition(wholeLimit >= 16, "a window must hold what tells a message from its frame")
        switch format {
        case .fhirNDJSON(let end): lines = LineSplitter(end: end, wholeLimit: wholeLimit)
        case .hl7v2: messages = MessageSplitter(wholeLimit: wholeLimit)
        case .fhirJSON, .opaque: whole = WholeSplitter(wholeLimit: wholeLimit)
        }
    }

    /// Finds what comes next at the front of `window`; `isEnd` says that no more bytes will follow.
    package mutating func next(_ window: Span<UInt8>, isEnd: Bool) -> SourceStep {
        lines?.next(window, isEnd: isEnd) ?? messages?.next(window, isEnd: isEnd)
            ?? whole?.next(window, isEnd: isEnd) ?? .end
    }
}

/// Hands over a file as one piece, or in parts if it is long.
private struct WholeSplitter {
    let wholeLimit: Int
    private var isInside = false
    private var isDone = false

    init(wholeLimit: Int) { self.wholeLimit = wholeLimit }

    mutating func next(_ window: Span<UInt8>, isEnd: Bool) -> SourceStep {
        if isDone { return .end }
        let all = window.count
        if isEnd {
            isDone = true
            // An empty file is a record as well: it must be there again after a restore.
            let piece = SourcePiece(kind: .record, body: 0..<all, terminator: all..<all)
            return isInside ? .part(piece, isLast: true) : .piece(piece)
        }
        guard all >= wholeLimit else { return .more }
        isInside = true
        return .part(
            SourcePiece(kind: .record, body: 0..<all, terminator: all..<all),
            isLast: false
        )
    }
}
