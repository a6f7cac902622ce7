import ArchiveBytes

/// Trains a dictionary and tries it on samples that it was not trained on, against what is used now.
package struct DictionaryTrial: Sendable {
    /// One sample in so many is kept back to try on.
    private static let heldBack = 8
    /// A dictionary is changed only for this saving, in percent.
    private static let leastSaving = 5

    /// How well a trial's samples were compressed with what was used from then on, and whose they were.
    package struct Yardstick: Sendable {
        package let plainByteCount: Int
        package let byteCount: Int
        package let subjectCount: Int

        /// Whether samples are compressed as well, and are of hardly more subjects: of them the last
        /// training saw enough.
        func stillHolds(for now: Yardstick) -> Bool {
            now.subjectCount <= 2 * subjectCount
                && now.byteCount * plainByteCount * (100 - DictionaryTrial.leastSaving)
                    <= byteCount * now.plainByteCount * 100
        }
    }

    /// What came of a trial.
    package struct Outcome: Sendable {
        /// A dictionary worth using.
        package let dictionary: [UInt8]?
        /// What the next trial of the kind measures its samples by.
        package let yardstick: Yardstick
    }

    private let samples: [TrainingSample]
    private let base: CompressionDictionary?
    private let current: CompressionDictionary?
    private let packByteCount: Int
    private let level: Int
    private let last: Yardstick?

    /// Trains upon `base`; what comes of it must beat `current` in packs of `packByteCount` bytes.
    ///
    /// Does not even train where the yardstick of the `last` trial holds.
    package init(
        _ samples: [TrainingSample],
        base: CompressionDictionary?,
        current: CompressionDictionary?,
        packByteCount: Int,
        level: Int,
        last: Yardstick? = nil
    ) {
        self.samples = samples
        self.base = base
        self.current = current
        self.packByteCount = packByteCount
        self.level = level
        self.last = last
    }

    /// Costs about 80 ms for each MiB of samples, or 1 where nothing is trained.
    package func run() -> Outcome {
        var trained: [TrainingSample] = []
        var tried: [TrainingSample] = []
        for (index, sample) in samples.enumerated() {
            if index.isMultiple(of: Self.heldBack) {
                tried.append(sample)
            } else {
                trained.append(sample)
            }
        }
        let packs = packs(of: tried)
        let now = yardstick(packs, current)
        if let last, last.stillHolds(for: now) { return Outcome(dictionary: nil, yardstick: last) }
        guard let bytes = DictionaryTrainer(level: level, base: base).train(on: trained),
            let dictionary = try? CompressionDictionary(number: .max, bytes: bytes)
        else { return Outcome(dictionary: nil, yardstick: now) }
        let then = yardstick(packs, dictionary)
        let isBetter = then.byteCount * 100 <= now.byteCount * (100 - Self.leastSaving)
        return Outcome(dictionary: isBetter ? bytes : nil, yardstick: isBetter ? then : now)
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

    private func yardstick(
        _ packs: [[UInt8]],
        _ dictionary: CompressionDictionary?
    ) -> Yardstick {
        Yardstick(
            plainByteCount: packs.reduce(0) { $0 + $1.count },
            byteCount: Compressor(level: level).byteCount(of: packs, dictionary: dictionary),
            subjectCount: Set(samples.compactMap(\.subject)).count
                + samples.count { $0.subject == nil }
        )
    }
}
