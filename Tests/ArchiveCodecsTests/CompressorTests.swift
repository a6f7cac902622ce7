import ArchiveCodecs
import Testing

@Suite struct `Compressing and decompressing` {
    private static let sizes =
        Array(0...70) + [255, 256, 1023, 1024, 4095, 4096, 4097, 16_383, 16_384, 65_535, 65_536]
        + Array(stride(from: 100, through: 70_000, by: 4321))

    @Test(arguments: Codec.allCases, [false, true])
    func `every size comes back as it was`(codec: Codec, usesDictionary: Bool) throws {
        let dictionary =
            usesDictionary && codec.hasDictionary ? CompressionDictionary.fhirJSON : nil
        let compressor = Compressor()
        let decompressor = Decompressor()
        for size in Self.sizes {
            for plain in [prose(size), noise(size), [UInt8](repeating: 7, count: size)] {
                let (bytes, used) = compressor.compressed(
                    plain,
                    with: codec,
                    dictionary: dictionary
                )
                let back = try decompressor.decompressed(
                    bytes,
                    codec: used,
                    dictionary: used == .stored ? nil : dictionary,
                    count: size
                )
                #expect(back == plain)
            }
        }
    }

    /// A record that did not get shorter left the context in the middle of it.
    ///
    /// It then took no other dictionary, and what wanted one was stored.
    @Test func `a message that does not get shorter does not spoil the next one's dictionary`() {
        let compressor = Compressor()
        for dictionary in [CompressionDictionary.fhirJSON, nil, .fhirJSON] {
            #expect(compressor.compressed(noise(500), with: .zstandard).codec == .stored)
            let next = compressor.compressed(prose(500), with: .zstandard, dictionary: dictionary)
            #expect(next.codec == .zstandard)
        }
    }

    @Test(arguments: Codec.allCases)
    func `output is appended behind what is there`(codec: Codec) throws {
        let plain = prose(5000)
        var bytes: [UInt8] = [1, 2, 3]
        let used = Compressor().compress(plain.span, with: codec, appendingTo: &bytes)
        #expect(Array(bytes[..<3]) == [1, 2, 3])
        var back: [UInt8] = [9]
        let body = Array(bytes[3...])
        try Decompressor().decompress(
            body.span,
            codec: used,
            plainByteCount: plain.count,
            appendingTo: &back
        )
        #expect(back == [9] + plain)
    }

    @Test(arguments: Codec.allCases, [1, 15, 1000, 100_000])
    func `what does not get shorter is stored`(codec: Codec, size: Int) {
        let plain = noise(size)
        let (bytes, used) = Compressor().compressed(plain, with: codec)
        #expect(used == .stored)
        #expect(bytes == plain)
    }

    @Test(arguments: [Codec.zlib, .zstandard])
    func `less than a sixteenth saved is not worth it`(codec: Codec) {
        // One part in 32 can be saved, then one in 8.
        let little = noise(31_000) + [UInt8](repeating: 0, count: 1000)
        let enough = noise(28_000) + [UInt8](repeating: 0, count: 4000)
        #expect(Compressor().compressed(little, with: codec).codec == .stored)
        let (bytes, used) = Compressor().compressed(enough, with: codec)
        #expect(used == codec)
        #expect(bytes.count <= enough.count - enough.count / 16)
    }

    @Test(arguments: [0, 1, 127, 128, 3_000])
    func `what no compressor shortens stands as it is in front of the rest`(_ count: Int) throws {
        let compressor = Compressor()
        let (head, rest) = (noise(count), prose(3_000))
        var plain: [UInt8] = []
        let used = compressor.compress(
            (head + rest).span,
            with: .partlyStored,
            storing: count,
            dictionary: .fhirJSON,
            appendingTo: &plain
        )
        #expect(used == .partlyStored)
        let expected = compressor.compressed(rest, with: .zstandard, dictionary: .fhirJSON).bytes
        #expect(Array(plain.suffix(count + expected.count)) == head + expected)
        #expect(plain.count - count - expected.count == (count < 128 ? 1 : 2))
        let back = try Decompressor().decompressed(
            plain,
            codec: used,
            dictionary: .fhirJSON,
            count: count + 3_000
        )
        #expect(back == head + rest)
        // Where the rest is not worth it either, nothing tells the two apart.
        var stored: [UInt8] = [5]
        let noise = noise(count + 500)
        let other = compressor.compress(
            noise.span,
            with: .partlyStored,
            storing: count,
            appendingTo: &stored
        )
        #expect(other == .stored && stored == [5] + noise)
    }

    @Test func `one compressor takes messages with and without dictionary in turn`() throws {
        let compressor = Compressor()
        let decompressor = Decompressor()
        for turn in 0..<20 {
            let plain = prose(900 + turn, seed: UInt64(turn))
            let dictionary = turn.isMultiple(of: 2) ? CompressionDictionary.fhirJSON : nil
            let codec: Codec = turn.isMultiple(of: 5) && dictionary == nil ? .zlib : .zstandard
            let (bytes, used) = compressor.compressed(plain, with: codec, dictionary: dictionary)
            #expect(used == codec)
            let back = try decompressor.decompressed(
                bytes,
                codec: used,
                dictionary: dictionary,
                count: plain.count
            )
            #expect(back == plain)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 8, 9, 15, 16, 19])
    func `each level has its own digest of a dictionary`(level: Int) throws {
        let plain = prose(3000)
        let (bytes, used) = Compressor(level: level).compressed(
            plain,
            with: .zstandard,
            dictionary: .fhirJSON
        )
        #expect(used == .zstandard)
        let back = try Decompressor().decompressed(
            bytes,
            codec: used,
            dictionary: .fhirJSON,
            count: plain.count
        )
        #expect(back == plain)
    }

    @Test func `a level that does not exist stops the program`() async {
        await #expect(processExitsWith: .failure) { _ = Compressor(level: 0) }
    }

    @Test func `a Zstandard frame spends two bytes on its header`() {
        let (bytes, _) = Compressor().compressed(prose(4000), with: .zstandard)
        // No checksum, no dictionary number, no content size, not a single segment.
        #expect(bytes[0] == 0)
    }

    @Test func `many compressors share one dictionary`() async throws {
        let same = await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    let compressor = Compressor(level: 1 + worker % 4)
                    let decompressor = Decompressor()
                    for turn in 0..<50 {
                        let plain = prose(700 + turn, seed: UInt64(worker * 100 + turn))
                        let (bytes, used) = compressor.compressed(
                            plain,
                            with: .zstandard,
                            dictionary: .fhirJSON
                        )
                        let back = try? decompressor.decompressed(
                            bytes,
                            codec: used,
                            dictionary: .fhirJSON,
                            count: plain.count
                        )
                        if back != plain { return false }
                    }
                    return true
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(same)
    }
}
