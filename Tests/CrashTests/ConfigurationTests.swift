import Strongroom
import Support
import Testing

/// The same work brings the same answers, however large pages, packs, segments and caches are, and on
/// however many threads it is done.
@Suite struct `An archive's configuration` {
    private static let configurations:
        [(name: String, change: @Sendable (inout ArchiveConfiguration) -> Void)] =
            [
                ("as small as can be", { _ in }),
                ("large pages", { $0.pageByteCount = 16_384 }),
                ("large segments", { $0.segmentByteCount = 64 << 20 }),
                ("large packs", { $0.packByteCount = 256 << 10 }),
                ("three threads", { $0.threadCount = 3 }),
                ("no cache", { $0.cacheByteCount = 0 }),
                ("a checkpoint for every commit", { $0.checkpointByteCount = 1 }),
                ("no dictionaries", { $0.dictionaries = .none }),
                ("strong compression", { $0.compressionLevel = 12 }),
            ]

    /// Everything that can be asked of an archive, in the order in which it answers.
    private struct Answers: Equatable {
        var bodies: [String: [UInt8]] = [:]
        var listed: [String] = []
        var versions: [String] = []
        var ofSubjects: [String] = []
    }

    @Test(arguments: [3, 44] as [UInt64])
    func `changes no answer`(seed: UInt64) throws {
        let steps = Self.steps(seed)
        var first: Answers?
        for (name, change) in Self.configurations {
            var configuration = Life.configuration
            change(&configuration)
            let machine = try Life.machine(configuration)
            let life = try Life(on: machine, configuration)
            for step in steps { try life.perform(step) }
            let answers = try Self.answers(try #require(life.engine))
            try life.end()
            #expect(answers.listed.count > 4)
            if let first { #expect(answers == first, "seed \(seed), \(name)") }
            first = first ?? answers
        }
    }

    /// Work and stops, and nothing that fails: what fails may fail elsewhere with other sizes.
    private static func steps(_ seed: UInt64) -> [LifeStep] {
        var generator = SeededGenerator(seed: seed)
        var steps: [LifeStep] = []
        while steps.count < 40 {
            let step = LifeStep.random(&generator)
            switch step {
            case .put, .batch, .largePut, .delete, .checkpoint, .seal, .snapshot, .reopen, .kill,
                .rebuild:
                steps.append(step)
            default: break
            }
        }
        return steps
    }

    private static func answers(_ engine: Engine) throws -> Answers {
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var answers = Answers()
        var query = RecordQuery()
        query.collection = nil
        try view.forEach(query) { record in
            answers.bodies[record.collection + "/" + record.name] = try view.body(of: record)
            answers.listed.append(Self.line(record))
            for version in try view.versions(of: record.name, in: record.collection) {
                answers.versions.append(Self.line(version))
            }
            return true
        }
        for number in 1...2 {
            query.subject = "\(WriteLedger.canary)-\(number)"
            try view.forEach(query) { record in
                answers.ofSubjects.append(Self.line(record))
                return true
            }
        }
        return answers
    }

    private static func line(_ record: Record) -> String {
        "\(record.collection)/\(record.name) \(record.subject ?? "")"
    }
}
