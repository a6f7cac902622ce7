import ArchiveBytes
import ArchiveFormat
import ArchiveSealing

extension DirectoryFrame {
    /// Reads a directory that a seal lists, and checks its tag.
    static func read(
        _ segment: SealedSegment,
        at offset: UInt64,
        _ keys: any LogKeys,
        into frame: inout [UInt8]
    ) throws(LogError) -> FrameHeader {
        let number = segment.header.number
        try LogReader.read(
            segment.file,
            number,
            at: offset,
            expectedByteCount: expectedByteCount(segment, at: offset),
            into: &frame
        )
        let header: FrameHeader
        do {
            header = try FrameHeader(
                decoding: frame.span,
                at: 0,
                archiveID: keys.archiveID,
                hasher: SHA256()
            )
        } catch {
            throw LogError(error, segment: number, offset: offset)
        }
        let mac = keys.logKey.withSpan { HMACSHA256(key: $0) }
        guard header.kind == .directory,
            PublicFrame.isAuthentic(
                frame.span,
                header: header,
                archiveID: keys.archiveID,
                mac: mac
            )
        else {
            throw LogError(
                .corrupt,
                segment: number,
                offset: offset,
                "the directory frame is damaged"
            )
        }
        return header
    }

    /// More is not asked for at once on the strength of a guess.
    private static let byteCountGuessLimit: UInt64 = 1 << 20

    /// How long a directory can be: its batch ends before the next commit.
    private static func expectedByteCount(_ segment: SealedSegment, at offset: UInt64) -> Int {
        let commits = segment.seal.commits
        var (low, high) = (0, commits.count)
        while low < high {
            let middle = (low + high) / 2
            if commits[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        guard low < commits.count else { return 0 }
        return Int(min(commits[low].offset - offset, byteCountGuessLimit))
    }
}
