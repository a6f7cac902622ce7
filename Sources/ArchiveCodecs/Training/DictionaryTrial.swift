import ArchiveBytes

/// Trains a dictionary and tries it on samples that it was not trained on, against what is used now.
package struct DictionaryTrial: Sendable {
    /// One sample in so many is kept back to try on.
    private static let heldBack = 8
    /// A dictionary is changed only for this saving, in percent.
    private static let leastSaving = 5

    private let samples: [TrainingSample]
    private let base: CompressionDictionary?
    private let current: CompressionDictionary?
    private let packByteCount: Int
    private let level: Int

    /// Trains upon `base`; what comes of it must beat `current` in packs of `packByteCount` bytes.
    package init(
        _ samples: [TrainingSample],
        base: CompressionDictionary?,
        current: CompressionDictionary?,
        packByteCount: Int,
        level: Int
    ) {
        self.samples = samples
        self.base = base
        self.current = current
        self.packByteCount = packByteCount
        self.level = level
    }

    /// A dictionary worth using, or nil; costs about 100 ms for each MiB of samples.
    package func run() -> [UInt8]? {
        var trained: [TrainingSample] = []
        var tried: [TrainingSample] = []
        for (index, sample) in samples.enumerated() {
            if index.isMultiple(of: Self.heldBack) {
                tried.append(sample)
            } else {
                trained.append(sample)
            }
        }
        let trainer = DictionaryTrainer(level: level, base: base)
        guard let bytes = trainer.train(on: trained),
            let dictionary = try? CompressionDictionary(number: .max, bytes: bytes)
        else { return nil }
        let packs = packs(of: tried)
        let (now, then) = (byteCount(of: packs, current), byteCount(of: packs, dictionary))
        return then * 100 <= now * (100 - Self.leastSaving) ? bytes : nil
    }

    /// The samples as the engine would pack them: each subject's together.
    private func packs(of samples: [TrainingSample]) -> [[UInt8]] {
        var packs: [[UInt8]] = []
        var open: [String: Int] = [:]
        for sample in samples {
            if let subject = sample.subject, let index = open[subject],
                packs[index].count + sample.bytes.count <= packByteCount
            {
                packs[index].append(contentsOf: sample.bytes)
                continue
            }
            if let subject = sample.subject { open[subject] = packs.count }
            packs.append(Array(sample.bytes))
        }
        return packs
    }

    private func byteCount(of packs: [[UInt8]], _ dictionary: CompressionDictionary?) -> Int {
        let compressor = Compressor(level: level)
        var output: [UInt8] = []
        var total = 0
        for pack in packs {
            output.removeAll(keepingCapacity: true)
            _ = compressor.compress(
                pack.span,
                with: .zstandard,
                dictionary: dictionary,
                appendingTo: &output
            )
            total += output.count
        }
        return total
    }
}
