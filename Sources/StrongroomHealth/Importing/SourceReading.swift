import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom
import SystemPackage

/// One source file while it is being read: window, splitter, and what is held back.
struct SourceReading {
    /// A body up to so many bytes is looked into for its facts even if it is not held as a piece:
    /// hospitals send Bundles of some ten megabytes.
    static let factsLimit = 64 << 20

    /// Bytes of the file that have been taken.
    var takenByteCount: UInt64 { window.offset }
    let index: Int
    let source: SourceFile
    private let wholeLimit: Int
    private let cancellation: Cancellation
    private var window: SourceWindow
    /// Where the piece that comes next is from.
    private var origin: RecordMaker.Origin
    private var splitter: SourceSplitter?
    /// The line or message that comes next, from 1.
    private var number: UInt64 = 1
    /// The only message so far, with what followed it: its name depends on whether another comes.
    private var firstMessage: [HeldPiece] = []
    private var isFirstHeld = true
    private var lastTerminator: [UInt8] = []
    /// The parts of a long record so far.
    private var long: LongPiece?

    private struct HeldPiece {
        var kind: SourcePiece.Kind
        var body: [UInt8]
        var terminator: [UInt8]
    }

    private struct LongPiece {
        var offset: UInt64
        var byteCount: UInt64 = 0
        let hasher = SHA256()
    }

    init(
        index: Int,
        _ source: SourceFile,
        name: String,
        path: [UInt8],
        _ file: any File,
        wholeLimit: Int,
        memory: [UInt8],
        _ cancellation: Cancellation
    ) {
        self.wholeLimit = wholeLimit
        self.cancellation = cancellation
        self.index = index
        self.source = source
        origin = RecordMaker.Origin(
            name: name,
            path: path,
            format: .opaque(mediaType: MediaType.unknown),
            number: 0
        )
        window = SourceWindow(file, memory: memory)
    }

    /// Reads on until the batch is full, the file ends, or nobody wants the rest; true at its end.
    mutating func fill(
        _ batch: inout ImportBatch,
        _ tools: inout ImportTools,
        _ view: ArchiveView
    ) throws -> Bool {
        if splitter == nil { try detect() }
        while !batch.isFull, !cancellation.isCancelled {
            let step = nextStep()
            switch step {
            case .more: try window.grow()
            case .piece(let piece): try take(piece, &batch, &tools, view)
            case .part(let piece, let isLast):
                try takePart(piece, isLast: isLast, &batch, &tools, view)
            case .end:
                try releaseFirst(&batch, &tools, view, isOnly: true)
                let end = SourceEnd(
                    name: origin.name,
                    path: origin.path,
                    byteCount: window.readByteCount,
                    digest: window.digest(),
                    mediaType: format.mediaType
                )
                batch.events.append(.end(file: index, end))
                return true
            }
        }
        return false
    }

    private var format: SourceFormat { origin.format }

    /// The window's memory, for the next file.
    var memory: [UInt8] { window.buffer }

    private mutating func nextStep() -> SourceStep {
        guard var splitter else { return .end }
        defer { self.splitter = splitter }
        return window.next(of: &splitter)
    }

    private mutating func detect() throws {
        let isNamedAsLines =
            source.relative.hasSuffix(".ndjson") || source.relative.hasSuffix(".jsonl")
        try window.grow()
        var found: SourceFormat?
        while found == nil {
            found = SourceFormat.detect(
                window.buffer.span.extracting(window.range),
                isWhole: window.isAtEnd,
                isNamedAsLines: isNamedAsLines
            )
            if found == nil { try window.grow() }
        }
        origin.format = found ?? format
        splitter = SourceSplitter(format, wholeLimit: wholeLimit)
        isFirstHeld = format == .hl7v2
    }
}

// MARK: - Pieces

