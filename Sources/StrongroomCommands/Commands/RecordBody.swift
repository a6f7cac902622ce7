import ArchiveFileIO
import Synchronization

/// A record's body on its way in, a piece at a time.
final class RecordBody: Sendable {
    private static let pieceByteCount = 1 << 20

    private let read: @Sendable (Int) throws -> [UInt8]
    private let progress: Progress
    private let count = Mutex<UInt64>(0)

    /// Takes the bytes of a file, or of standard input if there is none.
    init(_ file: SequentialFile?, _ progress: Progress) {
        if let file {
            read = { try file.readFully($0) }
        } else {
            read = { try StandardStream.input.readFully($0) }
        }
        self.progress = progress
    }

    /// Bytes so far.
    var byteCount: UInt64 { count.withLock { $0 } }

    /// The next piece, or nil at the end.
    ///
    /// Throws when the user asked to stop.
    func next() throws -> [UInt8]? {
        if Interruption.isRequested { throw CancellationError() }
        let piece = try read(Self.pieceByteCount)
        let sum = count.withLock { count in
            count += UInt64(piece.count)
            return count
        }
        progress.update(done: sum)
        return piece.isEmpty ? nil : piece
    }
}
