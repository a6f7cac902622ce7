import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import SystemPackage

/// Finds out which parts of a segment are not what its snapshot signs.
///
/// The parts are its header, its batches, and its seal with the trailer: each can be proved alone.
struct SegmentDamage {
    let seal: SealedSegment

    private static let headerRange = 0..<UInt64(SegmentHeader.byteCount)
    private var sealRange: Range<UInt64> { seal.seal.committedByteCount..<seal.byteCount }
    private var batches: Range<Int> { 0..<seal.seal.commits.count }

    /// The damaged parts of a file, in order.
    func ranges(of file: any File) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        if !isRight(Self.headerRange, in: file) { ranges.append(Self.headerRange) }
        for batch in seal.reading(file).brokenBatches(among: batches) {
            ranges.append(seal.range(ofBatch: batch))
        }
        if !isRight(sealRange, in: file) { ranges.append(sealRange) }
        return ranges
    }

    /// Whether a file has the right bytes in one of the parts.
    func isRight(_ range: Range<UInt64>, in file: any File) -> Bool {
        if range != Self.headerRange, range != sealRange {
            guard let batch = batches.first(where: { seal.range(ofBatch: $0) == range }) else {
                return false
            }
            return seal.reading(file).brokenBatches(among: batch..<(batch + 1)).isEmpty
        }
        guard let bytes = try? file.read(at: range.lowerBound, byteCount: range.count),
            bytes.count == range.count
        else { return false }
        if range == Self.headerRange {
            return (try? SegmentHeader(decoding: bytes.span))?.hash == seal.seal.headerHash
        }
        let frame = bytes.span.extracting(..<(bytes.count - SealTrailer.byteCount))
        return SHA256.hash(frame) == seal.sealHash
            && Array(bytes.suffix(SealTrailer.byteCount))
                == SealTrailer.encode(sealOffset: range.lowerBound)
    }
}
