import ArchiveCodecs
import Testing

@Suite struct `Refusing bytes that are not what they should be` {
    private static let codecs: [Codec] = [.zlib, .zstandard, .partlyStored]
    private let decompressor = Decompressor()

    private func failure(
        _ bytes: [UInt8],
        codec: Codec,
        dictionary: CompressionDictionary? = nil,
        count: Int
    ) -> CodecError? {
        do {
            _ = try decompressor.decompressed(
                bytes,
                codec: codec,
                dictionary: dictionary,
                count: count
            )
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: codecs)
    func `a bomb stops at the declared size`(codec: Codec) {
        let bomb = Compressor().compressed([UInt8](repeating: 0, count: 8 << 20), with: codec).bytes
        #expect(bomb.count < 10_000)
        for declared in [0, 1, 1000, 100_000, (8 << 20) - 1] {
            #expect(failure(bomb, codec: codec, count: declared) == .tooLong(declared: declared))
        }
    }

    @Test(arguments: codecs)
    func `fewer bytes than declared are an error`(codec: Codec) {
        let (bytes, _) = Compressor().compressed(prose(5000), with: codec)
        #expect(
            failure(bytes, codec: codec, count: 5001) == .tooShort(declared: 5001, found: 5000)
        )
        #expect(failure(bytes, codec: codec, count: 5000) == nil)
    }

    @Test func `stored bytes must be as many as declared`() {
        #expect(failure([1, 2], codec: .stored, count: 1) == .trailingBytes(.stored))
        #expect(failure([1, 2], codec: .stored, count: 3) == .tooShort(declared: 3, found: 2))
    }

