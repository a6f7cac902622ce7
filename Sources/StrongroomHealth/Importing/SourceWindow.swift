import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing

/// The part of a file that was read and is not used up.
struct SourceWindow {
    /// Bytes that are read at a time.
    static let blockByteCount = 1 << 20

    let file: any File
    /// The window and, behind it, room for what is read next.
    private(set) var buffer: [UInt8]
    /// Where the window is in the buffer.
    private(set) var range = 0..<0
    /// The offset in the file of the byte behind the window.
    private(set) var readByteCount: UInt64 = 0
    private(set) var isAtEnd = false
    private let hasher = SHA256()

    /// A window at the beginning of a file, in the memory of another if there was one.
    init(_ file: any File, memory: [UInt8] = []) {
        self.file = file
        buffer =
            memory.count == Self.usualByteCount
            ? memory : [UInt8](repeating: 0, count: Self.usualByteCount)
    }

    private static let usualByteCount = 2 * blockByteCount

    /// The offset in the file of the window's first byte.
    var offset: UInt64 { readByteCount - UInt64(range.count) }

    /// Drops bytes from the front.
    mutating func drop(_ count: Int) { range = (range.lowerBound + count)..<range.upperBound }

    /// Reads some more bytes; none if the file is at its end.
    mutating func grow() throws(SystemError) {
        // The buffer is local while spans of it are lent.
        var buffer: [UInt8] = []
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let kept = range.count
        buffer.moveToFront(range)
        range = 0..<kept
        if buffer.count < kept + Self.blockByteCount {
            // Twice as large, so that a long record is copied a few times at most.
            buffer.append(contentsOf: repeatElement(0, count: buffer.count))
        }
        var all = buffer.mutableSpan
        var target = all._mutatingExtracting(kept..<(kept + Self.blockByteCount))
        let count = try file.read(at: readByteCount, into: &target)
        hasher.update(buffer.span.extracting(kept..<(kept + count)))
        range = 0..<(kept + count)
        readByteCount += UInt64(count)
        isAtEnd = count == 0
    }

    /// What the splitter finds at the front of the window.
    func next(of splitter: inout SourceSplitter) -> SourceStep {
        splitter.next(buffer.span.extracting(range), isEnd: isAtEnd)
    }

    /// The digest of all bytes that were read.
    func digest() -> Digest { hasher.finish() }
}
