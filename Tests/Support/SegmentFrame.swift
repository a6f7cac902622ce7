package import ArchiveFormat
import ArchiveSealing

/// A frame of a segment file, and where it stands.
package struct SegmentFrame: Sendable {
    package let range: Range<Int>
    package let header: FrameHeader
    /// The commit that it belongs to.
    package let commit: UInt64

    package var kind: FrameHeader.Kind { header.kind }

    /// The frames of a segment file up to its seal, or to what is no frame.
    package static func all(in bytes: [UInt8]) throws -> [SegmentFrame] {
        let segment = try SegmentHeader(decoding: bytes.span)
        var found: [SegmentFrame] = []
        var offset = SegmentHeader.byteCount
        var commit = segment.firstCommit
        while offset + FrameHeader.byteCount <= bytes.count, found.last?.kind != .seal {
            let header = try? FrameHeader(
                decoding: bytes.span,
                at: offset,
                archiveID: segment.archiveID,
                hasher: SHA256()
            )
            guard let header else { break }
            let end = offset + header.frameByteCount
            found.append(SegmentFrame(range: offset..<end, header: header, commit: commit))
            if header.kind == .commit { commit += 1 }
            offset = end
        }
        return found
    }
}
