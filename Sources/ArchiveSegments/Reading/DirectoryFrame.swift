import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
import ArchiveSealing

/// Directory frames: blocks of entries, one key domain each, every block sealed by itself.
///
///     body:  u64 records │ u64 record bytes in the segment so far │ blocks
///     block: masked tag (12) │ u32 sealed length │ sealed (u8 codec, u32 plain length, bytes) + tag
///
/// The frame's tag is a MAC as of a public frame. Its header's nonce has a salt of its own; block i
/// is sealed with that salt and index i.
package enum DirectoryFrame {
    private static let blockHeaderByteCount = MaskedTag.byteCount + 4

    /// Opens all blocks of a directory frame whose tag the caller has checked.
    ///
    /// Blocks of erased subjects are passed over and counted.
    package static func open(
        _ frame: Span<UInt8>,
        header: FrameHeader,
        keys: any LogKeys,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) -> (blocks: [DirectoryBlock], erasedCount: Int) {
        var blocks: [DirectoryBlock] = []
        let erasedCount = try forEachBlock(frame, header, keys, segment, offset) {
            plain throws(FormatError) in
            let block = try DirectoryBlock(decoding: plain)
            for record in block.records {
                if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                    keys.learn(collection: collection)
                }
            }
            blocks.append(block)
        }
        return (blocks, erasedCount)
    }

    /// Lends the plaintext of each block that a key opens; answers how many none does.
    static func forEachBlock(
        _ frame: Span<UInt8>,
        _ header: FrameHeader,
        _ keys: any LogKeys,
        _ segment: SegmentNumber,
        _ offset: UInt64,
        _ body: (Span<UInt8>) throws(FormatError) -> Void
    ) throws(LogError) -> Int {
        var reader = BlockReader(keys, header)
        let end = FrameHeader.byteCount + header.bodyByteCount
        var plain: [UInt8] = []
        var erasedCount = 0
        guard header.bodyByteCount >= SegmentTotals.byteCount else {
            throw LogError(.corrupt, segment: segment, offset: offset, "the totals are cut short")
        }
        var position = FrameHeader.byteCount + SegmentTotals.byteCount
        var index: UInt32 = 0
        while position < end {
            guard end - position >= blockHeaderByteCount else {
                throw LogError(.corrupt, segment: segment, offset: offset, "a block is cut short")
            }
            let length = Int(frame.u32(at: position + MaskedTag.byteCount))
            let next = position + blockHeaderByteCount + length
            guard length >= 5 + FrameHeader.tagByteCount, next <= end else {
                throw LogError(.corrupt, segment: segment, offset: offset, "a block is malformed")
            }
            do throws(LogError) {
                try reader.open(frame.extracting(position..<next), index: index, into: &plain)
                do throws(FormatError) {
                    try body(plain.span)
                } catch {
                    throw LogError(.corrupt, "the block does not open (\(error))")
                }
            } catch  where error.code == .erased {
                erasedCount += 1
            } catch {
                throw LogError(
                    error.code,
                    segment: segment,
                    offset: offset,
                    "directory block \(index): \(error.finding)"
                )
            }
            position = next
            index += 1
        }
        return erasedCount
    }

    /// The totals that a directory frame begins with.
    package static func totals(_ frame: Span<UInt8>) -> SegmentTotals {
        SegmentTotals(
            recordCount: frame.u64(at: FrameHeader.byteCount),
            recordByteCount: frame.u64(at: FrameHeader.byteCount + 8)
        )
    }

    /// What a block's tag authenticates besides its content: archive, nonce, and the block's header.
    static func associated(
        _ blockHeader: Span<UInt8>,
        _ nonce: FrameNonce,
        _ keys: any LogKeys
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        append(associated: blockHeader, nonce, keys.archiveID, to: &bytes)
        return bytes
    }

    fileprivate static func append(
        associated blockHeader: Span<UInt8>,
        _ nonce: FrameNonce,
        _ archiveID: ArchiveID,
        to bytes: inout [UInt8]
    ) {
        bytes.append(archiveID: archiveID)
        bytes.append(nonce: nonce)
        bytes.append(copying: blockHeader.extracting(..<blockHeaderByteCount))
    }
}

/// Opens the blocks of one directory frame; there may be a thousand small ones.
private struct BlockReader {
    private let keys: any LogKeys
    private let header: FrameHeader
    private let mask: TagMask
    private let cipher = XAES256GCM()
    private let decompressor = Decompressor()
    private var content: [UInt8] = []
    /// Archive and nonce, which differ from block to block by the index alone, then the block's header.
    private var associated: [UInt8] = []
    private static let nonceRange =
        ArchiveID.byteCount..<(ArchiveID.byteCount + XAES256GCM.nonceByteCount)

    init(_ keys: any LogKeys, _ header: FrameHeader) {
        self.keys = keys
        self.header = header
        mask = keys.tagMask
    }

    mutating func open(
        _ block: Span<UInt8>,
        index: UInt32,
        into plain: inout [UInt8]
    ) throws(LogError) {
        let nonce = header.nonce.at(index: index)
        let tag = mask.applied(to: MaskedTag(block, at: 0), nonce: nonce)
        let key = try keys.key(of: tag, epoch: header.epoch)
        associated.removeAll(keepingCapacity: true)
        DirectoryFrame.append(associated: block, nonce, keys.archiveID, to: &associated)
        plain.removeAll(keepingCapacity: true)
        // The buffers are local while they are lent: spans of properties would not be.
        let associated = associated
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        content.removeAll(keepingCapacity: true)
        content.append(zeros: block.count - 16 - FrameHeader.tagByteCount)
        do {
            var target = content.mutableSpan
            try cipher.open(
                block.extracting(16...),
                into: &target,
                key: key,
                nonce: associated.span.extracting(Self.nonceRange),
                associated: associated.span
            )
            let plainByteCount = Int(content.span.u32(at: 1))
            guard let codec = Codec(rawValue: content[0]),
                plainByteCount <= 2 * DirectoryBlock.plaintextLimit
            else { throw FormatError(.overLimit, "a block of \(plainByteCount) bytes") }
            try decompressor.decompress(
                content.span.extracting(5...),
                codec: codec,
                plainByteCount: plainByteCount,
                appendingTo: &plain
            )
        } catch {
            throw LogError(.corrupt, "the block does not open (\(error))")
        }
    }
}
