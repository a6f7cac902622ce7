import ArchiveCodecs
import CMachine
import Strongroom

/// What packs of a corpus compress to, and how fast, by their size, the level and the dictionary.
///
/// The first half of the subjects is what the archive's own dictionary is trained on; the packs are of the
/// others, each of one subject. The time is the processor's, of compression alone, on one thread.
enum Compressing {
    private static let packSizes = [1, 4 << 10, 8 << 10, 16 << 10, 64 << 10]
    private static let levels = [1, 3, 6, 9]
    private static let trainedByteCount = 8 << 20
    private static let triedByteCount = 16 << 20

    static func run(_ corpusPath: String, isFHIR: Bool) throws {
        let subjects = try subjects(corpusPath)
        let (known, tried) = (subjects[..<(subjects.count / 2)], subjects[(subjects.count / 2)...])
        let base: CompressionDictionary? = isFHIR ? .fhirJSON : nil
        let own = try train(known, upon: base)
        let dictionaries = [("none", nil), ("built-in", base), ("own", own)]
            .filter { $0.1 != nil || $0.0 == "none" }
        for size in packSizes {
            let packs = packs(of: tried, size)
            for level in levels {
                for (name, dictionary) in dictionaries {
                    let (ratio, rate) = measure(packs, level: level, dictionary)
                    figure("codec.\(size).\(level).\(name).ratio", ratio)
                    figure("codec.\(size).\(level).\(name).mb_per_s", rate)
                }
            }
        }
    }

    /// Records by their subjects, in the order of the corpus.
    private static func subjects(_ path: String) throws -> [(name: String, bodies: [[UInt8]])] {
        var corpus = try Corpus(path)
        var found: [(name: String, bodies: [[UInt8]])] = []
        while true {
            let records = try corpus.next(Inserting.batchCount)
            guard !records.isEmpty else { return found }
            for record in records {
                if found.last?.name != record.subject { found.append((record.subject, [])) }
                found[found.count - 1].bodies.append(record.body)
            }
        }
    }

    private static func train(
        _ subjects: ArraySlice<(name: String, bodies: [[UInt8]])>,
        upon base: CompressionDictionary?
    ) throws -> CompressionDictionary? {
        var samples: [TrainingSample] = []
        var byteCount = 0
        for subject in subjects {
            for body in subject.bodies where byteCount < trainedByteCount {
                samples.append(TrainingSample(subject: subject.name, bytes: body))
                byteCount += body.count
            }
        }
        guard let bytes = DictionaryTrainer(base: base).train(on: samples) else { return nil }
        figure("codec.trained.kib", Double(bytes.count) / 1_024)
        return try CompressionDictionary(number: .max, bytes: bytes)
    }

    private static func packs(
        of subjects: ArraySlice<(name: String, bodies: [[UInt8]])>,
        _ size: Int
    ) -> [[UInt8]] {
        var packs: [[UInt8]] = []
        var byteCount = 0
        for subject in subjects where byteCount < triedByteCount {
            var pack: [UInt8] = []
            for body in subject.bodies {
                if !pack.isEmpty, pack.count + body.count > size {
                    packs.append(pack)
                    pack = []
                }
                pack += body
                byteCount += body.count
            }
            packs.append(pack)
        }
        return packs
    }

    /// Plain by compressed bytes, and plain megabytes for a second of the processor, the best of five.
    private static func measure(
        _ packs: [[UInt8]],
        level: Int,
        _ dictionary: CompressionDictionary?
    ) -> (ratio: Double, rate: Double) {
        let compressor = Compressor(level: level)
        let plain = packs.reduce(0) { $0 + $1.count }
        var (best, packed) = (UInt64.max, 0)
        for _ in 0..<5 {
            let start = cm_processor_now()
            packed = compressor.byteCount(of: packs, dictionary: dictionary)
            best = min(best, cm_processor_now() - start)
        }
        return (Double(plain) / Double(packed), Double(plain) * 1e3 / Double(best))
    }
}
