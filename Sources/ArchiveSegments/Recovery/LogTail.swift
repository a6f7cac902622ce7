import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveSealing

/// What stands behind the last valid commit of an unsealed segment.
package enum LogTail: Equatable, Sendable {
    /// Nothing, or only zeros of preallocated space.
    case clean
    /// So many bytes up to the last one that is not zero, and no commit among them.
    case garbage(byteCount: UInt64)
    /// Bytes that are not valid and, behind them, a commit frame of a batch after the next: it was
    /// written only once the next had been acknowledged, so this is damage and no torn write. (The
    /// next batch's own commit frame proves nothing: a torn write may have kept just that.)
    case laterCommit(number: CommitNumber, offset: UInt64)

    /// Reads the file from `offset` to its end and tells.
    package static func classify(
        _ file: any File,
        segment: SegmentNumber,
        from offset: UInt64,
        after link: CommitLink,
        archiveID: ArchiveID
    ) throws(LogError) -> LogTail {
        do {
            return try search(file, from: offset, after: link, archiveID: archiveID)
        } catch {
            throw LogError(error, segment: segment)
        }
    }

    /// Tells whether only zeros stand behind `offset`, or nothing.
    package static func isEmpty(
        _ file: any File,
        from offset: UInt64
    ) throws(SystemError) -> Bool {
        var offset = offset
        while true {
            let bytes = try file.read(at: offset, byteCount: 1 << 20)
            guard !bytes.isEmpty else { return true }
            guard nonZero(bytes.span, from: 0) == nil else { return false }
            offset += UInt64(bytes.count)
        }
    }

    private static func search(
        _ file: any File,
        from start: UInt64,
        after link: CommitLink,
        archiveID: ArchiveID
    ) throws(SystemError) -> LogTail {
        let window = 4 << 20
        // A commit frame may straddle two windows.
        let overlap = FrameHeader.frameByteCount(bodyByteCount: CommitBody.byteCount)
        let hasher = SHA256()
        var lastNonZero: UInt64?
        var offset = start
        while true {
            let bytes = try file.read(at: offset, byteCount: window + overlap)
            var next = nonZero(bytes.span, from: 0)
            while let index = next {
                let end = min(index + 8, bytes.count)
                lastNonZero = max(lastNonZero ?? 0, offset + UInt64(end))
                if let number = commitNumber(bytes.span, at: index, archiveID, hasher),
                    number > link.number + 1
                {
                    return .laterCommit(number: number, offset: offset + UInt64(index))
                }
                next = nonZero(bytes.span, from: index + 8)
            }
            guard bytes.count == window + overlap else { break }
            offset += UInt64(window)
        }
        return lastNonZero.map { .garbage(byteCount: $0 - start) } ?? .clean
    }

    /// Where the next eight bytes stand, in steps of eight, that are not all zero.
    ///
    /// Megabytes of reserved space are passed over here whenever an archive is opened after a crash.
    private static func nonZero(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index + 8 <= bytes.count {
            if bytes.u64(at: index) != 0 { return index }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] != 0 { return index & ~7 }
            index += 1
        }
        return nil
    }

    /// The number of the commit frame at `index`, if a whole one with a right header is there.
    private static func commitNumber(
        _ bytes: Span<UInt8>,
        at index: Int,
        _ archiveID: ArchiveID,
        _ hasher: SHA256
    ) -> CommitNumber? {
        guard bytes.count - index >= FrameHeader.byteCount + CommitBody.byteCount,
            bytes.u32(at: index) == FrameHeader.magic, bytes[index + 4] == 3,
            let header = try? FrameHeader(
                decoding: bytes,
                at: index,
                archiveID: archiveID,
                hasher: hasher
            ),
            header.bodyByteCount == CommitBody.byteCount
        else { return nil }
        let body = index + FrameHeader.byteCount
        return try? CommitBody(
            decoding: bytes.extracting(body..<(body + CommitBody.byteCount))
        ).number
    }
}