    @Test(arguments: Codec.allCases)
    func `more than the limit is refused before anything is read`(codec: Codec) {
        let small = Decompressor(byteCountLimit: 100)
        #expect(throws: CodecError.overLimit(declared: 101, limit: 100)) {
            try small.decompressed([], codec: codec, count: 101)
        }
        #expect(throws: CodecError.overLimit(declared: -1, limit: 100)) {
            try small.decompressed([], codec: codec, count: -1)
        }
    }

    @Test(arguments: Codec.allCases, [1, 7, 5_000])
    func `zeros behind the compressed bytes are padding and no content`(
        codec: Codec,
        count: Int
    ) throws {
        let plain = prose(5000)
        let (bytes, _) = Compressor().compressed(plain, with: codec)
        let padded = bytes + [UInt8](repeating: 0, count: count)
        #expect(try Decompressor().decompressed(padded, codec: codec, count: 5000) == plain)
        #expect(failure(padded + [1], codec: codec, count: 5000) == .trailingBytes(codec))
    }

    @Test(arguments: codecs)
    func `nothing else may follow the compressed bytes`(codec: Codec) {
        let (bytes, _) = Compressor().compressed(prose(5000), with: codec)
        for tail in [[0, 1], [1, 2, 3, 4, 5], bytes] as [[UInt8]] {
            #expect(failure(bytes + tail, codec: codec, count: 5000) == .trailingBytes(codec))
            #expect(failure(bytes + tail, codec: codec, count: 10_000) == .trailingBytes(codec))
        }
    }

    @Test func `an empty frame behind a Zstandard frame is refused as well`() {
        // A frame with one last block of no bytes adds nothing, so the plain size would still fit.
        let (bytes, _) = Compressor().compressed(prose(5000), with: .zstandard)
        let empty: [UInt8] = [0, 0, 1, 0, 0]
        #expect(failure(empty, codec: .zstandard, count: 0) == nil)
        #expect(
            failure(bytes + empty, codec: .zstandard, count: 5000) == .trailingBytes(.zstandard)
        )
    }

    @Test func `a frame with fields that we leave out is refused`() {
        let (bytes, _) = Compressor().compressed(prose(5000), with: .zstandard)
        var withChecksum = bytes
        withChecksum[0] |= 4
        #expect(failure(withChecksum, codec: .zstandard, count: 5000) != nil)
        var withDictionary = bytes
        withDictionary[0] |= 1
        withDictionary.insert(7, at: 2)
        #expect(failure(withDictionary, codec: .zstandard, count: 5000) == .malformed(.zstandard))
        let withMagic = [0x28, 0xb5, 0x2f, 0xfd] + bytes
        #expect(failure(withMagic, codec: .zstandard, count: 5000) != nil)
    }

    @Test(arguments: codecs, [false, true])
    func `every truncation is an error`(codec: Codec, usesDictionary: Bool) {
        let dictionary =
            usesDictionary && codec.hasDictionary ? CompressionDictionary.fhirJSON : nil
        let (bytes, _) = Compressor().compressed(prose(3000), with: codec, dictionary: dictionary)
        for count in 0..<bytes.count {
            let cut = Array(bytes[..<count])
            #expect(failure(cut, codec: codec, dictionary: dictionary, count: 3000) != nil)
        }
    }

    @Test(arguments: codecs, [false, true])
    func `every flipped bit gives an error or the declared number of bytes`(
        codec: Codec,
        usesDictionary: Bool
    ) {
        let dictionary =
            usesDictionary && codec.hasDictionary ? CompressionDictionary.fhirJSON : nil
        let (bytes, _) = Compressor().compressed(prose(2000), with: codec, dictionary: dictionary)
        for bit in 0..<(bytes.count * 8) {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            let back = try? decompressor.decompressed(
                flipped,
                codec: codec,
                dictionary: dictionary,
                count: 2000
            )
            #expect(back == nil || back?.count == 2000)
        }
    }

    @Test(arguments: codecs)
    func `noise is an error`(codec: Codec) {
        for seed in 0..<500 {
            let bytes = noise(seed % 60, seed: UInt64(seed))
            #expect(failure(bytes, codec: codec, count: 100_000) != nil)
        }
    }

    @Test(arguments: codecs)
    func `a failure leaves the output as it was and the decompressor fit for use`(
        codec: Codec
    ) throws {
        let (bytes, _) = Compressor().compressed(prose(5000), with: codec)
        var output: [UInt8] = [1, 2, 3]
        for count in [4999, 5001] {
            #expect(throws: CodecError.self) {
                try decompressor.decompress(
                    bytes.span,
                    codec: codec,
                    plainByteCount: count,
                    appendingTo: &output
                )
            }
            #expect(output == [1, 2, 3])
        }
        #expect(try decompressor.decompressed(bytes, codec: codec, count: 5000) == prose(5000))
    }

    @Test func `more stored bytes than declared or there are is an error`() {
        let rest = Compressor().compressed(prose(3_000), with: .zstandard).bytes
        let whole = [3, 7, 8, 9] + rest
        #expect(failure(whole, codec: .partlyStored, count: 3_003) == nil)
        #expect(
            failure([4] + whole, codec: .partlyStored, count: 3) == .malformed(.partlyStored)
        )
        for cut in [[], [3], [3, 7, 8], [3, 7, 8, 9], [0x80], [0xff, 0xff, 3, 1]] as [[UInt8]] {
            #expect(failure(cut, codec: .partlyStored, count: 3) == .malformed(.partlyStored))
        }
    }

    @Test func `another dictionary or none never gives the record`() throws {
        let plain = Array(#"{"resourceType":"Observation","status":"final"}"#.utf8)
        let (bytes, used) = Compressor().compressed(
            plain,
            with: .zstandard,
            dictionary: .fhirJSON
        )
        #expect(used == .zstandard)
        var other = CompressionDictionary.fhirJSON.bytes
        for index in (other.count / 2)..<other.count { other[index] ^= 0x20 }
        let foreign = try CompressionDictionary(number: 2, bytes: other)
        for dictionary in [nil, foreign] {
            let back = try? decompressor.decompressed(
                bytes,
                codec: used,
                dictionary: dictionary,
                count: plain.count
            )
            #expect(back != plain)
        }
    }

    @Test(arguments: [Codec.stored, .zlib])
    func `a dictionary is refused for codecs that have none`(codec: Codec) {
        #expect(
            failure([1], codec: codec, dictionary: .fhirJSON, count: 1) == .dictionaryUnused(codec)
        )
    }
}

@Suite struct `Dictionaries` {
    @Test func `bytes that are no dictionary are refused`() {
        let whole = CompressionDictionary.fhirJSON.bytes
        var damaged = whole
        for index in 8..<40 { damaged[index] = 0xff }
        for bytes in [[], [1, 2, 3], prose(5000), Array(whole[..<50]), damaged] {
            #expect(throws: CodecError.malformedDictionary) {
                try CompressionDictionary(number: 2, bytes: bytes)
            }
        }
    }
}
