import Support

@testable import StrongroomHealth

/// Drives a splitter as an importer does, with a window that grows by given amounts.
enum Splitting {
    struct Piece: Equatable {
        var kind: SourcePiece.Kind
        var body: [UInt8]
        var terminator: [UInt8]
    }

    /// The pieces of `source`, read in blocks of `blockByteCount`; parts of one record are joined.
    static func pieces(
        _ source: [UInt8],
        _ format: SourceFormat,
        wholeLimit: Int,
        blockByteCount: () -> Int
    ) -> (pieces: [Piece], longestPart: Int) {
        var splitter = SourceSplitter(format, wholeLimit: wholeLimit)
        var (start, end) = (0, 0)
        var (pieces, longestPart) = ([Piece](), 0)
        var isInside = false
        while true {
            let window = source.span.extracting(start..<end)
            switch splitter.next(window, isEnd: end == source.count) {
            case .more: end = min(source.count, end + blockByteCount())
            case .end: return (pieces, longestPart)
            case .piece(let piece):
                pieces.append(copy(piece, source, start))
                start += piece.byteCount
                end = max(end, start)
            case .part(let part, let isLast):
                let copied = copy(part, source, start)
                longestPart = max(longestPart, part.byteCount)
                if isInside {
                    pieces[pieces.count - 1].body += copied.body
                    pieces[pieces.count - 1].terminator = copied.terminator
                } else {
                    pieces.append(copied)
                }
                isInside = !isLast
                start += part.byteCount
                end = max(end, start)
            }
        }
    }

    /// The format that is found in all of a file's bytes.
    static func format(of bytes: [UInt8], named name: String) -> SourceFormat? {
        SourceFormat.detect(bytes.span, isWhole: true, isNamedAsLines: name.hasSuffix(".ndjson"))
    }

    /// The pieces of `source` with all of it in the window.
    static func whole(_ source: [UInt8], _ format: SourceFormat) -> [Piece] {
        pieces(source, format, wholeLimit: 16 << 20) { 1 << 20 }.pieces
    }

    private static func copy(_ piece: SourcePiece, _ source: [UInt8], _ start: Int) -> Piece {
        Piece(
            kind: piece.kind,
            body: Array(source[(start + piece.body.lowerBound)..<(start + piece.body.upperBound)]),
            terminator: Array(
                source[
                    (start + piece.terminator.lowerBound)..<(start + piece.terminator.upperBound)
                ]
            )
        )
    }
}
