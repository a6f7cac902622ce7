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
    var records: [NewRecord] = []
    /// A record too large for a batch; it is stored after the others.
    var large: LargeRecord?
    var events: [ImportEvent] = []
    var byteCount = 0
    /// Bytes that were taken of the file in which the batch ends; 0 if it ends with a file.
    var openByteCount: UInt64 = 0

    private let byteLimit: Int

    init(number: Int, byteLimit: Int) {
        self.number = number
        self.byteLimit = byteLimit
    }

    /// Bytes from which on a batch is committed: large enough that the sync does not matter, small
    /// enough that two of them in memory do not.
    static let usualByteCount = 4 << 20
    static let eventLimit = 16_384

    var isFull: Bool {
        byteCount >= byteLimit || events.count >= Self.eventLimit || large != nil
    }
}

/// What a reader met, in the order of the files.
enum ImportEvent: Sendable {
    case piece(file: Int, PieceDraft)
    case end(file: Int, SourceEnd)
    /// The file was imported before, as it is now.
    case unchanged(file: Int, pieceCount: Int, byteCount: UInt64)
    case failure(file: Int, String)
}

/// A piece of a source file on its way into the archive.
struct PieceDraft: Sendable {
    enum Content: Sendable {
        /// A record of this batch or the one before it, which is on its way; new or met again.
        case onItsWay(RecentRecord, isNew: Bool)
        /// A record that the archive has.
        case known(sequence: UInt64, recorded: Int64)
        case literal([UInt8])
    }

    var content: Content
    var terminator: [UInt8] = []
    var type = ""
    var subject: String?
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
