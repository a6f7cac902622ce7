import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom
import Synchronization
import SystemPackage

/// Reads a long body from its file a second time, while it is stored.
///
/// The file was read once to know its digest; if it gives other bytes now, somebody writes to it, and
/// nothing of it is stored.
final class FileBody: Sendable {
    private struct State {
        var offset: UInt64
        let end: UInt64
        let hasher = SHA256()
    }

    private let file: any File
    private let digest: Digest
    private let cancellation: Cancellation
    private let state: Mutex<State>

    init(
        _ file: any File,
        offset: UInt64,
        byteCount: UInt64,
        digest: Digest,
        _ cancellation: Cancellation = Cancellation()
    ) {
        self.file = file
        self.digest = digest
        self.cancellation = cancellation
        state = Mutex(State(offset: offset, end: offset + byteCount))
    }

    /// The next piece, or nil at the end.
    func next() throws -> [UInt8]? {
        if cancellation.isCancelled { throw CancellationError() }
        return try state.withLock { state in
            let count = min(UInt64(SourceWindow.blockByteCount), state.end - state.offset)
            let bytes = try file.read(at: state.offset, byteCount: Int(count))
            state.offset += UInt64(bytes.count)
            state.hasher.update(bytes.span)
            guard count == 0 || bytes.isEmpty else { return bytes }
            guard state.hasher.finish() == digest else {
                throw ArchiveError(
                    .invalid,
                    "\(file.path.string) changed while it was imported; import it again when nobody "
                        + "writes to it"
                )
            }
            return nil
        }
    }
}
