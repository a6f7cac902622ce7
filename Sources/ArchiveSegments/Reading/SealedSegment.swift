import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing

/// A sealed segment whose header, trailer, seal frame and signature are checked.
///
/// The frames between are not: that is what ``LogVerifier`` is for.
package struct SealedSegment: Sendable {
    package let file: any File
    package let header: SegmentHeader
    package let seal: SealBody
    /// SHA-256 of the seal frame: the next segment's seal names it.
    package let sealHash: Digest
    package let byteCount: UInt64

    /// The commit that the segment ends with.
    package var link: CommitLink {
        CommitLink(
            number: seal.lastCommit,
            lastSequence: seal.lastSequence,
            hash: seal.commits.last?.leaf ?? header.predecessor.commitHash,
            time: seal.time
        )
    }

    /// The link that the segment begins after.
    package var firstLink: CommitLink {
        CommitLink(
            number: header.firstCommit - 1,
            lastSequence: header.firstSequence - 1,
            hash: header.predecessor.commitHash,
            time: header.created
        )
    }

    /// What the next segment's header must say of this one.
    package var predecessor: SegmentHeader.Predecessor {
        SegmentHeader.Predecessor(
            segment: header.number.value,
            committedByteCount: seal.committedByteCount,
            commitHash: link.hash
        )
    }

    /// Opens and checks the ends of a sealed segment.
    package static func open(
        _ directory: SegmentDirectory,
        _ number: SegmentNumber,
        archiveID: ArchiveID,
        publicKey: [UInt8]
    ) throws(LogError) -> SealedSegment {
        let (file, header) = try directory.open(
            SegmentDirectory.Name(number, isSealed: true),
            archiveID: archiveID
        )
        return try check(file, header: header, publicKey: publicKey)
    }

    /// Checks the ends of an open file whose header is `header`.
    package static func check(
        _ file: any File,
        header: SegmentHeader,
        publicKey: [UInt8]
    ) throws(LogError) -> SealedSegment {
        do {
            return try ends(file, header, publicKey: publicKey)
        } catch let error as FormatError {
            throw LogError(error, segment: header.number)
        } catch let error as SystemError {
            throw LogError(error, segment: header.number)
        } catch {
            throw LogError(.corrupt, segment: header.number, "\(error)")
        }
    }

    private static func ends(
        _ file: any File,
        _ header: SegmentHeader,
        publicKey: [UInt8]
    ) throws -> SealedSegment {
        let byteCount = try file.byteCount()
        let (bytes, offset) = try sealFrame(file, byteCount: byteCount)
        let found = try FrameHeader(
            decoding: bytes.span,
            at: 0,
            archiveID: header.archiveID,
            hasher: SHA256()
        )
        guard found.kind == .seal, found.frameByteCount == bytes.count else {
            throw FormatError(.damaged, "no seal frame stands where the trailer says")
        }
        let bodyEnd = FrameHeader.byteCount + found.bodyByteCount
        let seal = try SealBody(
            decoding: bytes.span.extracting(FrameHeader.byteCount..<bodyEnd)
        )
        guard bytes[(bodyEnd + FrameHeader.tagByteCount)...].allSatisfy({ $0 == 0 }) else {
            throw FormatError(.damaged, "the seal frame's padding is not zero")
        }
        try check(seal, header: header, sealOffset: offset, publicKey: publicKey)
        return SealedSegment(
            file: file,
            header: header,
            seal: seal,
            sealHash: SHA256.hash(bytes.span),
            byteCount: byteCount
        )
    }

    private static func sealFrame(
        _ file: any File,
        byteCount: UInt64
    ) throws -> (bytes: [UInt8], offset: UInt64) {
        guard byteCount > UInt64(SegmentHeader.byteCount + SealTrailer.byteCount) else {
            throw FormatError(.truncated, "the segment is shorter than header and trailer")
        }
        let trailerOffset = byteCount - UInt64(SealTrailer.byteCount)
        let trailer = try file.read(at: trailerOffset, byteCount: SealTrailer.byteCount)
        guard let offset = SealTrailer.sealOffset(decoding: trailer.span),
            offset >= UInt64(SegmentHeader.byteCount), offset < trailerOffset,
            trailerOffset - offset <= UInt64(Limits.frameBody)
        else { throw FormatError(.damaged, "the segment has no trailer: it was cut or damaged") }
        return (try file.read(at: offset, byteCount: Int(trailerOffset - offset)), offset)
    }

    private static func check(
        _ seal: SealBody,
        header: SegmentHeader,
        sealOffset: UInt64,
        publicKey: [UInt8]
    ) throws(FormatError) {
        let signed = seal.signedBytes(archiveID: header.archiveID)
        guard Ed25519.isValid(seal.signature.span, of: signed.span, publicKey: publicKey.span)
        else { throw FormatError(.damaged, "the seal's signature does not verify") }
        guard seal.segment == header.number, seal.committedByteCount == sealOffset,
            seal.firstCommit == header.firstCommit,
            seal.headerHash == header.hash,
            UInt64(seal.commits.count) == seal.lastCommit + 1 - seal.firstCommit,
            seal.segmentRoot == MerkleTree.root(of: seal.commits.map(\.leaf)),
            seal.treeSize == seal.lastCommit
        else { throw FormatError(.damaged, "the seal does not belong to this segment") }
    }
}
