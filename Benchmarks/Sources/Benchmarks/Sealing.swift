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

    /// What packing needs; contexts are used again, and so are the buffers that callers lend.
    private struct Tools {
        let cipher = XAES256GCM()
        let key: SecretKey
        let compressor = Compressor()
        let decompressor = Decompressor()
        let dictionary = CompressionDictionary.fhirJSON
        let nonce = [UInt8](repeating: 9, count: XAES256GCM.nonceByteCount)
        let associated = [UInt8](repeating: 3, count: 80)

        init() throws {
            key = try SecretKey.random()
            decompressor.dictionary = dictionary
        }

        func compress(_ block: [UInt8], into content: inout [UInt8]) {
            content.removeAll(keepingCapacity: true)
            _ = compressor.compress(
                block.span,
                with: .zstandard,
                dictionary: dictionary,
                appendingTo: &content
            )
        }

        /// Seals into the front of `output`; returns the length.
        func seal(_ content: [UInt8], into output: inout [UInt8]) throws -> Int {
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
            return count
        }

        func open(
            _ sealed: [UInt8],
            by content: inout [UInt8],
            into plain: inout [UInt8]
        ) throws {
            content.removeAll(keepingCapacity: true)
            content.append(
                contentsOf: repeatElement(0, count: sealed.count - XAES256GCM.overhead)
            )
            var span = content.mutableSpan
            try cipher.open(
                sealed.span,
                into: &span,
                key: key,
                nonce: nonce.span,
                associated: associated.span
            )
            plain.removeAll(keepingCapacity: true)
            try decompressor.decompress(
                content.span,
                codec: .zstandard,
                plainByteCount: blockByteCount,
                appendingTo: &plain
            )
        }
    }

    /// Compress and seal the corpus in blocks of a pack's size, and the way back.
    private static func pack(_ corpusPath: String) throws {
        let blocks = try Self.blocks(corpusPath)
        let tools = try Tools()
        var content: [UInt8] = []
        var output = [UInt8](repeating: 0, count: 2 * blockByteCount)
        var sealed: [[UInt8]] = []
        var (compress, both, unpack) = (UInt64.max, UInt64.max, UInt64.max)
        for _ in 0..<5 {
            var start = now()
            for block in blocks { tools.compress(block, into: &content) }
            compress = min(compress, now() - start)
            start = now()
            for block in blocks {
                tools.compress(block, into: &content)
                _ = try tools.seal(content, into: &output)
            }
            both = min(both, now() - start)
        }
        for block in blocks {
            tools.compress(block, into: &content)
            let count = try tools.seal(content, into: &output)
            sealed.append(Array(output[..<count]))
        }
        for _ in 0..<5 {
            let start = now()
            for bytes in sealed { try tools.open(bytes, by: &content, into: &output) }
            unpack = min(unpack, now() - start)
        }
        let byteCount = Double(blocks.count * blockByteCount)
        figure("codec.mb_per_s", byteCount * 1e3 / Double(compress))
        figure("pack.mb_per_s", byteCount * 1e3 / Double(both))
        figure("pack.ratio", byteCount / Double(sealed.reduce(0) { $0 + $1.count }))
        figure("unpack.mb_per_s", byteCount * 1e3 / Double(unpack))
    }

    private static func blocks(_ corpusPath: String) throws -> [[UInt8]] {
        var corpus = try Corpus(corpusPath)
        let bytes = try corpus.next(10 * Inserting.batchCount).flatMap(\.body)
        return stride(from: 0, to: bytes.count - blockByteCount, by: blockByteCount).map {
            Array(bytes[$0..<($0 + blockByteCount)])
        }
    }
}
