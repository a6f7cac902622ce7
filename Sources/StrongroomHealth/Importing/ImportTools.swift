import ArchiveBytes
import ArchiveFileIO
import Strongroom

/// What turns pieces into records, kept through the whole import.
struct ImportTools {
    private var maker: RecordMaker
    private var duplicates = DuplicateCheck()

    init(label: String) { maker = RecordMaker(label: label) }

    /// Begins a batch after the one that was handed over last.
    mutating func beginBatch(
        after last: ImportBatch?,
        _ sight: ImportSight
    ) throws(ArchiveError) {
        try duplicates.beginBatch(after: last, sight)
    }

    /// Adds a piece to the batch: a literal, a record, or another mention of a record.
    mutating func add(
        _ kind: SourcePiece.Kind,
        _ body: Span<UInt8>,
        _ terminator: [UInt8],
        _ origin: RecordMaker.Origin,
        file: Int,
        _ batch: inout ImportBatch,
        _ view: ArchiveView
    ) throws {
        guard kind == .record else {
            let literal = PieceDraft(
                content: .literal([UInt8](copying: body)),
                terminator: terminator
            )
            batch.append(literal, of: file)
            batch.byteCount += body.count
            return
        }
        var made = maker.record(body, origin)
        var draft = self.draft(made, terminator, origin)
        if let known = try duplicates.find(made.record.name, body, batch, in: view) {
            draft.content = known
        } else {
            draft.content = .onItsWay(place(&made.record, body, &batch), isNew: true)
        }
        batch.byteCount += 64
        batch.append(draft, of: file)
    }

    /// Adds a record that is too long to be held.
    mutating func add(
        _ body: LongBody,
        _ terminator: [UInt8],
        _ origin: RecordMaker.Origin,
        file: Int,
        _ batch: inout ImportBatch,
        _ view: ArchiveView
    ) throws {
        let limit = SourceReading.factsLimit
        var made: RecordMaker.Made
        if body.byteCount <= UInt64(limit), origin.format.hasFacts {
            let bytes = try body.file.read(at: body.offset, byteCount: Int(body.byteCount))
            made = maker.record(bytes.span, origin)
        } else {
            made = maker.unreadRecord(origin, limit: limit)
        }
        var draft = self.draft(made, terminator, origin)
        if let known = try duplicates.find(
            made.record.name,
            digest: body.digest,
            batch,
            in: view
        ) {
            draft.content = known
        } else {
            let place = RecentRecord(batch: batch.number, index: batch.records.count)
            batch.large = LargeRecord(
                record: made.record,
                body: .file(
                    body.file,
                    offset: body.offset,
                    byteCount: body.byteCount,
                    body.digest
                )
            )
            duplicates.noteNew(at: place.index)
            draft.content = .onItsWay(place, isNew: true)
        }
        batch.append(draft, of: file)
    }

    private func draft(
        _ made: RecordMaker.Made,
        _ terminator: [UInt8],
        _ origin: RecordMaker.Origin
    ) -> PieceDraft {
        PieceDraft(
            content: .literal([]),
            terminator: terminator,
            type: made.type,
            subject: made.record.subject,
            line: origin.number,
            unparsed: made.unparsed
        )
    }

    /// Puts a record in the batch; one that is too large for it becomes the large one, the last.
    private mutating func place(
        _ record: inout NewRecord,
        _ body: Span<UInt8>,
        _ batch: inout ImportBatch
    ) -> RecentRecord {
        let place = RecentRecord(batch: batch.number, index: batch.records.count)
        duplicates.noteNew(at: place.index)
        if body.count > Self.inlineByteLimit {
            record.body = [UInt8](copying: body)
            batch.large = LargeRecord(record: record, body: .held)
        } else {
            batch.byteCount += body.count + 512
            batch.records.put(moving: &record, body: body)
        }
        return place
    }

    /// What the archive takes as a part of a batch.
    static let inlineByteLimit = 1 << 20
}
