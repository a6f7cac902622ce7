import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import Synchronization
import SystemPackage

/// Reads frames by place.
///
/// Safe to share: files are opened once and read at absolute offsets.
package final class LogReader: Sendable {
    package let directory: SegmentDirectory
    private let archiveID: ArchiveID
    private let files = Mutex<[SegmentNumber: any File]>([:])
    /// Open files at a time; a descriptor each.
    private static let openLimit = 128
    /// Most packs are smaller, so that most reads are one call.
    private static let firstReadByteCount = 2_048
    /// What stands in front of the last frame of a run that is read at a time.
    private static let readAheadLimit: UInt64 = 256 << 10

    package init(_ directory: SegmentDirectory, archiveID: ArchiveID) {
        self.directory = directory
        self.archiveID = archiveID
    }

    /// Brings the frame at `offset` into `buffer`; answers where in its bytes.
    ///
    /// With `last`, where a later frame of the segment stands, all up to there is read with it if it is not
    /// too much, and what is in the buffer is not read again: for frames that all were committed when it was
    /// last emptied, as a segment grows behind its last one. The header's length field is compared with the
    /// limit before memory is taken; nothing else is checked here.
    package func read(
        _ segment: SegmentNumber,
        at offset: UInt64,
        into buffer: inout FrameBuffer,
        upTo last: UInt64? = nil
    ) throws(LogError) -> Range<Int> {
        if last != nil, let frame = try buffer.frame(segment, at: offset) { return frame }
        let file = try file(segment)
        let ahead = min(max(last ?? offset, offset) - offset, Self.readAheadLimit)
        let wanted = Int(ahead) + Self.firstReadByteCount
        try buffer.load(from: file, segment, at: offset, byteCount: wanted)
        if let frame = try buffer.frame(segment, at: offset) { return frame }
        let byteCount = try Self.frameByteCount(
            buffer.bytes.span.extracting(..<buffer.count),
            segment,
            at: offset
        )
        try buffer.load(from: file, segment, at: offset, byteCount: byteCount)
        guard buffer.count >= byteCount else { throw Self.cut(segment, at: offset) }
        return 0..<byteCount
    }

    /// Reads `byteCount` bytes of a segment, fewer at its end.
    func bytes(
        of segment: SegmentNumber,
        at offset: UInt64,
        byteCount: Int
    ) throws(LogError) -> [UInt8] {
        let file = try file(segment)
        do {
            return try file.read(at: offset, byteCount: byteCount)
        } catch {
            throw LogError(error, segment: segment)
        }
    }

    /// Reads the frame at `offset` of an open segment; `expectedByteCount`, which costs nothing if it is
    /// wrong, is asked for at once.
    package static func read(
        _ file: any File,
        _ segment: SegmentNumber,
        at offset: UInt64,
        expectedByteCount: Int = 0,
        into buffer: inout [UInt8]
    ) throws(LogError) {
        do {
            let first = max(firstReadByteCount, expectedByteCount)
            try fill(&buffer, from: file, at: offset, byteCount: first)
            let needed = try frameByteCount(buffer.span, segment, at: offset)
            if buffer.count < needed {
                try fill(&buffer, from: file, at: offset, byteCount: needed)
            }
            guard buffer.count >= needed else { throw cut(segment, at: offset) }
        } catch let error as LogError {
            throw error
        } catch let error as SystemError {
            throw LogError(error, segment: segment)
        } catch {
            throw LogError(.system, segment: segment, "\(error)")
        }
    }

    /// The length of the frame that begins with `bytes`, with its padding.
    fileprivate static func frameByteCount(
        _ bytes: Span<UInt8>,
        _ segment: SegmentNumber,
        at offset: UInt64
    ) throws(LogError) -> Int {
        guard bytes.count >= FrameHeader.byteCount, bytes.u32(at: 0) == FrameHeader.magic else {
            throw LogError(.corrupt, segment: segment, offset: offset, "no frame begins here")
        }
        let bodyByteCount = Int(bytes.u32(at: 8))
        guard bodyByteCount <= Limits.frameBody else {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "a frame body of \(bodyByteCount) bytes is over the limit"
            )
        }
        return FrameHeader.frameByteCount(bodyByteCount: bodyByteCount)
    }

    private static func cut(_ segment: SegmentNumber, at offset: UInt64) -> LogError {
        LogError(
            .corrupt,
            segment: segment,
            offset: offset,
            "the segment ends within a frame"
        )
    }

    private static func fill(
        _ buffer: inout [UInt8],
        from file: any File,
        at offset: UInt64,
        byteCount: Int
    ) throws(SystemError) {
        if buffer.count < byteCount {
            buffer.append(zeros: byteCount - buffer.count)
        } else {
            buffer.removeLast(buffer.count - byteCount)
        }
        var target = buffer.mutableSpan
        let count = try file.read(at: offset, into: &target)
        buffer.removeLast(byteCount - count)
    }

    /// The open file of a segment, whichever name it has at the moment.
    private func file(_ segment: SegmentNumber) throws(LogError) -> any File {
        if let file = files.withLock({ $0[segment] }) { return file }
        var found: (any File)?
        var failure: LogError?
        // A segment is renamed when it is sealed: look for the second name, then again for the first.
        for isSealed in [true, false, true] where found == nil {
            do {
                found = try directory.open(
                    SegmentDirectory.Name(segment, isSealed: isSealed),
                    archiveID: archiveID
                ).file
            } catch {
                let isMissing = error.cause?.errno == .noSuchFileOrDirectory
                if !isMissing || failure == nil { failure = error }
            }
        }
        guard let file = found else {
            if let failure, failure.cause?.errno != .noSuchFileOrDirectory { throw failure }
            throw directory.missing(segment)
        }
        files.withLock { open in
            if open.count >= Self.openLimit, let victim = open.keys.min() { open[victim] = nil }
            open[segment] = file
        }
        return file
    }
}

/// The bytes of the log that were read last, in a buffer that is used again and again.
package struct FrameBuffer: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var segment = SegmentNumber(0)
    private var start: UInt64 = 0
    /// The bytes that were read; what stands behind them is of no meaning.
    fileprivate private(set) var count = 0

    package init() {}

    /// Forgets what was read; the room stays.
    package mutating func empty() { count = 0 }

    /// Where the frame at `offset` is, if all of it is here.
    fileprivate func frame(
        _ segment: SegmentNumber,
        at offset: UInt64
    ) throws(LogError) -> Range<Int>? {
        guard segment == self.segment, offset >= start,
            offset + UInt64(FrameHeader.byteCount) <= start + UInt64(count)
        else { return nil }
        let place = Int(offset - start)
        let byteCount = try LogReader.frameByteCount(
            bytes.span.extracting(place..<count),
            segment,
            at: offset
        )
        return place + byteCount <= count ? place..<(place + byteCount) : nil
    }

    fileprivate mutating func load(
        from file: any File,
        _ segment: SegmentNumber,
        at offset: UInt64,
        byteCount: Int
    ) throws(LogError) {
        self.segment = segment
        start = offset
        count = 0
        if bytes.count < byteCount { bytes.append(zeros: byteCount - bytes.count) }
        let found: Int
        do {
            var all = bytes.mutableSpan
            var target = all._mutatingExtracting(..<byteCount)
            found = try file.read(at: offset, into: &target)
        } catch {
            throw LogError(error, segment: segment)
        }
        count = found
    }
}
