import ArchiveBytes
import CCodecs

/// Trains a dictionary that holds nobody's data: only strings that many subjects share.
///
/// Every string of the dictionary's text, of any length, up to the zero bytes that part it, stands
/// letter for letter in the samples of at least as many subjects as asked for, and of a share of all
/// of them. A string across a zero byte stands in no sample at all, as no sample with one is taken.
/// Whole dates and long numbers are cut whoever shares them. The entropy tables in front of the text
/// count single bytes over all samples and hold no strings.
package struct DictionaryTrainer {
    /// Subjects that must have a string before it may be in a dictionary.
    package static let leastSubjectCount = 20
    /// One in so many subjects must have it as well: what fewer have is not worth the room.
    package static let subjectShare = 32
    /// More subjects in one training are not told apart.
    package static let subjectLimit = 32_768
    private static let headerRoom = 2 << 10

    private let byteCount: Int
    private let level: Int
    private let base: ArraySlice<UInt8>

    /// Trains dictionaries that add at most `byteCount` bytes to the text of `base`, for a level.
    package init(
        byteCount: Int = 64 << 10,
        level: Int = Compressor.defaultLevel,
        base: CompressionDictionary? = nil
    ) {
        self.byteCount = byteCount
        self.level = level
        self.base = base?.text ?? []
    }

    /// How many subjects must share what is trained on samples of so many.
    package static func neededSubjectCount(of count: Int) -> Int {
        max(leastSubjectCount, count / subjectShare)
    }

    /// Trains on `samples` and answers a dictionary of RFC 8878 §5; nil if too little is common to enough
    /// subjects.
    ///
    /// Samples with a zero byte are passed over. Costs about 80 ms and 5 MiB of memory for each MiB.
    package func train(on samples: [TrainingSample]) -> [UInt8]? {
        let text = TrainingText(samples.filter { !$0.bytes.span.contains(byte: 0) })
        let needed = Self.neededSubjectCount(of: text.subjects.count)
        guard text.subjects.count >= needed, text.subjects.count <= Self.subjectLimit else {
            return nil
        }
        let content = content(of: text, needed)
        guard content.count >= 1 << 10, Self.isAnonymous(content, text, needed) else { return nil }
        return finish(base + [0] + content, text)
    }

    private func content(of text: TrainingText, _ needed: Int) -> [UInt8] {
        let proof = FragmentProof(text: text, subjectCount: needed)
        var chooser = FragmentChooser(text, subjectCount: needed, known: base)
        var candidates = chooser.choose(byteCount: byteCount + byteCount / 4)
        var proved: [(order: Int, bytes: [UInt8])] = []
        var orders = Array(candidates.indices)
        // What enough subjects share of a fragment is kept, and the rest tried by itself.
        for _ in 0..<4 where !candidates.isEmpty {
            var rests: [[UInt8]] = []
            var restOrders: [Int] = []
            for (index, count) in proof.provedCounts(candidates).enumerated() {
                let fragment = candidates[index]
                if count >= FragmentChooser.shortest {
                    proved.append((orders[index], Array(fragment[..<count])))
                }
                let rest = fragment[max(count, 1)...]
                guard rest.count >= FragmentChooser.shortest else { continue }
                rests.append(Array(rest))
                restOrders.append(orders[index])
            }
            candidates = rests
            orders = restOrders
        }
        return Self.joined(proved.sorted { $0.order < $1.order }.map(\.bytes), upTo: byteCount)
    }

    /// The best fragments, each once, the best last: what is near costs least to refer to.
    private static func joined(_ fragments: [[UInt8]], upTo room: Int) -> [UInt8] {
        var known: Set<[UInt8]> = []
        var kept: [[UInt8]] = []
        var count = 0
        for fragment in fragments where known.insert(fragment).inserted {
            guard count + fragment.count + 1 <= room else { continue }
            count += fragment.count + 1
            kept.append(fragment)
        }
        return Array(kept.reversed().joined(separator: [0]))
    }

    /// The last word on a dictionary's text, by itself: each string up to a zero byte, as a whole, must
    /// have enough subjects.
    static func isAnonymous(_ content: [UInt8], _ text: TrainingText, _ needed: Int) -> Bool {
        let strings = content.split(separator: 0).map(Array.init)
        let proved = FragmentProof(text: text, subjectCount: needed).provedCounts(strings)
        return zip(strings, proved).allSatisfy { $0.count == $1 }
    }

    /// Puts the entropy tables in front of the text.
    private func finish(_ content: ArraySlice<UInt8>, _ text: TrainingText) -> [UInt8]? {
        let room = content.count + Self.headerRoom
        var output = [UInt8](repeating: 0, count: room)
        let count = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe content.withUnsafeBufferPointer { content in
                unsafe text.bytes.withUnsafeBufferPointer { samples in
                    unsafe text.sampleByteCounts.withUnsafeBufferPointer { sizes in
                        guard let output = output.baseAddress, let from = content.baseAddress,
                            let samples = samples.baseAddress, let first = sizes.baseAddress
                        else { return -1 }
                        return unsafe first.withMemoryRebound(to: UInt.self, capacity: sizes.count)
                        {
                            unsafe cc_zstd_finish_dictionary(
                                Int32(level),
                                content.count,
                                from,
                                sizes.count,
                                $0,
                                samples,
                                room,
                                output
                            )
                        }
                    }
                }
            }
        }
        guard count > 0 else { return nil }
        output.removeLast(output.count - count)
        return output
    }
}
