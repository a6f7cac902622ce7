import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing

/// The part of a file that was read and is not used up.
struct SourceWindow {
    /// Bytes that are read at a time.
    static let blockByteCount = 1 << 20

    let file: any File
    private(set) var buffer: [UInt8] = []
    /// Where the window is in the buffer.
    private(set) var range = 0..<0
    /// The offset in the file of the byte behind the window.
    private(set) var readByteCount: UInt64 = 0
    private(set) var isAtEnd = false
    private var block = [UInt8](repeating: 0, count: blockByteCount)
    private let hasher = SHA256()

    init(_ file: any File) { self.file = file }

    /// The offset in the file of the window's first byte.
    var offset: UInt64 { readByteCount - UInt64(range.count) }

    /// Drops bytes from the front.
    mutating func drop(_ count: Int) { range = (range.lowerBound + count)..<range.upperBound }

    /// Reads some more bytes; none if the file is at its end.
    mutating func grow() throws(SystemError) {
        buffer.removeSubrange(0..<range.lowerBound)
        // The block is local while spans of it are lent.
        var block: [UInt8] = []
        swap(&block, &self.block)
        defer { swap(&block, &self.block) }
        var target = block.mutableSpan
        let count = try file.read(at: readByteCount, into: &target)
        let fresh = block.span.extracting(0..<count)
        buffer.append(copying: fresh)
        hasher.update(fresh)
        range = 0..<buffer.count
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