extension SourceReading {
    private mutating func take(
        _ piece: SourcePiece,
        _ batch: inout ImportBatch,
        _ tools: inout ImportTools,
        _ view: ArchiveView
    ) throws {
        defer { window.drop(piece.byteCount) }
        let terminator = terminator(of: piece)
        if isFirstHeld {
            let isSecond = piece.kind == .record && firstMessage.contains { $0.kind == .record }
            guard isSecond else {
                let body = [UInt8](
                    copying: window.buffer.span.extracting(piece.body.within(window.range))
                )
                firstMessage.append(
                    HeldPiece(kind: piece.kind, body: body, terminator: terminator)
                )
                return
            }
            try releaseFirst(&batch, &tools, view, isOnly: false)
        }
        origin.number = ownNumber
        try tools.add(
            piece.kind,
            window.buffer.span.extracting(piece.body.within(window.range)),
            terminator,
            origin,
            file: index,
            &batch,
            view
        )
        count(piece.kind)
    }

    /// What ends a piece: mostly the same as what ended the one before.
    private mutating func terminator(of piece: SourcePiece) -> [UInt8] {
        let range = piece.terminator.within(window.range)
        if !lastTerminator.span.isEqual(to: window.buffer.span.extracting(range)) {
            let bytes = [UInt8](copying: window.buffer.span.extracting(range))
            lastTerminator = bytes
        }
        return lastTerminator
    }

    /// The number of the piece that comes next; 0 in a file that is one piece.
    private var ownNumber: UInt64 {
        switch format {
        case .fhirNDJSON, .hl7v2: number
        case .fhirJSON, .opaque: 0
        }
    }

    /// Counts lines as an editor does, messages as messages.
    private mutating func count(_ kind: SourcePiece.Kind) {
        if format == .hl7v2, kind == .literal { return }
        // A byte order mark is not a line.
        if case .fhirNDJSON = format, kind == .literal, number == 1, window.offset == 0,
            window.buffer.span.extracting(window.range).starts(with: "\u{feff}")
        {
            return
        }
        number += 1
    }

    private mutating func releaseFirst(
        _ batch: inout ImportBatch,
        _ tools: inout ImportTools,
        _ view: ArchiveView,
        isOnly: Bool
    ) throws {
        guard isFirstHeld else { return }
        isFirstHeld = false
        for piece in firstMessage {
            origin.number = isOnly ? 0 : number
            try tools.add(
                piece.kind,
                piece.body.span,
                piece.terminator,
                origin,
                file: index,
                &batch,
                view
            )
            count(piece.kind)
        }
        firstMessage = []
    }
}

// MARK: - Long records

extension SourceReading {
    private mutating func takePart(
        _ piece: SourcePiece,
        isLast: Bool,
        _ batch: inout ImportBatch,
        _ tools: inout ImportTools,
        _ view: ArchiveView
    ) throws {
        if isFirstHeld { try releaseFirst(&batch, &tools, view, isOnly: false) }
        var long = self.long ?? LongPiece(offset: window.offset)
        long.hasher.update(window.buffer.span.extracting(piece.body.within(window.range)))
        long.byteCount += UInt64(piece.body.count)
        self.long = isLast ? nil : long
        defer { window.drop(piece.byteCount) }
        guard isLast else { return }
        origin.number = ownNumber
        try tools.add(
            LongBody(
                file: window.file,
                offset: long.offset,
                byteCount: long.byteCount,
                digest: long.hasher.finish()
            ),
            terminator(of: piece),
            origin,
            file: index,
            &batch,
            view
        )
        number += 1
    }
}

/// A body that stays in its file until it is stored.
struct LongBody {
    var file: any File
    var offset: UInt64
    var byteCount: UInt64
    var digest: Digest
}

extension Range<Int> {
    /// The same range, counted from the start of `window`'s buffer.
    fileprivate func within(_ window: Range<Int>) -> Range<Int> {
        (lowerBound + window.lowerBound)..<(upperBound + window.lowerBound)
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: String) -> Bool {
        suffix.utf8.elementsEqual(self.suffix(suffix.utf8.count))
    }
}
