import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

/// Directory frames: blocks of entries, one key domain each, every block sealed by itself.
///
///     body:  u64 records │ u64 record bytes in the segment so far │ blocks
///     block: masked tag (12) │ u32 sealed length │ sealed (u8 codec, u32 plain length, bytes) + tag
///
/// The frame's tag is a MAC as of a public frame. Its header's nonce has a salt of its own; block i
/// is sealed with that salt and index i.
package enum DirectoryFrame {
    /// The body that one frame is filled to.
    private static let bodyTarget = 4 << 20
    private static let blockHeaderByteCount = MaskedTag.byteCount + 4

    /// Appends one frame for as many of `blocks` as fit; returns how many, and the leaf hash.
    package static func append(
        _ blocks: ArraySlice<DirectoryBlock>,
        salt: [UInt8],
        totals: SegmentTotals,
        lastSequence: RecordSequence,
        keys: any LogKeys,
        to bytes: inout [UInt8]
    ) throws(LogError) -> (count: Int, leaf: Digest) {
        let cipher = XAES256GCM()
        let compressor = Compressor(level: 3)
        var body: [UInt8] = []
        body.append(u64: totals.recordCount)
        body.append(u64: totals.recordByteCount)
        var count = 0
        var number: UInt32 = 0
        for block in blocks where body.count < bodyTarget && count < Limits.framesPerBatch {
            count += 1
            // A subject may have been erased since its records were written: its block is left out,
            // and the next one has its number, as a reader counts what it finds.
            guard let domain = try domain(of: block, keys) else { continue }
            let nonce = FrameNonce(salt: salt.span, index: number)
            number += 1
            let plain = block.encode()
            var content: [UInt8] = [0]
            content.append(u32: UInt32(plain.count))
            content[0] =
                compressor.compress(
                    plain.span,
                    with: .zstandard,
                    dictionary: nil,
                    appendingTo: &content
                ).rawValue
            body.append(maskedTag: keys.masked(domain.tag, nonce: nonce))
            body.append(u32: UInt32(content.count + FrameHeader.tagByteCount))
            let start = body.count
            let associated = associated(body.span.extracting((start - 16)...), nonce, keys)
            body.append(zeros: content.count + FrameHeader.tagByteCount)
            do {
                var all = body.mutableSpan
                var sealed = all._mutatingExtracting(start...)
                try cipher.seal(
                    content.span,
                    into: &sealed,
                    key: domain.key,
                    nonce: nonce.bytes.span,
                    associated: associated.span
                )
            } catch {
                throw LogError(.system, "a directory block could not be sealed (\(error))")
            }
        }
        let leaf = PublicFrame.append(
            kind: .directory,
            body: body,
            nonce: FrameNonce(salt: salt.span, index: 0),
            firstSequence: lastSequence,
            keys: keys,
            epoch: keys.epoch,
            to: &bytes
        )
        return (count, leaf)
    }

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
        let reader = BlockReader(keys: keys, header: header)
        let end = FrameHeader.byteCount + header.bodyByteCount
        var blocks: [DirectoryBlock] = []
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
            do {
                let block = try reader.open(frame.extracting(position..<next), index: index)
                for record in block.records {
                    if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                        keys.learn(collection: collection)
                    }
                }
                blocks.append(block)
            } catch let error where error.code == .erased {
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
        return (blocks, erasedCount)
    }

    /// The totals that a directory frame begins with.
    package static func totals(_ frame: Span<UInt8>) -> SegmentTotals {
        SegmentTotals(
            recordCount: frame.u64(at: FrameHeader.byteCount),
            recordByteCount: frame.u64(at: FrameHeader.byteCount + 8)
        )
    }

    private static func domain(
        of block: DirectoryBlock,
        _ keys: any LogKeys
    ) throws(LogError) -> FrameDomain? {
        do {
            return try keys.domain(block.domain, epoch: keys.epoch)
        } catch  where error.code == .erased {
            return nil
        }
    }

    /// What a block's tag authenticates besides its content: archive, nonce, and the block's header.
    fileprivate static func associated(
        _ blockHeader: Span<UInt8>,
        _ nonce: FrameNonce,
        _ keys: any LogKeys
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(archiveID: keys.archiveID)
        bytes.append(nonce: nonce)
        bytes.append(copying: blockHeader.extracting(..<blockHeaderByteCount))
        return bytes
    }
}

/// Opens the blocks of one directory frame.
private struct BlockReader {
    let keys: any LogKeys
    let header: FrameHeader
    let cipher = XAES256GCM()
    let decompressor = Decompressor()

    func open(_ block: Span<UInt8>, index: UInt32) throws(LogError) -> DirectoryBlock {
        let nonce = header.nonce.at(index: index)
        let key = try keys.key(masked: MaskedTag(block, at: 0), nonce: nonce, epoch: header.epoch)
        let associated = DirectoryFrame.associated(block, nonce, keys)
        var content = [UInt8](
            repeating: 0,
            count: block.count - 16 - FrameHeader.tagByteCount
        )
        var plain: [UInt8] = []
        do {
            var target = content.mutableSpan
            try cipher.open(
                block.extracting(16...),
                into: &target,
                key: key,
                nonce: nonce.bytes.span,
                associated: associated.span
            )
            let plainByteCount = Int(content.span.u32(at: 1))
            guard let codec = Codec(rawValue: content[0]),
                plainByteCount <= 2 * DirectoryBlock.plaintextLimit
            else { throw FormatError(.overLimit, "a block of \(plainByteCount) bytes") }
            try decompressor.decompress(
                content.span.extracting(5...),
                codec: codec,
                dictionary: nil,
                plainByteCount: plainByteCount,
                appendingTo: &plain
            )
            return try DirectoryBlock(decoding: plain.span)
        } catch {
            throw LogError(.corrupt, "the block does not open (\(error))")
        }
    }
}
