import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import SystemPackage

/// What stays of a sealed segment where the rest of it lives in a vault: its header, its seal frame and
/// its trailer, one behind the other.
///
/// That is what opening the log needs of it, and it proves itself: the seal is signed and names the
/// header. See the specification's section on thin archives.
package struct SegmentStub: Sendable {
    /// The header.
    let head: [UInt8]
    /// The seal frame and the trailer.
    let end: [UInt8]
    /// The segment's length.
    package let byteCount: UInt64

    package static let suffix = ".stub"

    /// A seal frame, which has a limit of its own, and what stands around it.
    package static let byteCountLimit =
        SegmentHeader.byteCount + FrameHeader.byteCount + Limits.frameBody + 64

    /// Where the segment's last bytes begin.
    var endOffset: UInt64 { byteCount - UInt64(end.count) }

    package static func path(of number: SegmentNumber, in directory: FilePath) -> FilePath {
        directory.appending(number.stem + suffix)
    }

    /// The segment whose stub has that name; nil if it is no stub's.
    package static func number(_ name: String) -> SegmentNumber? {
        guard name.hasSuffix(suffix) else { return nil }
        return SegmentNumber(stem: String(name.dropLast(suffix.count)))
    }

    /// Reads a stub's parts and finds the segment's length; what it says is proved where it is used.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let headCount = SegmentHeader.byteCount
        guard bytes.count > headCount + SealTrailer.byteCount else {
            throw FormatError(.truncated, "the stub is shorter than a header and a trailer")
        }
        let trailer = bytes.count - SealTrailer.byteCount
        guard let offset = SealTrailer.sealOffset(decoding: bytes.span.extracting(trailer...)),
            offset >= UInt64(headCount), offset < UInt64(1) << 62
        else { throw FormatError(.damaged, "the stub has no trailer: it was cut or damaged") }
        head = Array(bytes[..<headCount])
        end = Array(bytes[headCount...])
        byteCount = offset + UInt64(end.count)
    }

    /// The segment's ends, which prove each other; nothing between them can be read.
    package func checked(
        archiveID: ArchiveID,
        publicKey: [UInt8]
    ) throws(LogError) -> SealedSegment {
        let header: SegmentHeader
        do {
            header = try SegmentHeader(decoding: head.span)
        } catch {
            throw LogError(error, segment: nil)
        }
        guard header.archiveID == archiveID else {
            throw LogError(.foreign, segment: header.number, "the stub is of another archive")
        }
        let path = FilePath(header.number.stem + Self.suffix)
        let file = StubbedSegment(self, path: path) { () throws(SystemError) in
            throw SystemError(.read, path, .tooManyRemoteLevels)
        }
        return try SealedSegment.check(file, header: header, publicKey: publicKey)
    }

    /// The bytes of a checked segment's stub.
    package static func bytes(of segment: SealedSegment) throws(SystemError) -> [UInt8] {
        let offset = segment.seal.committedByteCount
        let head = try segment.file.read(at: 0, byteCount: SegmentHeader.byteCount)
        let count = Int(clamping: segment.byteCount - offset)
        return head + (try segment.file.read(at: offset, byteCount: count))
    }
}

/// A segment of which only the stub is here: its ends are read from memory, all else from elsewhere.
final class StubbedSegment: ReadOnlyFile {
    let path: FilePath
    private let stub: SegmentStub
    private let elsewhere: @Sendable () throws(SystemError) -> any File

    init(
        _ stub: SegmentStub,
        path: FilePath,
        elsewhere: @escaping @Sendable () throws(SystemError) -> any File
    ) {
        self.stub = stub
        self.path = path
        self.elsewhere = elsewhere
    }

    func byteCount() throws(SystemError) -> UInt64 { stub.byteCount }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        let wanted = min(UInt64(target.count), stub.byteCount - min(offset, stub.byteCount))
        let end = offset + wanted
        var position = offset
        while position < end {
            var rest = target._mutatingExtracting(Int(position - offset)..<Int(wanted))
            let count = try readPiece(at: position, upTo: end, into: &rest)
            guard count > 0 else { break }
            position += UInt64(count)
        }
        return Int(position - offset)
    }

    /// Reads up to the next border between what is here and what is not.
    private func readPiece(
        at offset: UInt64,
        upTo end: UInt64,
        into target: inout MutableSpan<UInt8>
    ) throws(SystemError) -> Int {
        let headEnd = UInt64(stub.head.count)
        if offset < headEnd {
            let part = Int(offset)..<Int(min(end, headEnd))
            let head = stub.head
            target.copy(head.span.extracting(part))
            return part.count
        }
        if offset >= stub.endOffset {
            let start = Int(offset - stub.endOffset)
            let part = start..<(start + Int(end - offset))
            let tail = stub.end
            target.copy(tail.span.extracting(part))
            return part.count
        }
        let count = Int(min(end, stub.endOffset) - offset)
        var part = target._mutatingExtracting(..<count)
        return try elsewhere().read(at: offset, into: &part)
    }
}
