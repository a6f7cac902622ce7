import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

extension LogVerifier {
    /// Walks the segment that is written to; what stands behind its last commit is decided upon as in
    /// opening it.
    mutating func verifyActive(_ name: SegmentDirectory.Name) throws(LogError) {
        result.segmentCount += 1
        guard let (file, header) = try open(name) else { return }
        let scanner = try scanFreely(name, file, header)
        guard case .broken = scanner.ending else { return }
        let tail = try LogTail.classify(
            file,
            segment: name.number,
            from: scanner.offset,
            after: scanner.link,
            archiveID: archiveID
        )
        switch RecoveryVerdict.decide(tail, after: scanner.link, witnesses: witnesses()) {
        case .clean: return
        case .tornTail(let byteCount):
            result.notes.append(
                "\(name.text): behind commit \(scanner.link.number) stand \(byteCount) bytes of a "
                    + "batch that was never acknowledged; opening for writing sets them aside"
            )
        case .corruption(let first, let last, let finding):
            add(
                Damage(
                    file: name.text,
                    offset: scanner.offset,
                    commits: first...(last ?? first),
                    finding
                )
            )
        case .loss(let first, let last, let witness):
            add(
                Damage(
                    file: name.text,
                    offset: scanner.offset,
                    commits: first...last,
                    "missing, though \(witness) knows them to have been durable"
                )
            )
        }
    }

    /// Walks a segment's chain of commits from its header on.
    @discardableResult
    mutating func scanFreely(
        _ name: SegmentDirectory.Name,
        _ file: any File,
        _ header: SegmentHeader
    ) throws(LogError) -> BatchScanner {
        let start = CommitLink(
            number: header.firstCommit - 1,
            lastSequence: header.firstSequence - 1,
            hash: header.predecessor.commitHash,
            time: header.created
        )
        var walk = FreeWalk(
            contents: ContentsLedger(file, name, prover: team.single),
            link: start,
            offset: UInt64(SegmentHeader.byteCount)
        )
        let outline = try CommitList.outline(
            file,
            segment: name.number,
            archiveID: archiveID,
            after: start,
            at: walk.offset
        )
        var isChained = true
        try team.prove(outline) { proof throws(LogError) in
            guard isChained, case .whole(let batch) = proof,
                batch.link.lastSequence >= walk.link.lastSequence
            else {
                isChained = false
                return
            }
            try take(batch, &walk)
        }
        // One after the other behind what the team could prove: says what stands there.
        var scanner = try BatchScanner(
            file,
            segment: name.number,
            archiveID: archiveID,
            logKey: keys?.logKey,
            after: walk.link,
            at: walk.offset
        )
        while let batch = try scanner.next() {
            try take(team.first.proved(batch, in: scanner), &walk)
        }
        result.link = walk.link
        result.recordCount += walk.contents.totals.recordCount
        result.recordByteCount += walk.contents.totals.recordByteCount
        result.chunkCount += walk.contents.chunkCount
        result.erasedFrameCount += walk.contents.erasedFrameCount
        result.byteCount += scanner.offset
        return scanner
    }

    /// How far the batches of a segment have been taken that no seal lists.
    private struct FreeWalk {
        var contents: ContentsLedger
        var link: CommitLink
        var offset: UInt64
    }

    /// Adds the next batch of the chain.
    private mutating func take(
        _ batch: ProvedBatch,
        _ walk: inout FreeWalk
    ) throws(LogError) {
        result.commitCount += 1
        result.frameCount += UInt64(batch.frameCount) + 1
        add(try walk.contents.add(batch, after: walk.link.lastSequence))
        tree.append(leafHash: batch.link.hash, using: hasher)
        leaves.append(batch.link.hash)
        walk.link = batch.link
        walk.offset = batch.commitOffset + CommitList.commitFrameByteCount
    }
}
