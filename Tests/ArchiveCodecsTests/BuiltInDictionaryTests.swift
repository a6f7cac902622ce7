import ArchiveCodecs
import ArchiveFileIO
import SystemPackage
import Testing

/// The generated records of two patients, whose seed no dictionary has seen.
private struct Sample {
    let records: [[UInt8]]

    init() throws {
        let path = FilePath(#filePath).removingLastComponent().appending("Samples/fhir.ndjson")
        let bytes = try PosixFileSystem().readAll(path, limit: 1 << 20)
        records = bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    /// The records of each patient back to back, up to `byteCount` bytes together.
    func packs(of byteCount: Int) -> [[UInt8]] {
        let patients = Dictionary(grouping: records) { Self.patient(of: $0) }
        var packs: [[UInt8]] = []
        for records in patients.sorted(by: { $0.key < $1.key }).map(\.value) {
            var pack: [UInt8] = []
            for record in records {
                if !pack.isEmpty && pack.count + record.count > byteCount {
                    packs.append(pack)
                    pack = []
                }
                pack += record
            }
            packs.append(pack)
        }
        return packs
    }

    private static func patient(of record: [UInt8]) -> String {
        let text = String(decoding: record, as: UTF8.self)
        let mark = text.hasPrefix(#"{"resourceType":"Patient""#) ? #""id":""# : #""Patient/"#
        return text.firstRange(of: mark).map { String(text[$0.upperBound...].prefix(36)) } ?? ""
    }
}

@Suite struct `The built-in dictionary` {
    /// What `zstd -3` reaches on whole files of 15 MB of such records.
    private static let wholeFileRatio = 11.59

    private func ratio(
        _ packs: [[UInt8]],
        level: Int = Compressor.defaultLevel,
        dictionary: CompressionDictionary?
    ) -> Double {
        let compressor = Compressor(level: level)
        var output: [UInt8] = []
        for pack in packs {
            _ = compressor.compress(
                pack.span,
                with: .zstandard,
                dictionary: dictionary,
                appendingTo: &output
            )
        }
        return Double(packs.map(\.count).reduce(0, +)) / Double(output.count)
    }

    @Test func `is the one that archives were written with`() {
        let dictionary = CompressionDictionary.fhirJSON
        #expect(dictionary.number == 1)
        #expect(dictionary.bytes.count == 114_688)
        // FNV-1a of 64 bits: enough against a mistake, and without a library.
        let sum = dictionary.bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
        }
        #expect(sum == 0x441b_9b10_a44a_cab0)
    }

    @Test func `brings packs of 16 KiB to 85 percent of whole files`() throws {
        let packs = try Sample().packs(of: 16 << 10)
        #expect(packs.count > 5)
        #expect(ratio(packs, dictionary: .fhirJSON) >= 0.85 * Self.wholeFileRatio)
        #expect(ratio(packs, dictionary: nil) < 0.5 * Self.wholeFileRatio)
    }

    @Test func `brings packs of 4 KiB to 70 percent and single records to half`() throws {
        let sample = try Sample()
        let packs = sample.packs(of: 4 << 10)
        #expect(ratio(packs, dictionary: .fhirJSON) >= 0.70 * Self.wholeFileRatio)
        #expect(ratio(sample.records, dictionary: .fhirJSON) >= 0.50 * Self.wholeFileRatio)
    }

    /// Zstandard's own level 6 takes more space with this dictionary than its level 3.
    @Test(arguments: [8 << 10, 64 << 10])
    func `takes less space at a higher level`(_ byteCount: Int) throws {
        let packs = try Sample().packs(of: byteCount)
        let ratios = [3, 6, 9].map { ratio(packs, level: $0, dictionary: .fhirJSON) }
        #expect(ratios == ratios.sorted())
        #expect(ratios[1] >= 1.04 * ratios[0])
        #expect(ratios[2] >= 1.07 * ratios[0])
    }
}
