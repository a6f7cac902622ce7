import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom

/// Records that are committed together, and what has to be noted once they are durable.
///
/// A batch may hold the end of one file and the beginning of another: a thousand small files make a
/// few commits, not a thousand.
struct ImportBatch: Sendable {
    /// Counts from 0 through the whole import.
    let number: Int
    /// Lists of files that were finished before, and then the records.
    var records = WriteBatch()
    /// How many of them are lists.
    var listCount = 0
    /// A record too large for a batch; it is stored after the others.
    var large: LargeRecord?
    var events: [ImportEvent] = []
    /// What the events of that kind are about.
    private(set) var pieces: [PieceDraft] = []
    var byteCount = 0
    /// Bytes that were taken of the file in which the batch ends; 0 if it ends with a file.
    var openByteCount: UInt64 = 0

    private let byteLimit: Int

    init(number: Int, byteLimit: Int) {
        self.number = number
        // The first are small, so that the writer need not wait for long: 256 KiB, 512 KiB, 1 MiB.
        self.byteLimit = min(byteLimit, Self.firstByteCount << min(number, 8))
    }

    /// Bytes from which on a batch is committed: large enough that the sync does not matter, small
    /// enough that the five that are in memory do not.
    static let usualByteCount = 2 << 20
    private static let firstByteCount = 256 << 10
    static let eventLimit = 16_384

    /// Notes a piece of a file; one that goes on where the last ended makes that longer.
    mutating func append(_ piece: PieceDraft, of file: Int) {
        guard goesOn(with: piece, of: file) else {
            events.append(.piece(file: file, at: pieces.count))
            pieces.append(piece)
            return
        }
        let last = pieces.count - 1
        pieces[last].count += 1
        if !pieces[last].subject.hasSameBytes(as: piece.subject) {
            pieces[last].hasOneSubject = false
        }
    }

    /// Whether a piece is the new record after those of the last piece, and like them.
    private func goesOn(with piece: PieceDraft, of file: Int) -> Bool {
        // The large record is not committed with the others.
        guard large == nil, piece.unparsed == nil, case .piece(file, let last)? = events.last,
            case .onItsWay(let record, isNew: true) = piece.content,
            case .onItsWay(let first, isNew: true) = pieces[last].content
        else { return false }
        return first.batch == record.batch && first.index + pieces[last].count == record.index
            && pieces[last].unparsed == nil && pieces[last].type == piece.type
            && pieces[last].terminator == piece.terminator
    }

    /// What is needed to recognize the batch's records once it was handed over.
    var withoutEvents: ImportBatch {
        var copy = self
        copy.events = []
        copy.pieces = []
        return copy
    }

    var isFull: Bool {
        byteCount >= byteLimit || events.count >= Self.eventLimit || large != nil
    }
}

/// What a reader met, in the order of the files.
enum ImportEvent: Sendable {
    /// The one at that place among the batch's pieces.
    case piece(file: Int, at: Int)
    case end(file: Int, SourceEnd)
    /// The file was imported before, as it is now.
    case unchanged(file: Int, pieceCount: Int, byteCount: UInt64)
    case failure(file: Int, String)
}

/// A piece of a source file on its way into the archive, or several new records in a row.
struct PieceDraft: Sendable {
    enum Content: Sendable {
        /// A record of this batch or of those just before it, which is on its way; new or met again.
        case onItsWay(RecentRecord, isNew: Bool)
        /// A record that the archive has.
        case known(sequence: UInt64, recorded: Int64)
        case literal([UInt8])
    }

    var content: Content
    var terminator: [UInt8] = []
    var type = ""
    var subject: String?
    /// Whether all have that subject.
    var hasOneSubject = true
    /// How many there are, at places that follow each other.
    var count = 1
    var line: UInt64 = 0
    /// Why the piece could not be read as what it seems to be.
    var unparsed: String?
}

/// A record that is on its way: in which batch, and where in it; the large one comes last.
struct RecentRecord: Sendable, Equatable {
    var batch: Int
    var index: Int
}

/// A record that is stored by itself.
struct LargeRecord: Sendable {
    enum Body: Sendable {
        /// It is in the record.
        case held
        /// It is too long to be held, and read again from the file when it is stored.
        case file(any File, offset: UInt64, byteCount: UInt64, Digest)
    }

    var record: NewRecord
    var body: Body
}

/// What is known of a file when it was read to its end.
struct SourceEnd: Sendable {
    /// The name of the list by which it is put together again.
    var name: String
    var path: [UInt8]
    var byteCount: UInt64
    var digest: Digest
    var mediaType: String
}
