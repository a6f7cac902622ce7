import ArchiveCodecs
import ArchiveSealing
import Strongroom

/// The parts of a frame's cost: sealing, opening and packing, without log or index.
enum Sealing {
    static let sizes = [256, 1_024, 4_096, 16_384, 65_536, 1_048_576]
    static let blockByteCount = 8 << 10

    static func run(_ corpusPath: String) throws {
        for size in sizes { try seal(size) }
        try pack(corpusPath)
    }

    /// Every message has its own nonce, as every frame has.
    private static func seal(_ size: Int) throws {
        let cipher = XAES256GCM()
        let key = try SecretKey.random()
        let plain = [UInt8](repeating: 7, count: size)
        var sealed = [UInt8](repeating: 0, count: size + XAES256GCM.overhead)
        var opened = [UInt8](repeating: 0, count: size)
        var nonce = [UInt8](repeating: 0, count: XAES256GCM.nonceByteCount)
        let associated = [UInt8](repeating: 3, count: 80)
        let count = max(20, min(20_000, (32 << 20) / size))
        var best: (seal: UInt64, open: UInt64) = (.max, .max)
        for _ in 0..<5 {
            var start = now()
            for index in 0..<count {
                for place in 0..<4 {
                    nonce[place] = UInt8(truncatingIfNeeded: index >> (8 * place))
                }
                var span = sealed.mutableSpan
                try cipher.seal(
                    plain.span,
                    into: &span,
                    key: key,
                    nonce: nonce.span,
                    associated: associated.span
                )
            }
            best.seal = min(best.seal, now() - start)
            start = now()
            for _ in 0..<count {
                var span = opened.mutableSpan
                try cipher.open(
                    sealed.span,
                    into: &span,
                    key: key,
                    nonce: nonce.span,
                    associated: associated.span
                )
            }
            best.open = min(best.open, now() - start)
        }
        figure("seal.\(size).ns", Double(best.seal) / Double(count))
        figure("open.\(size).ns", Double(best.open) / Double(count))
    }

    /// Compress and seal the corpus in blocks of a pack's size, and the way back.
    private static func pack(_ corpusPath: String) throws {
        let blocks = try Self.blocks(corpusPath)
        let cipher = XAES256GCM()
        let key = try SecretKey.random()
        let compressor = Compressor()
        let decompressor = Decompressor()
        let dictionary = CompressionDictionary.fhirJSON
        let nonce = [UInt8](repeating: 9, count: XAES256GCM.nonceByteCount)
        let associated = [UInt8](repeating: 3, count: 80)
        let byteCount = blocks.reduce(0) { $0 + $1.count }
        var sealed: [[UInt8]] = []
        var content: [UInt8] = []
        var compress = UInt64.max
        var both = UInt64.max
        for _ in 0..<5 {
            var start = now()
            for block in blocks {
                content.removeAll(keepingCapacity: true)
                _ = compressor.compress(
                    block.span,
                    with: .zstandard,
                    dictionary: dictionary,
                    appendingTo: &content
                )
            }
            compress = min(compress, now() - start)
            var output = [UInt8](repeating: 0, count: 2 * blockByteCount)
            sealed.removeAll(keepingCapacity: true)
            var spent: UInt64 = 0
            for block in blocks {
                start = now()
                content.removeAll(keepingCapacity: true)
                _ = compressor.compress(
                    block.span,
                    with: .zstandard,
                    dictionary: dictionary,
                    appendingTo: &content
                )
                let count = content.count + XAES256GCM.overhead
                var all = output.mutableSpan
                var room = all._mutatingExtracting(..<count)
                try cipher.seal(
                    content.span,
                    into: &room,
                    key: key,
                    nonce: nonce.span,
                    associated: associated.span
                )
                spent += now() - start
                sealed.append(Array(output[..<count]))
            }
            both = min(both, spent)
        }
        figure("codec.mb_per_s", Double(byteCount) * 1e3 / Double(compress))
        figure("pack.mb_per_s", Double(byteCount) * 1e3 / Double(both))
        figure("pack.ratio", Double(byteCount) / Double(sealed.reduce(0) { $0 + $1.count }))

        var unpack = UInt64.max
        var plain: [UInt8] = []
        for _ in 0..<5 {
            let start = now()
            for (block, bytes) in zip(blocks, sealed) {
                content.removeAll(keepingCapacity: true)
                content.append(
                    contentsOf: repeatElement(0, count: bytes.count - XAES256GCM.overhead)
                )
                var span = content.mutableSpan
                try cipher.open(
                    bytes.span,
                    into: &span,
                    key: key,
                    nonce: nonce.span,
                    associated: associated.span
                )
                plain.removeAll(keepingCapacity: true)
                try decompressor.decompress(
                    content.span,
                    codec: .zstandard,
                    dictionary: dictionary,
                    plainByteCount: block.count,
                    appendingTo: &plain
                )
            }
            unpack = min(unpack, now() - start)
        }
        figure("unpack.mb_per_s", Double(byteCount) * 1e3 / Double(unpack))
    }

    private static func blocks(_ corpusPath: String) throws -> [[UInt8]] {
        var corpus = try Corpus(corpusPath)
        let bytes = try corpus.next(10 * Inserting.batchCount).flatMap(\.body)
        return stride(from: 0, to: bytes.count - blockByteCount, by: blockByteCount).map {
            Array(bytes[$0..<($0 + blockByteCount)])
        }
    }
}
