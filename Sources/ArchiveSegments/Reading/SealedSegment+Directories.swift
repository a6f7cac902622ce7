import ArchiveFormat

extension SealedSegment {
    /// What the directory that stands at `offset` lists.
    package func entries(
        at offset: UInt64,
        _ keys: any LogKeys
    ) throws(LogError) -> LogEntries {
        let number = header.number
        var frame: [UInt8] = []
        let found = try DirectoryFrame.read(self, at: offset, keys, into: &frame)
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
