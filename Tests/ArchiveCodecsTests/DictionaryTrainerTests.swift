import Foundation
import Support
import Testing

@testable import ArchiveCodecs

@Suite struct `A trained dictionary` {
    private func text(_ dictionary: [UInt8]) throws -> [UInt8] {
        Array(try CompressionDictionary(number: 256, bytes: dictionary).text)
    }

    private func samples(_ sample: PatientSample) -> [TrainingSample] {
        sample.records.map { TrainingSample(subject: $0.subject, bytes: $0.body) }
    }

    /// How many subjects' samples contain a string, found without any of the trainer's code.
    private func subjectCount(_ string: ArraySlice<UInt8>, _ samples: [TrainingSample]) -> Int {
        let wanted = Data(string)
        let subjects = samples.filter { Data($0.bytes).range(of: wanted) != nil }.map(\.subject)
        return Set(subjects).count
    }

    /// Phrases with made-up words between them, so that much is shared by about twenty subjects.
    private func randomSamples(seed: UInt64) -> [TrainingSample] {
        var random = SeededGenerator(seed: seed)
        let phrases = (0..<80).map { _ in
            (0..<Int.random(in: 10...60, using: &random)).map { _ in
                UInt8.random(in: 97...104, using: &random)
            }
        }
        return (0..<200).map { index in
            var bytes: [UInt8] = []
            for _ in 0..<12 {
                bytes += phrases[Int.random(in: 0..<phrases.count, using: &random)]
                let isOwn = Int.random(in: 0..<3, using: &random) == 0
                if isOwn { bytes += random.bytes(6).map { 97 + $0 % 26 } }
            }
            return TrainingSample(subject: "\(index % 50)", bytes: bytes)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `holds only strings that twenty subjects share`(seed: UInt64) throws {
        let samples = randomSamples(seed: seed)
        let dictionary = try #require(DictionaryTrainer().train(on: samples))
        let fragments = try text(dictionary).split(separator: 0)
        #expect(fragments.count > 20)
        for fragment in fragments { #expect(subjectCount(fragment, samples) >= 20) }
    }

    @Test func `holds no whole whose parts alone are common`() throws {
        // Every part is everybody's; their order is each one's own.
        var random = SeededGenerator(seed: 4)
        let parts: [[UInt8]] = (0..<26).map { _ in random.bytes(60).map { 97 + $0 % 26 } }
        let samples = (0..<60).map { subject in
            let order = parts.shuffled(using: &random)
            return TrainingSample(subject: "\(subject)", bytes: order.flatMap { $0 })
        }
        let dictionary = try #require(DictionaryTrainer().train(on: samples))
        for fragment in try text(dictionary).split(separator: 0) {
            #expect(subjectCount(fragment, samples) >= 20)
        }
    }

    @Test func `holds no name, number or date of a patient`() throws {
        let sample = try PatientSample()
        #expect(sample.secrets.count > 400)
        let dictionary = try #require(DictionaryTrainer().train(on: samples(sample)))
        #expect(sample.secrets(in: try text(dictionary)) == [])
        #expect(sample.secrets(in: dictionary) == [])
        // The scan finds what is there.
        var all: [UInt8] = []
        for record in sample.records { all += record.body + [10] }
        #expect(sample.secrets(in: all).count == sample.secrets.count)
    }

    @Test func `makes records of others smaller`() throws {
        let sample = samples(try PatientSample())
        let bytes = try #require(DictionaryTrainer().train(on: Array(sample.dropLast(40))))
        let dictionary = try CompressionDictionary(number: 256, bytes: bytes)
        let others = sample.suffix(40).map(\.bytes)
        let size = { (dictionary: CompressionDictionary?) in
            others.reduce(0) {
                $0
                    + Compressor().compressed(Array($1), with: .zstandard, dictionary: dictionary)
                    .bytes
                    .count
            }
        }
        #expect(size(dictionary) * 3 < size(nil) * 2)
    }

    @Test func `never holds a whole date or a long number, whoever shares them`() throws {
        let filler = String(repeating: "everybody has this text in common; ", count: 40)
        let shared = "\(filler) born 1985-03-12 at ten, phone 0123456789, code 123456789 and on"
        let samples = (0..<40).map {
            TrainingSample(subject: "\($0)", bytes: Array("\(shared) \($0) \(shared)".utf8))
        }
        let dictionary = try #require(DictionaryTrainer().train(on: samples))
        let text = String(decoding: try text(dictionary), as: UTF8.self)
        #expect(text.contains("code 123456789 and on"))
        #expect(text.contains("born 1985-03"))
        #expect(!text.contains("1985-03-12"))
        #expect(!text.contains("0123456789"))
    }

    @Test func `is not made of nineteen subjects, of bytes without text or of nothing`() {
        let body = Array(
            String(repeating: "the same in all of them, again and again ", count: 60).utf8
        )
        let varied = { (number: Int) in body + Array("\(number)".utf8) + body.reversed() }
        let trainer = DictionaryTrainer()
        let nineteen = (0..<190).map {
            TrainingSample(subject: "\($0 % 19)", bytes: varied($0))
        }
        #expect(trainer.train(on: nineteen) == nil)
        let twenty = nineteen + [TrainingSample(subject: "one more", bytes: varied(5))]
        #expect(trainer.train(on: twenty) != nil)
        #expect(
            trainer.train(on: twenty.map { .init(subject: $0.subject, bytes: [0] + $0.bytes) })
                == nil
        )
        #expect(trainer.train(on: []) == nil)
        // Records of nobody count one each.
        #expect(trainer.train(on: nineteen.map { .init(subject: nil, bytes: $0.bytes) }) != nil)
    }

    @Test func `adds to the text of the one it is trained upon`() throws {
        let base = CompressionDictionary.fhirJSON
        let trained = DictionaryTrainer(base: base).train(on: randomSamples(seed: 5))
        let text = try text(try #require(trained))
        #expect(text.starts(with: base.text))
        #expect(text.count >= base.text.count + 1_024)
        // What the base has already is not worth adding.
        let known = samples(try PatientSample())
        let isNothingNew = DictionaryTrainer(base: base).train(on: known) == nil
        #expect(isNothingNew)
    }

    @Test func `is not taken if it saves less than what is used now`() throws {
        let sample = samples(try PatientSample())
        let trial = { (current: CompressionDictionary?) in
            DictionaryTrial(sample, base: nil, current: current, packByteCount: 8_192, level: 3)
                .run()
        }
        let first = trial(nil)
        let bytes = try #require(first.dictionary)
        let second = trial(try CompressionDictionary(number: 256, bytes: bytes))
        #expect(second.dictionary == nil)
        // The same samples, compressed with what the first trial made.
        #expect(second.yardstick.byteCount == first.yardstick.byteCount)
    }

    /// A training costs some fifty times as much as looking whether there is anything to train for.
    @Test func `is not trained for again until records compress worse or are of more subjects`()
        throws
    {
        let sample = samples(try PatientSample())
        let trial = { (last: DictionaryTrial.Yardstick?) in
            DictionaryTrial(
                sample,
                base: nil,
                current: nil,
                packByteCount: 8_192,
                level: 3,
                last: last
            )
            .run()
        }
        let first = trial(nil)
        #expect(first.dictionary != nil)
        let reached = first.yardstick
        // With a dictionary they were much smaller than now, without.
        #expect(trial(reached).dictionary == first.dictionary)
        let asNow = DictionaryTrial.Yardstick(
            plainByteCount: reached.plainByteCount,
            byteCount: 3 * reached.byteCount,
            subjectCount: reached.subjectCount
        )
        let passed = trial(asNow)
        #expect(passed.dictionary == nil)
        // What was not trained for does not lower the bar.
        #expect(passed.yardstick.byteCount == asNow.byteCount)
        let ofFewer = DictionaryTrial.Yardstick(
            plainByteCount: reached.plainByteCount,
            byteCount: 3 * reached.byteCount,
            subjectCount: reached.subjectCount / 3
        )
        #expect(trial(ofFewer).dictionary == first.dictionary)
    }
}

@Suite struct `A sample of records` {
    @Test func `stays below its limit and has of what came early and late`() {
        var reservoir = TrainingReservoir(seed: 1)
        for number in 0..<10_000 {
            let body = [UInt8](repeating: UInt8(number / 2_500), count: 100)
            reservoir.offer(subject: "\(number)", body.span, limit: 50_000)
        }
        #expect(reservoir.seenByteCount == 1_000_000)
        #expect(reservoir.samples.count <= 500)
        for quarter in 0..<4 as Range<UInt8> {
            let count = reservoir.samples.count { $0.bytes.first == quarter }
            #expect((80...170).contains(count))
        }
        reservoir.shrink(to: 1_000)
        #expect(reservoir.samples.count == 10)
    }

    /// Their bytes move together as samples are let go of.
    @Test func `has each record whole and with its subject`() {
        var reservoir = TrainingReservoir(seed: 7)
        for number in 0..<3_000 {
            let body = [UInt8](repeating: UInt8(number % 251), count: 24 + number % 900)
            reservoir.offer(subject: "\(number)", body.span, limit: 20_000)
        }
        #expect(reservoir.samples.count > 20)
        #expect(reservoir.samples.reduce(0) { $0 + $1.bytes.count } <= 20_000)
        for sample in reservoir.samples {
            let number = sample.subject.flatMap { Int($0) } ?? -1
            let body = [UInt8](repeating: UInt8(max(number, 0) % 251), count: 24 + number % 900)
            #expect(Array(sample.bytes) == body)
        }
    }

    /// A training holds them on another thread.
    @Test func `lends samples that stay as they are while it takes more`() {
        var reservoir = TrainingReservoir(seed: 3)
        func take(_ numbers: Range<Int>) {
            for number in numbers {
                let body = [UInt8](repeating: UInt8(number % 251), count: 24 + number % 100)
                reservoir.offer(subject: "\(number)", body.span, limit: 10_000)
            }
        }
        take(0..<500)
        let samples = reservoir.samples
        let before = samples.map { Array($0.bytes) }
        take(500..<2_000)
        #expect(samples.map { Array($0.bytes) } == before)
        #expect(reservoir.samples.map { Array($0.bytes) } != before)
    }

    @Test func `knows long records by their beginning and passes over short ones`() {
        var reservoir = TrainingReservoir(seed: 1)
        for body in [[UInt8](repeating: 1, count: 1 << 20), [1, 2, 3]] {
            reservoir.offer(subject: "a", body.span, limit: 1 << 20)
        }
        #expect(reservoir.samples.map(\.bytes.count) == [TrainingReservoir.sampleByteCount])
    }
}

extension TrainingReservoir {
    /// A record that goes by.
    fileprivate mutating func offer(subject: String?, _ body: Span<UInt8>, limit: Int) {
        if wants(body.count, limit: limit) { take(subject: subject, body, limit: limit) }
    }
}
