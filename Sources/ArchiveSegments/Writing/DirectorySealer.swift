import ArchiveBytes
import ArchiveCodecs
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// Makes directory frames: compresses and seals their blocks on several threads.
struct DirectorySealer {
    /// The estimated body that one frame is filled to.
    private static let bodyTarget = 4 << 20

    private let keys: any LogKeys
    private let threadCount: Int

    init(keys: any LogKeys, threadCount: Int) {
        self.keys = keys
        self.threadCount = threadCount
    }

    /// A block with its key and its number in the frame.
    private struct Item: Sendable {
        let block: DirectoryBlockEncoder
        let domain: FrameDomain
        let nonce: FrameNonce
    }

    /// What one thread made: touched by that thread only, and by the caller when none runs.
    private final class Output: @unchecked Sendable {
        var bytes: [UInt8] = []
        var failure: LogError?
    }

    /// Appends one frame for as many of `blocks` as fit; returns how many, and the leaf hash.
    func append(
        _ blocks: ArraySlice<PendingDirectory.Block>,
        salt: [UInt8],
        totals: SegmentTotals,
        lastSequence: RecordSequence,
        to bytes: inout [UInt8]
    ) throws(LogError) -> (count: Int, leaf: Digest) {
        let (items, count) = try items(blocks, salt: salt)
        var body: [UInt8] = []
        body.append(u64: totals.recordCount)
        body.append(u64: totals.recordByteCount)
        for output in seal(items) {
            if let failure = output.failure { throw failure }
            body.append(contentsOf: output.bytes)
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

    /// The blocks of one frame, and how many of `blocks` are dealt with then.
    private func items(
        _ blocks: ArraySlice<PendingDirectory.Block>,
        salt: [UInt8]
    ) throws(LogError) -> (items: [Item], count: Int) {
        var items: [Item] = []
        var count = 0
        var byteCount = 0
        for block in blocks where byteCount < Self.bodyTarget && count < Limits.framesPerBatch {
            count += 1
            // A subject may have been erased since its records were written: its block is left out,
            // and the next one has its number, as a reader counts what it finds.
            guard let domain = try domain(block.encoder.domain) else { continue }
            byteCount += block.byteCount
            let nonce = FrameNonce(salt: salt.span, index: UInt32(items.count))
            items.append(Item(block: block.encoder, domain: domain, nonce: nonce))
        }
        return (items, count)
    }

    private func domain(_ name: KeyDomainName) throws(LogError) -> FrameDomain? {
        do {
            return try keys.domain(name, epoch: keys.epoch)
        } catch  where error.code == .erased {
            return nil
        }
    }

    /// Seals the blocks in order, each thread its part.
    private func seal(_ items: [Item]) -> [Output] {
        let count = max(1, min(threadCount, items.count))
        let outputs = (0..<count).map { _ in Output() }
        let keys = keys
        WorkerTeam.perform(count) { worker in
            let range = (items.count * worker / count)..<(items.count * (worker + 1) / count)
            let sealer = BlockSealer(keys)
            do throws(LogError) {
                for index in range { try sealer.append(items[index], to: &outputs[worker].bytes) }
            } catch {
                outputs[worker].failure = error
            }
        }
        return outputs
    }

    /// One thread's contexts.
    private struct BlockSealer {
        let keys: any LogKeys
        let mask: TagMask
        let cipher = XAES256GCM()
        /// Names are mostly digits in no order: higher levels look longer and find no more.
        let compressor = Compressor(level: 1)

        init(_ keys: any LogKeys) {
            self.keys = keys
            mask = keys.tagMask
        }

        func append(_ item: Item, to bytes: inout [UInt8]) throws(LogError) {
            let plain = item.block.plaintext
            var content: [UInt8] = [0]
            content.append(u32: UInt32(plain.count))
            content[0] =
                compressor.compress(
                    plain.span,
                    with: .zstandard,
                    dictionary: nil,
                    appendingTo: &content
                ).rawValue
            let header = bytes.count
            bytes.append(maskedTag: mask.applied(to: item.domain.tag, nonce: item.nonce))
            bytes.append(u32: UInt32(content.count + FrameHeader.tagByteCount))
            let start = bytes.count
            let associated = DirectoryFrame.associated(
                bytes.span.extracting(header...),
                item.nonce,
                keys
            )
            bytes.append(zeros: content.count + FrameHeader.tagByteCount)
            do {
                var all = bytes.mutableSpan
                var sealed = all._mutatingExtracting(start...)
                try cipher.seal(
                    content.span,
                    into: &sealed,
                    key: item.domain.key,
                    nonce: item.nonce.bytes.span,
                    associated: associated.span
                )
            } catch {
                throw LogError(.system, "a directory block could not be sealed (\(error))")
            }
        }
    }
}
