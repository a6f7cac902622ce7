import ArchiveBytes
import ArchiveSealing
import Strongroom

/// Keeps the books of an import: what became durable, file by file and in sum.
struct ImportLedger {
    /// What is known of a file that is not finished.
    fileprivate struct OpenFile {
        let index: Int
        /// Its path as text.
        let path: String
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
    /// The file that was read last; all others are finished.
    private var open: OpenFile?
    /// Lists that are complete and wait for the next commit.
    private var finished: [NewRecord] = []
    /// The receipts of the last batches: what is on its way may be met again in those behind it.
    private var receipts: [Int: [Receipt]] = [:]
    private var lastType = (name: "", count: 0)

    init(_ list: SourceList) {
        files = list.files
        summary.failures = list.failures
        progress.totalBytes = list.files.reduce(0) { $0 + $1.byteCount }
    }

    mutating func interrupt() { summary.isInterrupted = true }

    /// Gives up lists that wait to be stored, as many as go well with a batch.
    mutating func takeFinished() -> [NewRecord] {
        var (count, byteCount) = (0, 0)
        while count < finished.count, byteCount < ImportBatch.usualByteCount {
            byteCount += finished[count].byteCountInBatch
            count += 1
        }
        defer { finished.removeFirst(count) }
        return Array(finished.prefix(count))
    }

    /// Notes that a batch is durable.
    mutating func settle(_ batch: ImportBatch, _ receipts: [Receipt]) {
        self.receipts[batch.number] = receipts
        self.receipts[batch.number - DuplicateCheck.batchCount - 1] = nil
        for event in batch.events {
            switch event {
            case .piece(let file, let place): settle(batch.pieces[place], file)
            case .end(let file, let end): finish(file, end)
            case .unchanged(let file, let pieceCount, let byteCount):
                summary.files += 1
                summary.pieces += pieceCount
                summary.duplicates += pieceCount
                summary.bytes += byteCount
                progress.path = SourceName.text(of: files[file].relative)
            case .failure(let file, let reason):
                if open?.index == file { open = nil }
                summary.failures.append(
                    ImportNotice(
                        path: SourceName.text(of: files[file].relative),
                        line: 0,
                        reason: reason
                    )
                )
            }
        }
        countTypes()
        progress.records = summary.records
        progress.duplicates = summary.duplicates
        progress.unparsed = summary.unparsed
        progress.bytes = min(progress.totalBytes, summary.bytes + batch.openByteCount)
    }

    private mutating func settle(_ piece: PieceDraft, _ file: Int) {
        let place: (sequence: UInt64, recorded: Int64)
        var isNew = false
        // Taken out while it is changed, and put back.
        var known = takeOpen(file)
        defer { open = known }
        switch piece.content {
        case .literal(let bytes):
            known.manifest.append(literal: bytes + piece.terminator)
            return
        case .known(let sequence, let recorded): place = (sequence, recorded)
        case .onItsWay(let recent, let isFirst):
            guard let receipts = receipts[recent.batch],
                recent.index + piece.count <= receipts.count
            else { preconditionFailure("a record on its way must have a receipt") }
            let receipt = receipts[recent.index]
            place = (receipt.sequence, receipt.recorded)
            isNew = isFirst
        }
        summary.pieces += piece.count
        if piece.type != lastType.name {
            countTypes()
            lastType.name = piece.type
        }
        lastType.count += piece.count
        if isNew { summary.records += piece.count } else { summary.duplicates += piece.count }
        if let reason = piece.unparsed {
            summary.note(unparsed: reason, path: known.path, line: piece.line)
        }
        known.note(piece, place, isNew: isNew)
    }

    /// What is known of a file of which more has come.
    private mutating func takeOpen(_ file: Int) -> OpenFile {
        if open?.index == file, let known = open.take() { return known }
        let path = SourceName.text(of: files[file].relative)
        progress.path = path
        return OpenFile(index: file, path: path)
    }

    /// Adds the pieces of one type that came one after the other.
    private mutating func countTypes() {
        if lastType.count > 0 { summary.types[lastType.name, default: 0] += lastType.count }
        lastType.count = 0
    }

    private mutating func finish(_ file: Int, _ end: SourceEnd) {
        let known = takeOpen(file)
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
            count: piece.count,
            terminator: piece.terminator
        )
        if pieceCount == 0 { subject = piece.subject }
        if piece.subject == nil || !piece.subject.hasSameBytes(as: subject) || !piece.hasOneSubject
        {
            hasOneSubject = false
        }
        pieceCount += piece.count
        if isNew { recordCount += piece.count }
        if piece.unparsed != nil { unparsedCount += 1 }
    }
}

extension NewRecord {
    /// About what a list takes in a batch.
    var byteCountInBatch: Int { body.count + 2 * (source?.path.count ?? 0) + 1024 }
}
