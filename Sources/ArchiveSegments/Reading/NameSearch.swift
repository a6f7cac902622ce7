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
    private let keys: any LogKeys
    private let wanted: DirectoryBlock.Wanted
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
    private static let width = max(4, WorkerTeam.processorCount)

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
            for (segment, listed) in zip(opened, try read(opened, mayBeUnclear: true)) {
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
        for record in listed.records where record.recorded <= latest {
            guard record.sequence > found.record?.record.sequence ?? 0 else { continue }
            found.record = (record, number)
        }
        found.chunks += listed.chunks.map { ($0, number) }
    }

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

    /// What the directories of one segment say.
    private struct Listed: Sendable {
        var records: [DirectoryRecord] = []
        var chunks: [DirectoryChunk] = []
        /// What did not open may be of a collection that an older segment makes known.
        var isUnclear = false
    }

    private func read(
        _ segments: [SealedSegment],
        mayBeUnclear: Bool
    ) throws(LogError) -> [Listed] {
        let (keys, wanted) = (keys, wanted)
        let places = segments.indices.flatMap { index in
            segments[index].seal.directories.map { (index: index, offset: $0) }
        }
        var listed = segments.map { _ in Listed() }
        var tallies = segments.map { ListedRecords(of: $0) }
        try WorkerTeam.inOrder(
            places,
            threadCount: Self.width,
            ahead: 4 * Self.width,
            { _, place throws(LogError) in
                let segment = segments[place.index]
                do throws(LogError) {
                    return (
                        place.index, try Self.search(segment, at: place.offset, keys, wanted)
                    )
                } catch {
                    guard mayBeUnclear, error.code == .corrupt else { throw error }
                    return (place.index, nil)
                }
            },
            { (product: (index: Int, part: Part?)) throws(LogError) in
                let index = product.index
                guard let part = product.part, !mayBeUnclear || part.erasedCount == 0 else {
                    listed[index].isUnclear = true
                    return
                }
                listed[index].records += part.records
                listed[index].chunks += part.chunks
                tallies[index].add(part.sum, erasedCount: part.erasedCount)
            }
        )
        for (tally, found) in zip(tallies, listed) where !found.isUnclear {
            try tally.requireAll()
        }
        return listed
    }

    /// What one directory says.
    private struct Part: Sendable {
        var records: [DirectoryRecord] = []
        var chunks: [DirectoryChunk] = []
        var sum = SequenceSum()
        var erasedCount = 0
    }

    private static func search(
        _ segment: SealedSegment,
        at offset: UInt64,
        _ keys: any LogKeys,
        _ wanted: DirectoryBlock.Wanted
    ) throws(LogError) -> Part {
        let number = segment.header.number
        var frame: [UInt8] = []
        let header = try DirectoryFrame.read(segment, at: offset, keys, into: &frame)
        var part = Part()
        part.erasedCount = try DirectoryFrame.forEachBlock(
            frame.span,
            header,
            keys,
            number,
            offset
        ) { plain throws(FormatError) in
            let block = try DirectoryBlock.search(plain, for: wanted)
            for collection in block.collections { keys.learn(collection: collection) }
            part.records += block.records
            part.chunks += block.chunks
            part.sum.add(block.sum)
        }
        return part
    }
}
