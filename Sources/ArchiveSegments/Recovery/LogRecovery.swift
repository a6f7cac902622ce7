import ArchiveBytes
import ArchiveFileIO
package import ArchiveFormat
import ArchiveSealing
package import SystemPackage

/// What opening the log for writing found and did.
package struct RecoveryReport: Equatable, Sendable {
    /// Where the bytes of a torn batch were set aside, if there were any.
    package var quarantined: FilePath?
    package var quarantinedByteCount: UInt64 = 0
    /// The segment that was closed because the machine or the program had stopped in the middle.
    package var closedSegment: SegmentNumber?

    package init() {}
}

/// Opens the log for writing: finds its end, decides what stands behind it, and makes it clean.
///
/// After a crash the old file is neither truncated nor appended to. Its good prefix is copied into a
/// new, sealed file, and writing goes on in the next segment. Every step can be interrupted and is
/// then done again.
package struct LogRecovery {
    let directory: SegmentDirectory
    let quarantine: FilePath
    let keys: any LogKeys
    let parameters: LogParameters

    package init(
        _ directory: SegmentDirectory,
        quarantine: FilePath,
        keys: any LogKeys,
        parameters: LogParameters
    ) {
        self.directory = directory
        self.quarantine = quarantine
        self.keys = keys
        self.parameters = parameters
    }

    /// Finds the log's end.
    ///
    /// `head` is the high-water mark, nil if there is none; `witnesses` know of commits from
    /// elsewhere.
    package func open(
        head: HeadSlot?,
        witnesses: [RecoveryVerdict.Witness]
    ) throws(LogError) -> (position: LogPosition, report: RecoveryReport) {
        var report = RecoveryReport()
        var position = LogPosition.origin
        let names = try directory.names()
        position.lastNumber = names.last?.number ?? SegmentNumber(0)
        let sealed = names.filter(\.isSealed)
        try checkChain(sealed)
        if let last = sealed.last { try take(last.number, into: &position) }
        var known = witnesses
        if let head {
            known.append(
                .init(
                    "the head",
                    commit: head.commit.number,
                    segment: SegmentNumber(head.segment)
                )
            )
        }
        // A number that somebody remembers is not used again, whatever became of its file.
        position.lastNumber = known.compactMap(\.segment).reduce(position.lastNumber, max)
        try requireSegments(of: known, among: names, after: position.link)
        let open = names.filter { !$0.isSealed }
        // The log goes on behind its last sealed segment, or not at all.
        let last = open.last { $0.number > sealed.last?.number ?? SegmentNumber(0) }
        for name in open
        where name != last && !sealed.contains(.init(name.number, isSealed: true)) {
            try setAsideUnused(name)
        }
        for twin in open where sealed.contains(.init(twin.number, isSealed: true)) {
            // Recovery was interrupted after the good prefix had been sealed: the seal holds, once its
            // name does. Without this a loss of power could keep the removal and drop the new name.
            try synchronizeNames()
            try remove(directory.path(twin))
        }
        if let last {
            try openActive(last, head: head, witnesses: known, &position, &report)
        } else {
            try accept(
                RecoveryVerdict.decide(.clean, after: position.link, witnesses: known),
                segment: sealed.last?.number
            )
        }
        return (position, report)
    }

    /// A witness whose commit stands in a segment without a file tells of a lost file, not of a log
    /// that was cut or put back.
    private func requireSegments(
        of witnesses: [RecoveryVerdict.Witness],
        among names: [SegmentDirectory.Name],
        after link: CommitLink
    ) throws(LogError) {
        let numbers = Set(names.map(\.number))
        let lost = witnesses.filter { $0.commit > link.number }.compactMap(\.segment)
            .filter { !numbers.contains($0) }
        if let first = lost.min() { throw directory.missing(first) }
    }

    /// Checks that each sealed segment's header names the one before.
    private func checkChain(_ sealed: [SegmentDirectory.Name]) throws(LogError) {
        var last: SegmentHeader?
        for name in sealed {
            let header = try directory.open(name, archiveID: keys.archiveID).header
            try requireAppendable(header)
            let before = last?.number.value ?? 0
            guard header.predecessor.segment == before else {
                throw LogError(
                    .corrupt,
                    segment: name.number,
                    offset: 0,
                    "segment \(header.predecessor.segment), which comes before, is missing; "
                        + "fetch it from a vault"
                )
            }
            last = header
        }
    }

    /// A newer program may have left what reading can pass over and appending would break.
    private func requireAppendable(_ header: SegmentHeader) throws(LogError) {
        guard header.readCompatibleFeatures != 0 else { return }
        throw LogError(
            .unsupported,
            segment: header.number,
            offset: 0,
            "it has features \(header.readCompatibleFeatures) of a newer release, with which this "
                + "program can read but not write; nothing was changed; use the newer release"
        )
    }

    private func take(
        _ number: SegmentNumber,
        into position: inout LogPosition
    ) throws(LogError) {
        let segment = try SealedSegment.open(
            directory,
            number,
            archiveID: keys.archiveID,
            publicKey: keys.publicKey
        )
        guard
            let tree = MerkleAccumulator(count: segment.seal.treeSize, peaks: segment.seal.peaks)
        else {
            throw LogError(.corrupt, segment: number, "the seal's tree has the wrong peaks")
        }
        position.link = segment.link
        position.tree = tree
        position.predecessor = segment.predecessor
        position.previousSeal = segment.sealHash
    }

    private func openActive(
        _ name: SegmentDirectory.Name,
        head: HeadSlot?,
        witnesses: [RecoveryVerdict.Witness],
        _ position: inout LogPosition,
        _ report: inout RecoveryReport
    ) throws(LogError) {
        guard let (segment, scanner) = try scan(name, &position) else {
            try accept(
                RecoveryVerdict.decide(.clean, after: position.link, witnesses: witnesses),
                segment: name.number
            )
            return try setAsideUnused(name)
        }
        let tail = try LogTail.classify(
            segment.file,
            segment: name.number,
            from: segment.committedByteCount,
            after: scanner.link,
            archiveID: keys.archiveID
        )
        let verdict = RecoveryVerdict.decide(tail, after: scanner.link, witnesses: witnesses)
        try accept(verdict, segment: name.number, offset: segment.committedByteCount)
        if let head, head.isClosed, head.commit.number == scanner.link.number, verdict == .clean {
            position.active = segment
            return
        }
        if case .tornTail(let byteCount) = verdict {
            report.quarantined = try copyTail(of: segment, byteCount: byteCount)
            report.quarantinedByteCount = byteCount
        }
        if segment.commits.isEmpty {
            try remove(directory.path(name))
        } else {
            try close(segment, name, &position)
            report.closedSegment = name.number
        }
    }

    /// Walks the whole active segment; nil if it has no usable header, and so no commit.
    private func scan(
        _ name: SegmentDirectory.Name,
        _ position: inout LogPosition
    ) throws(LogError) -> (ActiveSegment, BatchScanner)? {
        let (file, header): (any File, SegmentHeader)
        do {
            (file, header) = try directory.open(
                name,
                access: .readWrite,
                archiveID: keys.archiveID
            )
        } catch  where error.code == .corrupt {
            return nil
        }
        try requireAppendable(header)
        guard header.predecessor == position.predecessor else {
            throw LogError(
                .corrupt,
                segment: name.number,
                offset: 0,
                "the segment follows segment \(header.predecessor.segment) at commit "
                    + "\(header.firstCommit - 1), but that is not what stands before it"
            )
        }
        let segment = ActiveSegment(file: file, header: header)
        var scanner = try BatchScanner(
            file,
            segment: name.number,
            archiveID: keys.archiveID,
            logKey: keys.logKey,
            after: position.link,
            at: segment.committedByteCount
        )
        var listed = (link: scanner.link, offset: scanner.offset)
        while let batch = try scanner.next() {
            for frame in batch.frames where frame.kind == .directory {
                scanner.withFrame(frame) {
                    segment.found(
                        directoryAt: frame.offset,
                        totals: DirectoryFrame.totals($0)
                    )
                }
                listed = (scanner.link, scanner.offset)
            }
            segment.didCommit(
                at: batch.commitOffset,
                leaf: batch.link.hash,
                frameCount: batch.frames.count,
                end: batch.end
            )
            position.tree.append(leafHash: batch.link.hash)
        }
        position.link = scanner.link
        try noteUnlisted(of: segment, after: listed.link, at: listed.offset)
        return (segment, scanner)
    }

    /// Opens what stands in no directory frame yet: everything behind the last one.
    private func noteUnlisted(
        of segment: ActiveSegment,
        after link: CommitLink,
        at offset: UInt64
    ) throws(LogError) {
        guard offset < segment.committedByteCount else { return }
        var scanner = try BatchScanner(
            segment.file,
            segment: segment.number,
            archiveID: keys.archiveID,
            logKey: keys.logKey,
            after: link,
            at: offset
        )
        let contents = BatchContents(keys: keys, directory: directory)
        while scanner.offset < segment.committedByteCount, let batch = try scanner.next() {
            let entries = try contents.entries(of: batch, in: scanner)
            segment.note(entries)
        }
    }

    /// Turns the verdicts that must not be repaired into errors.
    private func accept(
        _ verdict: RecoveryVerdict,
        segment: SegmentNumber?,
        offset: UInt64? = nil
    ) throws(LogError) {
        switch verdict {
        case .clean, .tornTail: return
        case .corruption(let first, let last, let finding):
            let range = last.map { $0 == first ? "commit \(first)" : "commits \(first) to \($0)" }
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "\(range ?? "what follows commit \(first - 1)") is damaged: \(finding). Nothing was "
                    + "changed; read what survives, and recover the rest from a vault"
            )
        case .loss(let first, let last, let witness):
            throw LogError(
                .loss,
                segment: segment,
                offset: offset,
                "commits \(first) to \(last) are missing, though \(witness) knows them to have been "
                    + "durable: the log was cut or put back to an old state. Nothing was changed; "
                    + "recover from a vault"
            )
        }
    }
}
