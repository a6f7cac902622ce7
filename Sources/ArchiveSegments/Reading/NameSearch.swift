package import ArchiveBytes
import ArchiveFileIO
package import ArchiveFormat

/// Finds the newest version of one name in sealed segments without an index, newest segment first.
///
/// Directories are opened on several threads, and of them only what concerns the name is decoded. It
/// reads no further back than it must: where the name was put last, nothing older matters.
package struct NameSearch {
    /// What is known of the name.
    package struct Found: Sendable {
        /// Its newest version with its segment, which may say that it was deleted; nil if there is none.
        package var record: (record: DirectoryRecord, segment: SegmentNumber)?
        /// Where the chunks are that the segments list which were read.
        package var chunks: [(chunk: DirectoryChunk, segment: SegmentNumber)] = []
        /// Where the log ends.
        package var link = CommitLink.origin
        /// How many of the segments, from the newest on, were read.
        package var readCount = 0
    }

    private let directory: SegmentDirectory
    let keys: any LogKeys
    let wanted: DirectoryBlock.Wanted
    /// Versions that were recorded later are as if they were not there.
    private let latest: Timestamp

    /// Prepares a search; the collection's key is known from now on.
    package init(
        for name: String,
        in collection: String,
        recordedBy latest: Timestamp = Timestamp(microseconds: .max),
        _ directory: SegmentDirectory,
        keys: any LogKeys
    ) {
        keys.learn(collection: collection)
        self.directory = directory
        self.keys = keys
        self.latest = latest
        wanted = DirectoryBlock.Wanted(
            name: name,
            in: collection,
            registry: (CollectionRegistry.systemCollection, CollectionRegistry.prefix)
        )
    }

    /// Segments whose ends or directories are read at the same time.
    static let width = max(4, WorkerTeam.processorCount)

    /// Searches segments, the newest first; each must be the one that `seals` says.
    ///
    /// With `toTheEnd` it reads all of them, for the chunks of a body may be anywhere before it.
    package func run(
        _ segments: [SegmentNumber],
        seals: @Sendable (SealedSegment) -> Bool,
        toTheEnd: Bool = false
    ) throws(LogError) -> Found {
        var found = Found()
        var unclear: [SealedSegment] = []
        var start = 0
        while start < segments.count {
            let wave = Array(segments[start..<min(start + Self.width, segments.count)])
            let opened = try open(wave, seals)
            if start == 0, let newest = opened.first { found.link = newest.link }
            let mayStop = !toTheEnd && unclear.isEmpty
            for (segment, listed) in zip(
                opened,
                try read(opened, mayBeUnclear: true, mayStop: mayStop)
            ) {
                found.readCount += 1
                if listed.isUnclear {
                    unclear.append(segment)
                } else {
                    take(listed, of: segment, into: &found)
                }
            }
            if found.record != nil, unclear.isEmpty, !toTheEnd { return found }
            start += Self.width
        }
        for (segment, listed) in zip(unclear, try read(unclear, mayBeUnclear: false)) {
            take(listed, of: segment, into: &found)
        }
        return found
    }

    private func take(
        _ listed: Listed,
        of segment: SealedSegment,
        into found: inout Found
    ) {
        let number = segment.header.number
        for record in listed.records where isWanted(record) {
            guard record.sequence > found.record?.record.sequence ?? 0 else { continue }
            found.record = (record, number)
        }
        found.chunks += listed.chunks.map { ($0, number) }
    }

    func isWanted(_ record: DirectoryRecord) -> Bool { record.recorded <= latest }

    private func open(
        _ numbers: [SegmentNumber],
        _ seals: @Sendable (SealedSegment) -> Bool
    ) throws(LogError) -> [SealedSegment] {
        let (directory, keys) = (directory, keys)
        var opened: [SealedSegment] = []
        try WorkerTeam.inOrder(
            numbers,
            threadCount: Self.width,
            ahead: Self.width,
            { _, number throws(LogError) in
                let segment = try SealedSegment.open(
                    directory,
                    number,
                    archiveID: keys.archiveID,
                    publicKey: keys.publicKey
                )
                guard seals(segment) else {
                    throw LogError(
                        .corrupt,
                        segment: number,
                        "it is not the segment that its snapshot signs"
                    )
                }
                return segment
            },
            { segment throws(LogError) in opened.append(segment) }
        )
        return opened
    }
}
