import ArchiveBytes
import ArchiveSealing
import Strongroom

/// Keeps the books of an import: what became durable, file by file and in sum.
struct ImportLedger {
    /// What is known of a file that is not finished.
    fileprivate struct OpenFile {
        var manifest = SourceManifest()
        var pieceCount = 0
        var recordCount = 0
        var unparsedCount = 0
        /// The only subject of the file's records so far; nil once there are two, or one without.
        var subject: String?
        var hasOneSubject = true
    }

    private(set) var summary = ImportSummary()
    private(set) var progress = ImportProgress()
    private let files: [SourceFile]
    private var open: [Int: OpenFile] = [:]
    /// Lists that are complete and wait for the next commit.
    private var finished: [NewRecord] = []
    /// The receipts of the last two batches: what is on its way may be met again in the next one.
    private var receipts: [Int: [Receipt]] = [:]

    init(_ list: SourceList) {
        files = list.files
        summary.failures = list.failures
        progress.totalBytes = list.files.reduce(0) { $0 + $1.byteCount }
    }

    mutating func interrupt() { summary.isInterrupted = true }

    /// Gives up the lists that wait to be stored.
    mutating func takeFinished() -> [NewRecord] {
        defer { finished = [] }
        return finished
    }

    /// Notes that a batch is durable.
    mutating func settle(_ batch: ImportBatch, _ receipts: [Receipt]) {
        self.receipts[batch.number] = receipts
        self.receipts[batch.number - 2] = nil
        for event in batch.events {
            switch event {
            case .piece(let file, let piece): settle(piece, file)
            case .end(let file, let end): finish(file, end)
            case .unchanged(let file, let pieceCount, let byteCount):
                summary.files += 1
                summary.pieces += pieceCount
                summary.duplicates += pieceCount
                summary.bytes += byteCount
                progress.path = SourceName.text(of: files[file].relative)
            case .failure(let file, let reason):
                open[file] = nil
                summary.failures.append(
                    ImportNotice(
                        path: SourceName.text(of: files[file].relative),
                        line: 0,
                        reason: reason
                    )
                )
            }
        }
        progress.records = summary.records
        progress.duplicates = summary.duplicates
        progress.unparsed = summary.unparsed
        progress.bytes = min(progress.totalBytes, summary.bytes + batch.openByteCount)
    }

    private mutating func settle(_ piece: PieceDraft, _ file: Int) {
        let place: (sequence: UInt64, recorded: Int64)
        var isNew = false
        switch piece.content {
        case .literal(let bytes):
            open[file, default: OpenFile()].manifest.append(literal: bytes + piece.terminator)
            return
        case .known(let sequence, let recorded): place = (sequence, recorded)
        case .onItsWay(let recent, let isFirst):
            guard let receipts = receipts[recent.batch], recent.index < receipts.count else {
                preconditionFailure("a record on its way must have a receipt")
            }
            let receipt = receipts[recent.index]
            place = (receipt.sequence, receipt.recorded)
            isNew = isFirst
        }
        summary.pieces += 1
        summary.types[piece.type, default: 0] += 1
        if isNew { summary.records += 1 } else { summary.duplicates += 1 }
        let path = SourceName.text(of: files[file].relative)
        if let reason = piece.unparsed {
            summary.note(unparsed: reason, path: path, line: piece.line)
        }
        open[file, default: OpenFile()].note(piece, place, isNew: isNew)
        progress.path = path
    }

    private mutating func finish(_ file: Int, _ end: SourceEnd) {
        let known = open.removeValue(forKey: file) ?? OpenFile()
        summary.files += 1
        summary.bytes += end.byteCount
        let source = files[file]
        var record = NewRecord(
            name: end.name,
            body: known.manifest.encoded,
            collection: SourceManifest.collection,
            subject: known.hasOneSubject ? known.subject : nil,
            mediaType: SourceManifest.mediaType,
            source: RecordSource(path: end.path, line: 0)
        )
        record.attributes = [
            ("bytes", String(end.byteCount)), ("sha256", end.digest.hex),
            ("pieces", String(known.pieceCount)), ("records", String(known.recordCount)),
            ("unparsed", String(known.unparsedCount)), ("media-type", end.mediaType),
            ("origin", source.origin),
        ]
        finished.append(record)
    }
}

extension ImportLedger.OpenFile {
    fileprivate mutating func note(
        _ piece: PieceDraft,
        _ place: (sequence: UInt64, recorded: Int64),
        isNew: Bool
    ) {
        manifest.append(
            sequence: place.sequence,
            recorded: place.recorded,
            terminator: piece.terminator
        )
        if pieceCount == 0 { subject = piece.subject }
        if piece.subject == nil || piece.subject != subject { hasOneSubject = false }
        pieceCount += 1
        if isNew { recordCount += 1 }
        if piece.unparsed != nil { unparsedCount += 1 }
    }
}
