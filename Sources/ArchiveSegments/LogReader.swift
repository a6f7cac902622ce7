import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import Synchronization
import SystemPackage

/// Reads frames by place.
///
/// Safe to share: files are opened once and read at absolute offsets.
package final class LogReader: Sendable {
    private let directory: SegmentDirectory
    private let archiveID: ArchiveID
    private let files = Mutex<[SegmentNumber: any File]>([:])
    /// Open files at a time; a descriptor each.
    private static let openLimit = 128
    /// Most packs are smaller, so that most reads are one call.
    private static let firstReadByteCount = 4_096

    package init(_ directory: SegmentDirectory, archiveID: ArchiveID) {
        self.directory = directory
        self.archiveID = archiveID
    }

    /// Reads the frame at `offset` into `buffer`, which is replaced.
    ///
    /// Its header's length field is compared with the limit before memory is taken; nothing else is
    /// checked here.
    package func read(
        _ segment: SegmentNumber,
        at offset: UInt64,
        into buffer: inout [UInt8]
    ) throws(LogError) {
        try Self.read(try file(segment), segment, at: offset, into: &buffer)
    }

    /// Reads the frame at `offset` of an open segment.
    package static func read(
        _ file: any File,
        _ segment: SegmentNumber,
        at offset: UInt64,
        into buffer: inout [UInt8]
    ) throws(LogError) {
        do {
            try fill(&buffer, from: file, at: offset, byteCount: firstReadByteCount)
            guard buffer.count >= FrameHeader.byteCount, buffer.span.u32(at: 0) == FrameHeader.magic
            else {
                throw LogError(
                    .corrupt,
                    segment: segment,
                    offset: offset,
                    "no frame begins here"
                )
            }
            let bodyByteCount = Int(buffer.span.u32(at: 8))
            guard bodyByteCount <= Limits.frameBody else {
                throw LogError(
                    .corrupt,
                    segment: segment,
                    offset: offset,
                    "a frame body of \(bodyByteCount) bytes is over the limit"
                )
            }
            let needed = FrameHeader.frameByteCount(bodyByteCount: bodyByteCount)
            if buffer.count < needed {
                try fill(&buffer, from: file, at: offset, byteCount: needed)
            }
            guard buffer.count >= needed else {
                throw LogError(
                    .corrupt,
                    segment: segment,
                    offset: offset,
                    "the segment ends within a frame"
                )
            }
        } catch let error as LogError {
            throw error
        } catch let error as SystemError {
            throw LogError(error, segment: segment)
        } catch {
            throw LogError(.system, segment: segment, "\(error)")
        }
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
