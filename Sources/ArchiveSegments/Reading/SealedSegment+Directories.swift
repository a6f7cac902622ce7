import ArchiveBytes
import ArchiveFormat
import ArchiveSealing

extension SealedSegment {
    /// What the directory that stands at `offset` lists.
    package func entries(
        at offset: UInt64,
        _ keys: any LogKeys
    ) throws(LogError) -> LogEntries {
        let number = header.number
        var frame: [UInt8] = []
        try LogReader.read(file, number, at: offset, into: &frame)
        let found: FrameHeader
        do {
            found = try FrameHeader(
                decoding: frame.span,
                at: 0,
                archiveID: keys.archiveID,
                hasher: SHA256()
            )
        } catch {
            throw LogError(error, segment: number, offset: offset)
        }
        let mac = keys.logKey.withSpan { HMACSHA256(key: $0) }
        guard found.kind == .directory,
            PublicFrame.isAuthentic(
                frame.span,
                header: found,
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
        let (blocks, erasedCount) = try DirectoryFrame.open(
            frame.span,
            header: found,
            keys: keys,
            segment: number,
            offset: offset
        )
        var entries = LogEntries(segment: number)
        entries.erasedCount = erasedCount
        for block in blocks {
            entries.records.append(contentsOf: block.records)
            entries.chunks.append(contentsOf: block.chunks.map { ($0, block.domain) })
        }
        return entries
    }
}
