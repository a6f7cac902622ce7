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
        try LogReader.read(segment.file, number, at: offset, into: &frame)
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
}
