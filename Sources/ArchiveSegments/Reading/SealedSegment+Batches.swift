package import ArchiveFileIO
import ArchiveFormat

/// What a seal tells of single batches: enough to find damage, and to prove a replacement for it.
extension SealedSegment {
    /// The same segment, its batches read from another file.
    package func reading(_ file: any File) -> SealedSegment {
        SealedSegment(
            file: file,
            header: header,
            seal: seal,
            sealHash: sealHash,
            byteCount: byteCount
        )
    }

    /// Where a batch stands, its commit frame included; batches are counted from 0.
    package func range(ofBatch index: Int) -> Range<UInt64> {
        let list = commitList
        return list.offset(of: index)..<list.offset(of: index + 1)
    }

    /// The batches of `indices` that are not what the seal lists; one that cannot be read is none.
    ///
    /// Hashes alone prove it; no key is needed.
    package func brokenBatches(among indices: Range<Int>) -> [Int] {
        let prover = BatchProver(archiveID: header.archiveID, keys: nil)
        let list = commitList
        var broken: [Int] = []
        for index in indices {
            let run = BatchRun(list: list, commits: index..<(index + 1))
            guard let proofs = try? prover.prove(run), case .whole? = proofs.first else {
                broken.append(index)
                continue
            }
        }
        return broken
    }
}
