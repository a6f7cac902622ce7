import ArchiveCodecs

/// A generator of repeatable numbers (xorshift64*), for test data only.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

/// Bytes that no codec makes shorter.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var numbers = Numbers(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
}

/// Bytes that look like records: a few words in changing order.
func prose(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    let words = ["\"status\":\"final\",", "\"code\":", "{\"value\":", "17", "}", "Patient/", "a1"]
    var numbers = Numbers(seed: seed)
    var bytes: [UInt8] = []
    while bytes.count < count {
        bytes += Array(words[Int.random(in: 0..<words.count, using: &numbers)].utf8)
    }
    return Array(bytes.prefix(count))
}

extension Compressor {
    /// The compressed form alone, and the codec that was used.
    func compressed(
        _ plain: [UInt8],
        with codec: Codec,
        dictionary: CompressionDictionary? = nil
    ) -> (bytes: [UInt8], codec: Codec) {
        var output: [UInt8] = []
        let used = compress(
            plain.span,
            with: codec,
            dictionary: dictionary,
            appendingTo: &output
        )
        return (output, used)
    }
}

extension Decompressor {
    /// The plain form alone.
    func decompressed(
        _ bytes: [UInt8],
        codec: Codec,
        dictionary: CompressionDictionary? = nil,
        count: Int
    ) throws(CodecError) -> [UInt8] {
        var output: [UInt8] = []
        self.dictionary = dictionary
        try decompress(
            bytes.span,
            codec: codec,
            plainByteCount: count,
            appendingTo: &output
        )
        return output
    }
}
