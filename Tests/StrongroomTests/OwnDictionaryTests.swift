import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Support
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `An archive's own dictionary` {
    @Test func `is in every segment whose frames name it, before them`() throws {
        let archive = try DictionaryArchive.make()
        #expect(archive.segments.count == 3)
        var numbers: Set<UInt16> = []
        for segment in archive.segments {
            var held: Set<UInt16> = []
            var named = 0
            for (_, header) in try archive.frames(segment) {
                if header.kind == .dictionary {
                    held.insert(header.dictionary)
                    #expect(header.dictionary >= DictionaryPlaintext.firstOwnNumber)
                } else if header.dictionary > 0 {
                    #expect(held.contains(header.dictionary), "\(segment)")
                    named += 1
                }
            }
            #expect(held.count == 1 && named > 40)
            numbers.formUnion(held)
        }
        #expect(numbers.count == 1)
        #expect(try archive.read().bodies == archive.bodies)
    }

    @Test func `holds nothing of a patient`() throws {
        let archive = try DictionaryArchive.make()
        let sample = try PatientSample()
        let engine = try Engine.openForReading(try archive.address(archive.files))
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        let name = SystemRecords.dictionaryPrefix + DictionaryArchive.mediaType
        let found = try view.recordWithBody(named: name, in: SystemRecords.collection)
        let dictionary = try #require(found).body
        #expect(dictionary.count > 2_000)
        #expect(sample.secrets(in: dictionary) == [])
        // Nobody's key is needed to open it: it is the archive's, and stays when a person goes.
        #expect(found?.record.subject == nil)
    }

    @Test func `survives a rebuilt index and passes verification with and without keys`() throws {
        let archive = try DictionaryArchive.make()
        let before = try archive.read().bodies
        try archive.files.remove(DictionaryArchive.path.appending("index/records.btree"))
        let engine = try Engine.open(try archive.address(archive.files))
        #expect(engine.indexWasRebuilt)
        let report = try engine.verify()
        #expect(report.damages.isEmpty)
        let key = engine.document.publicKey
        try engine.close()
        #expect(try archive.read().bodies == before)
        let keyless = try Engine.verifyKeyless(
            archive.files,
            DictionaryArchive.path,
            publicKey: key
        )
        #expect(keyless.damages.isEmpty)
    }

    @Test func `is read when the writer has lost power, behind any commit`() throws {
        let archive = try DictionaryArchive.make()
        let active = archive.segment(3, isSealed: false)
        let frames = try archive.frames(active)
        let whole = try #require(archive.files.bytes(of: active))
        let ends = frames.filter { $0.header.kind == .commit }
            .map { $0.offset + $0.header.frameByteCount }
        #expect(ends.count >= 4)
        for end in ends {
            let cut = DictionaryArchive(archive, files: archive.files.clone())
            cut.files.replaceBytes(of: active, with: Array(whole[..<end]))
            for name in ["head", "index/records.btree"] {
                try cut.files.remove(DictionaryArchive.path.appending(name))
            }
            let engine = try Engine.open(try cut.address(cut.files))
            #expect(try engine.verify().damages.isEmpty)
            try engine.close()
        }
    }

    @Test func `is not missed when the segment that had it first is lost`() throws {
        let archive = try DictionaryArchive.make()
        let whole = try archive.read().bodies
        try archive.files.remove(archive.segment(1))
        let left = try archive.read()
        #expect(left.bodies.count == whole.count * 5 / 8)
        for (name, body) in left.bodies { #expect(whole[name] == body) }
        #expect(left.failures.allSatisfy { $0.message.contains("its file is missing") })
    }

    @Test func `is taken from another segment where its frame is damaged, and missed if all are`()
        throws
    {
        let archive = try DictionaryArchive.make()
        let damage = { (segment: FilePath) in
            let frames = try archive.frames(segment)
            let frame = try #require(frames.first { $0.header.kind == .dictionary })
            archive.files.replaceBytes(of: segment, at: frame.offset + 100, with: [1, 2, 3])
        }
        try damage(archive.segment(2))
        #expect(try archive.read().bodies == archive.bodies)
        try damage(archive.segment(1))
        try damage(archive.segment(3, isSealed: false))
        let left = try archive.read()
        #expect(!left.failures.isEmpty)
        #expect(left.failures.allSatisfy { $0.code == .corrupt })
        #expect(left.failures.allSatisfy { $0.message.contains("compression dictionary") })
        for (name, body) in left.bodies { #expect(archive.bodies[name] == body) }
    }

    @Test func `damaged is found by verification, with keys and without`() throws {
        let archive = try DictionaryArchive.make()
        let segment = archive.segment(2)
        let frames = try archive.frames(segment)
        let frame = try #require(frames.first { $0.header.kind == .dictionary })
        let key = try Engine.openForReading(try archive.address(archive.files)).document.publicKey
        archive.files.replaceBytes(of: segment, at: frame.offset + 100, with: [1, 2, 3])
        let report = try Engine.verifyKeyless(
            archive.files,
            DictionaryArchive.path,
            publicKey: key
        )
        #expect(!report.damages.isEmpty)
        let engine = try Engine.openForReading(try archive.address(archive.files))
        #expect(try !engine.verify().damages.isEmpty)
    }

    @Test func `comes with a batch that found no room only when the batch comes again`() throws {
        var archive = try DictionaryArchive()
        try archive.writing(creating: true) { archive, engine in
            try archive.put(0, in: engine)
            var random = SeededGenerator(seed: 1)
            for call in 1...2 {
                // Enough for the segment to take the dictionary in, and more than is reserved.
                let batch = (0..<9).map { number in
                    NewRecord(
                        name: "no room \(number)",
                        body: random.bytes(1 << 20),
                        mediaType: DictionaryArchive.mediaType
                    )
                }
                archive.files.limitGrowth(to: 0)
                #expect(throws: ArchiveError.self, "\(call)") { _ = try engine.commit(batch) }
                archive.files.limitGrowth(to: 1 << 40)
                try archive.put(call, in: engine)
            }
            try archive.put(3, in: engine)
        }
        #expect(try archive.read().bodies == archive.bodies)
        let frames = try archive.frames(archive.segment(1, isSealed: false))
        #expect(frames.count { $0.header.kind == .dictionary } == 1)
    }

    @Test(arguments: [DictionaryPolicy.none, .builtIn])
    func `is not made where the configuration says so`(policy: DictionaryPolicy) throws {
        var archive = try DictionaryArchive()
        var configuration = DictionaryArchive.configuration
        configuration.dictionaries = policy
        let engine = try Engine.create(try archive.address(archive.files, configuration))
        for round in 0..<2 { try archive.put(round, in: engine) }
        _ = try engine.commit([
            NewRecord(
                name: "f",
                body: Array(repeating: 65, count: 999),
                mediaType: "application/fhir+json"
            )
        ])
        try engine.close()
        let frames = try archive.frames(archive.segment(1, isSealed: false))
        let numbers = Set(frames.map(\.header.dictionary))
        #expect(numbers == (policy == .none ? [0] : [0, 1]))
    }

    @Test func `costs a small archive nothing`() throws {
        var archive = try DictionaryArchive()
        let engine = try Engine.create(
            try archive.address(archive.files, ArchiveConfiguration.quick)
        )
        for round in 0..<2 { try archive.put(round, in: engine) }
        try engine.close()
        let frames = try archive.frames(archive.segment(1, isSealed: false))
        #expect(frames.allSatisfy { $0.header.dictionary == 0 })
        #expect(engine.readState.link.lastSequence == UInt64(archive.bodies.count))
    }

    @Test func `is not trained on records without a subject, unless their collection is nobody's`()
        throws
    {
        for isFree in [false, true] {
            let archive = try DictionaryArchive()
            var configuration = DictionaryArchive.configuration
            if isFree { configuration.freelyTrainedCollections = ["catalogue"] }
            let engine = try Engine.create(try archive.address(archive.files, configuration))
            let records = try PatientSample().records.map {
                NewRecord(
                    name: "\($0.body.hashValue)",
                    body: $0.body,
                    collection: "catalogue",
                    mediaType: "text/plain"
                )
            }
            _ = try engine.commit(records)
            _ = try engine.commit([NewRecord(name: "next", body: [1])])
            try engine.close()
            let count = engine.dictionaries.known.count
            #expect(count == (isFree ? 1 : 0))
        }
    }

    @Test(.enabled(if: PythonReader.isExpected, PythonReader.reason))
    func `is read by the reader in Python`() throws {
        let archive = try DictionaryArchive.make()
        try TemporaryDirectory.with { directory in
            let files = PosixFileSystem()
            for path in archive.files.filePaths {
                let rest = String(path.string.dropFirst(DictionaryArchive.path.string.count + 1))
                let place = directory.pushing(FilePath("A/\(rest)"))
                try files.makeDirectories(place.removingLastComponent())
                try files.replace(place, with: archive.files.bytes(of: path) ?? [])
            }
            try files.replace(directory.appending("key"), with: GoldenMaker.keyFile)
            let result = try PythonReader.run([
                "extract", directory.appending("A").string, "--to",
                directory.appending("out").string, "--key-file",
                directory.appending("key").string,
            ])
            #expect(result.status == 0, "\(result.message)")
            #expect(result.records.count == archive.bodies.count)
            for line in result.records {
                let file = FilePath(try #require(line["path"]?.asText))
                #expect(try files.readAll(file, limit: 1 << 20) == archive.bodies[line.name])
            }
        }
    }
}
