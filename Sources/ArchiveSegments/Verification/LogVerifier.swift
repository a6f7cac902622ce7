import ArchiveBytes
import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing
import SystemPackage

/// Proves the log byte for byte: without keys by hashes, chain and signatures, with keys also by
/// opening every frame and checking every body against its digest.
///
/// It reads only, goes on behind damage, and names what it found. Segments are read by a team of
/// threads. In memory are a buffer of two megabytes a thread and what the frames hold that were
/// read since the last directory, at most some megabytes of the log ahead.
package struct LogVerifier {
    let directory: SegmentDirectory
    let archiveID: ArchiveID
    let publicKey: [UInt8]
    let keys: (any LogKeys)?
    /// What knows of commits from elsewhere; they are asked for when the last segments are verified.
    package var witnesses: @Sendable () -> [RecoveryVerdict.Witness]
    let team: ProvingTeam

    package internal(set) var result = LogVerification()
    let hasher = SHA256()
    var tree = MerkleAccumulator()
    /// Leaf hashes of all commits in order, as far as they are known: what snapshots' roots are over.
    package internal(set) var leaves: [Digest] = []
    /// The sealed segments whose ends were right.
    package private(set) var sealed: [SegmentNumber: SealedSegment] = [:]
    /// The segments that were verified before ``run(upTo:progress:)``.
    private var taken: Set<SegmentDirectory.Name> = []
    private var predecessor = SegmentHeader.Predecessor.none
    private var previousSeal = Digest.zero
    /// False behind damage that hides what must follow: then only what a segment says itself is checked.
    private var chainIsKnown = true

    package init(
        _ directory: SegmentDirectory,
        archiveID: ArchiveID,
        publicKey: [UInt8],
        keys: (any LogKeys)?,
        witnesses: [RecoveryVerdict.Witness] = [],
        threadCount: Int = WorkerTeam.processorCount,
        visit: FrameVisitor = FrameVisitor()
    ) {
        self.directory = directory
        self.archiveID = archiveID
        self.publicKey = publicKey
        self.keys = keys
        self.witnesses = { witnesses }
        team = ProvingTeam(
            directory,
            archiveID: archiveID,
            keys: keys,
            threadCount: threadCount,
            visit: visit
        )
    }

    /// Verifies the next sealed segment of the log, while later ones may still be missing.
    package mutating func take(_ number: SegmentNumber) throws(LogError) {
        let name = SegmentDirectory.Name(number, isSealed: true)
        taken.insert(name)
        try verifySealed(name)
    }

    /// Verifies all segments that were not taken, or those numbered up to `last`.
    ///
    /// Only failures of the operating system throw; `progress` hears of each segment's bytes as
    /// they are done.
    package mutating func run(
        upTo last: SegmentNumber? = nil,
        progress: (UInt64) -> Void = { _ in }
    ) throws(LogError) -> LogVerification {
        let names = try directory.names()
        for name in names where name.number <= last ?? name.number {
            if taken.contains(name) {
                // Verified while the others were still being fetched.
            } else if name.isSealed {
                try verifySealed(name)
            } else if sealed[name.number] == nil {
                try verifyActive(name)
            }
            progress(result.byteCount)
        }
        if let known = witnesses().max(by: { $0.commit < $1.commit }),
            known.commit > result.link.number, result.damages.isEmpty
        {
            let place = known.segment.map { number in
                names.first { $0.number == number } ?? .init(number, isSealed: false)
            }
            add(
                Damage(
                    file: place?.text ?? "segments",
                    commits: (result.link.number + 1)...known.commit,
                    "missing, though \(known.name) knows them to have been durable: the log was cut "
                        + "or put back to an old state; recover them from a vault with "
                        + "`strongroom recover`"
                )
            )
        }
        if result.damages.isEmpty { compareWithWitnesses() }
        return result
    }

    /// Verifies one sealed segment by itself: by its seal and what is in it, whatever stands before.
    ///
    /// Returns what is wrong with it.
    package mutating func verify(
        alone name: SegmentDirectory.Name
    ) throws(LogError) -> [Damage] {
        chainIsKnown = false
        let known = result.damages.count
        try verifySealed(name)
        return Array(result.damages[known...])
    }

    /// Without keys nothing in the log itself proves its last commit; a witness may know its hash.
    private mutating func compareWithWitnesses() {
        for witness in witnesses() {
            guard let hash = witness.hash, witness.commit > 0,
                witness.commit <= UInt64(leaves.count),
                leaves[Int(witness.commit - 1)] != hash
            else { continue }
            let holder = sealed.values.first {
                $0.header.firstCommit <= witness.commit && witness.commit <= $0.seal.lastCommit
            }
            add(
                Damage(
                    file: (holder?.header.number ?? witness.segment)?.stem ?? "segments",
                    commits: witness.commit...witness.commit,
                    "it is not the commit that \(witness.name) knows: the log was put back and went "
                        + "on, or is another one; recover from a vault with `strongroom recover`"
                )
            )
        }
    }

    private mutating func verifySealed(_ name: SegmentDirectory.Name) throws(LogError) {
        result.segmentCount += 1
        guard let (file, header) = try open(name) else { return }
        let segment: SealedSegment
        do {
            segment = try SealedSegment.check(file, header: header, publicKey: publicKey)
        } catch  where error.code != .system {
            damage(name, at: error.offset, error.finding)
            // Without its seal the segment still has its chain of commits to be held against.
            try scanFreely(name, file, header)
            chainIsKnown = false
            return
        }
        if chainIsKnown {
            if segment.seal.previousSeal != previousSeal {
                damage(name, "the seal does not name the seal of the segment before")
            }
        }
        let known = leaves.count
        var isHere = true
        do {
            try verifyBatches(of: segment, name)
        } catch  where error.isLost {
            // Its seal is here, and all of the rest was to be in a vault.
            isHere = false
            damage(name, error.finding)
            leaves.removeLast(leaves.count - known)
            leaves.append(contentsOf: segment.seal.commits.map(\.leaf))
        }
        if isHere, chainIsKnown,
            tree.count != segment.seal.treeSize || tree.peaks != segment.seal.peaks
        {
            damage(name, "the archive's tree is not the one that the seal signs")
        }
        predecessor = segment.predecessor
        previousSeal = segment.sealHash
        result.link = segment.link
        sealed[name.number] = segment
        if let next = MerkleAccumulator(count: segment.seal.treeSize, peaks: segment.seal.peaks) {
            tree = next
            chainIsKnown = true
        }
        result.byteCount += segment.byteCount
    }

    /// Checks each batch that the seal lists; one that is damaged does not hide the next.
    private mutating func verifyBatches(
        of segment: SealedSegment,
        _ name: SegmentDirectory.Name
    ) throws(LogError) {
        var walk = SealedWalk(after: segment.firstLink.lastSequence)
        var contents = ContentsLedger(
            segment.file,
            name,
            prover: team.single,
            directories: segment.seal.directories
        )
        let before = result.damages.count
        var commit = 0
        try team.prove(segment.commitList) { proof throws(LogError) in
            let number = segment.header.firstCommit + UInt64(commit)
            let leaf = segment.seal.commits[commit].leaf
            commit += 1
            tree.append(leafHash: leaf, using: hasher)
            leaves.append(leaf)
            switch proof {
            case .whole(let batch) where batch.link.lastSequence >= walk.lastSequence:
                result.commitCount += 1
                result.frameCount += UInt64(batch.frameCount) + 1
                add(
                    try contents.add(
                        batch,
                        after: walk.unnumbered.isEmpty ? walk.lastSequence : nil
                    )
                )
                nameRecords(of: &walk, before: batch)
            case .whole(let batch):
                contents.forget()
                let finding = "commit \(number) does not follow \(number - 1)"
                add(damage(name, of: number, at: batch.commitOffset, finding))
            case .broken(let offset, let finding):
                walk.unnumbered.append(result.damages.count)
                contents.forget()
                add(damage(name, of: number, at: offset, finding))
            }
        }
        finish(contents, segment, name, isWhole: result.damages.count == before)
    }

    /// How far the batches of a sealed segment have been taken.
    private struct SealedWalk {
        var lastSequence: RecordSequence
        /// Behind a damaged batch it is not known how many records it held; the next whole one tells.
        var unnumbered: [Int] = []

        init(after sequence: RecordSequence) { lastSequence = sequence }
    }

    private func damage(
        _ name: SegmentDirectory.Name,
        of commit: CommitNumber,
        at offset: UInt64,
        _ finding: String
    ) -> Damage {
        Damage(file: name.text, offset: offset, commits: commit...commit, finding)
    }

    /// Tells, once a batch is whole again, which records the damaged ones before it held.
    private mutating func nameRecords(of walk: inout SealedWalk, before batch: ProvedBatch) {
        let next = batch.firstSequence ?? batch.link.lastSequence + 1
        if next > walk.lastSequence + 1 {
            for index in walk.unnumbered {
                result.damages[index].sequences = (walk.lastSequence + 1)...(next - 1)
            }
        }
        walk.unnumbered.removeAll()
        walk.lastSequence = batch.link.lastSequence
    }

    /// Compares what was counted with what the seal says.
    private mutating func finish(
        _ contents: ContentsLedger,
        _ segment: SealedSegment,
        _ name: SegmentDirectory.Name,
        isWhole: Bool
    ) {
        result.chunkCount += contents.chunkCount
        result.erasedFrameCount += contents.erasedFrameCount
        guard keys != nil else {
            result.recordCount += segment.seal.recordCount
            result.recordByteCount += segment.seal.recordByteCount
            return
        }
        result.recordCount += contents.totals.recordCount
        result.recordByteCount += contents.totals.recordByteCount
        let counted = contents.totals
        let stated = SegmentTotals(
            recordCount: segment.seal.recordCount,
            recordByteCount: segment.seal.recordByteCount
        )
        if isWhole, contents.erasedFrameCount == 0, counted != stated {
            damage(
                name,
                "\(counted.recordCount) records of \(counted.recordByteCount) bytes were found; the "
                    + "seal says \(stated.recordCount) of \(stated.recordByteCount)"
            )
        }
        if isWhole, contents.directoryOffsets != segment.seal.directories {
            damage(name, "the directory frames are not where the seal says")
        }
    }
}

extension LogVerifier {
    /// Opens a segment; a damaged header, or one that does not follow what came before, is noted.
    mutating func open(
        _ name: SegmentDirectory.Name
    ) throws(LogError) -> (any File, SegmentHeader)? {
        do {
            let (file, header) = try directory.open(name, archiveID: archiveID)
            file.adviseSequential()
            if chainIsKnown, header.predecessor != predecessor {
                damage(
                    name,
                    at: 0,
                    "it follows segment \(header.predecessor.segment), but that is not what stands "
                        + "before it: a segment is missing, damaged or put back"
                )
                chainIsKnown = false
            }
            return (file, header)
        } catch  where error.code != .system {
            damage(name, at: 0, error.finding)
            chainIsKnown = false
            return nil
        }
    }

    mutating func damage(
        _ name: SegmentDirectory.Name,
        at offset: UInt64? = nil,
        _ finding: String
    ) {
        add(Damage(file: name.text, offset: offset, finding))
    }

    mutating func add(_ damage: Damage) { add([damage]) }

    mutating func add(_ damages: [Damage]) { result.damages.append(contentsOf: damages) }
}
