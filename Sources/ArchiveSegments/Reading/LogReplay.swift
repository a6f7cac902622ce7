import ArchiveBytes
import ArchiveFileIO
package import ArchiveFormat
import ArchiveSealing

/// A place in the log between two batches.
package struct LogPlace: Equatable, Sendable {
    package var segment: SegmentNumber
    package var offset: UInt64
    package var link: CommitLink

    package init(segment: SegmentNumber, offset: UInt64, link: CommitLink) {
        self.segment = segment
        self.offset = offset
        self.link = link
    }

    /// Before everything.
    package static let start = LogPlace(
        segment: SegmentNumber(0),
        offset: UInt64(SegmentHeader.byteCount),
        link: .origin
    )
}

/// Reads what the log holds behind a place, for the index: from directories where segments are
/// sealed, from the packs themselves where they are not.
///
/// It never writes. At the log's end a batch may be in flight or torn; the walk ends before it.
package struct LogReplay {
    private let directory: SegmentDirectory
    private let keys: any LogKeys
    private let dictionaries: DictionaryLibrary
    private let opener: FrameOpener

    package init(_ directory: SegmentDirectory, keys: any LogKeys) {
        self.directory = directory
        self.keys = keys
        dictionaries = DictionaryLibrary(directory, keys: keys)
        opener = FrameOpener(keys: keys, dictionaries: dictionaries)
    }

    /// Visits everything behind `place` in order; returns the place where the log ends.
    package func run(
        from place: LogPlace,
        visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) -> LogPlace {
        var place = place
        var lastName: SegmentDirectory.Name?
        var waiting: [ListedDirectory] = []
        for name in try directory.names() where name.number >= place.segment {
            // A sealed segment's `.open` twin is left by an interrupted recovery and is no source.
            if lastName?.number == name.number { continue }
            lastName = name
            if waiting.count >= Self.waitingLimit { try read(&waiting, visit) }
            if name.isSealed {
                place = try sealed(name, from: place, &waiting, visit)
            } else {
                try read(&waiting, visit)
                if let end = try active(name, from: place, visit) { place = end }
            }
        }
        try read(&waiting, visit)
        return place
    }

    /// A directory that a seal lists, and where the log is behind its segment.
    private struct ListedDirectory: Sendable {
        let segment: SealedSegment
        let offset: UInt64
        let end: LogPlace
    }

    /// So many directories are gathered, each with its segment's open file, before they are read.
    private static let waitingLimit = 32
    /// Directories whose entries are in memory before they are visited; each has some megabytes.
    private static let aheadLimit = 2

    /// Visits what directories list, which are opened on all processors.
    private func read(
        _ waiting: inout [ListedDirectory],
        _ visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) {
        let keys = keys
        var tally: ListedRecords?
        try WorkerTeam.inOrder(
            waiting,
            threadCount: WorkerTeam.processorCount,
            ahead: Self.aheadLimit,
            { _, listed throws(LogError) in
                (listed, try? listed.segment.entries(at: listed.offset, keys))
            },
            { listed, found throws(LogError) in
                // What did not open may be of a collection that a directory before has made known
                // since.
                let isOpen = found?.erasedCount == 0
                let entries =
                    if isOpen, let found { found } else {
                        try listed.segment.entries(at: listed.offset, keys)
                    }
                if tally?.segment != listed.segment.header.number {
                    try tally?.requireAll()
                    tally = ListedRecords(of: listed.segment)
                }
                tally?.add(entries)
                try visit(entries, listed.end)
            }
        )
        try tally?.requireAll()
        waiting = []
    }

    private func sealed(
        _ name: SegmentDirectory.Name,
        from place: LogPlace,
        _ waiting: inout [ListedDirectory],
        _ visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) -> LogPlace {
        let segment = try SealedSegment.open(
            directory,
            name.number,
            archiveID: keys.archiveID,
            publicKey: keys.publicKey
        )
        let end = LogPlace(
            segment: name.number,
            offset: segment.seal.committedByteCount,
            link: segment.link
        )
        if name.number == place.segment, place.link.number >= segment.seal.lastCommit { return end }
        if name.number == place.segment, place.link.number >= segment.header.firstCommit {
            try read(&waiting, visit)
            return try batches(segment.file, name, from: place, visit)
        }
        guard segment.header.predecessor.commitHash == place.link.hash else {
            throw LogError(
                .corrupt,
                segment: name.number,
                offset: 0,
                "segment \(segment.header.predecessor.segment), which comes before, is missing or "
                    + "not whole"
            )
        }
        for offset in segment.seal.directories {
            waiting.append(ListedDirectory(segment: segment, offset: offset, end: end))
        }
        return end
    }

    private func active(
        _ name: SegmentDirectory.Name,
        from place: LogPlace,
        _ visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) -> LogPlace? {
        let (file, header): (any File, SegmentHeader)
        do {
            (file, header) = try directory.open(name, archiveID: keys.archiveID)
        } catch  where error.code == .corrupt {
            // Created and not yet written when the machine stopped: then it holds nothing.
            guard try directory.isUnused(name) else { throw error }
            return nil
        }
        var start = place
        if name.number != place.segment || place.link.number < header.firstCommit {
            guard header.predecessor.commitHash == place.link.hash else {
                throw LogError(
                    .corrupt,
                    segment: name.number,
                    offset: 0,
                    "the segment before, \(header.predecessor.segment), is missing or not whole"
                )
            }
            start.segment = name.number
            start.offset = UInt64(SegmentHeader.byteCount)
        }
        let end = try batches(file, name, from: start, visit)
        // Recovery removes a segment without a commit, and its number may then come again: no place
        // may name it.
        return end.link == place.link ? nil : end
    }

    private func batches(
        _ file: any File,
        _ name: SegmentDirectory.Name,
        from place: LogPlace,
        _ visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) -> LogPlace {
        var end = place
        end.segment = name.number
        let outline = try CommitList.outline(
            file,
            segment: name.number,
            archiveID: keys.archiveID,
            after: place.link,
            at: place.offset
        )
        try ReplayTeam(keys: keys, dictionaries: dictionaries).read(outline, &end, visit)
        // One after the other behind what the team could read.
        var scanner = try BatchScanner(
            file,
            segment: name.number,
            archiveID: keys.archiveID,
            logKey: keys.logKey,
            after: end.link,
            at: end.offset
        )
        let contents = BatchContents(opener: opener, keys: keys)
        while let batch = try scanner.next() {
            end.offset = batch.end
            end.link = batch.link
            try visit(try contents.entries(of: batch, in: scanner), end)
        }
        return end
    }
}
