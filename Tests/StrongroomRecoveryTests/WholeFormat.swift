import ArchiveBytes
import ArchiveCodecs
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import StrongroomVaults
import Support
import SystemPackage

@testable import Strongroom
@testable import StrongroomRecovery

/// An archive, its vault and its thin form that hold each structure the format knows, as small as can be.
///
/// `EveryStructureTests` holds them against the specification.
struct WholeFormat: Sendable {
    static let keyFile = [UInt8](repeating: 5, count: 32)
    static let mediaType = "application/x-whole+json"

    let archive: TestArchive
    /// All record versions by collection, name and number.
    let contents: [String: [UInt8]]
    /// Those of the newest snapshot.
    let shippedContents: [String: [UInt8]]

    static func make() throws -> WholeFormat {
        let whole = try made.get()
        return whole.on(whole.archive.files.clone())
    }

    /// The same on another disk.
    func on(_ files: SimulatedFileSystem) -> WholeFormat {
        WholeFormat(
            archive: archive.on(files),
            contents: contents,
            shippedContents: shippedContents
        )
    }

    private static let made = Result { try build(seed: 1) }

    static var configuration: ArchiveConfiguration {
        var configuration = TestArchive.configuration
        configuration.pageByteCount = 512
        configuration.dictionaryByteCount = 1
        configuration.threadCount = 1
        return configuration
    }

    static func address(_ files: any FileSystem) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            TestArchive.path,
            credential: try ArchiveKey.keyFile(keyFile).credential,
            configuration: configuration
        )
    }

    /// Two of different seeds have the same structures in the same places, and other bytes.
    static func build(seed: UInt64) throws -> WholeFormat {
        let files = SimulatedFileSystem()
        var generator = SeededGenerator(seed: seed)
        let (first, end) = try beCrashed(files, &generator)
        // What a crash has left of the batch that was on its way.
        let path = TestArchive.path.appending("segments/0000000000000002.open")
        files.replaceBytes(of: path, at: end, with: generator.bytes(100))
        let engine = try Engine.open(try address(files))
        _ = try engine.commit([
            NewRecord(name: "behind", body: generator.bytes(40), subject: "P/2"),
            NewRecord(name: "letter/1", body: generator.bytes(30), collection: "letters"),
        ])
        let second = try engine.snapshot(label: "").id
        let known = try contents(of: engine)
        _ = try engine.commit([
            NewRecord(name: "newest", body: generator.bytes(60), subject: "P/1"),
            NewRecord(name: "letter/2", body: generator.bytes(30), collection: "letters"),
        ])
        let all = try contents(of: engine)
        try engine.close()
        return WholeFormat(
            archive: TestArchive(
                files: files,
                snapshots: [first, second],
                publicKey: Hex.encode(engine.document.publicKey),
                records: [:]
            ),
            contents: all,
            shippedContents: known
        )
    }

    private static func beCrashed(
        _ files: SimulatedFileSystem,
        _ generator: inout SeededGenerator
    ) throws -> (snapshot: String, end: Int) {
        let engine = try Engine.create(try address(files))
        try addPassphrase(files)
        try fill(engine, &generator)
        let snapshot = try engine.snapshot(label: "nightly").id
        try speakOfItself(engine, snapshot)
        return (snapshot, try pad(engine))
    }

    private static func addPassphrase(_ files: SimulatedFileSystem) throws {
        let path = TestArchive.path.appending("keyring.json")
        let bytes = try files.readAll(path, limit: 1 << 20)
        let file = try KeyringFile(decoding: bytes.span)
        let keyring = try file.open(try ArchiveKey.keyFile(keyFile).credential)
        let changed = try file.adding(
            try TestArchive.key().credential,
            label: "a passphrase",
            created: Timestamp(microseconds: 0),
            cost: .init(logN: 10, r: 8, p: 1),
            unlockedBy: keyring
        )
        try files.replace(path, with: try changed.bytes())
    }

    /// Each kind of frame, codec, body and field.
    private static func fill(_ engine: Engine, _ generator: inout SeededGenerator) throws {
        _ = try engine.commit([NewRecord(name: "stored", body: generator.bytes(200))])
        _ = try engine.commit([
            NewRecord(
                name: "Patient/1",
                body: Array(#"{"resourceType":"Patient","id":"1","active":true}"#.utf8),
                subject: "P/1",
                mediaType: "application/fhir+json",
                eventStart: 1_700_000_000_000_000,
                eventEnd: 1_700_000_001_000_000,
                attributes: [("resourceType", "Patient")],
                terms: ["type:Patient"],
                source: RecordSource(path: Array("a.ndjson".utf8), line: 7)
            ),
            NewRecord(name: "gone", body: generator.bytes(20), subject: "P/1"),
            NewRecord(name: "letter", body: generator.bytes(30), collection: "letters"),
            NewRecord(name: "a.ndjson", body: [1], collection: "sources"),
        ])
        try putLarge("long", generator.bytes(300), isListed: false, engine)
        try putLarge("longer", generator.bytes(300), isListed: true, engine)
        try useDictionary(engine, &generator)
        var batch = WriteBatch()
        batch.delete("gone", in: "records", of: "P/1")
        _ = try engine.commit(batch)
    }

    /// Chunks are as small here as no writer makes them; a reader does not care.
    private static func putLarge(
        _ name: String,
        _ body: [UInt8],
        isListed: Bool,
        _ engine: Engine
    ) throws {
        let domain = KeyDomainName.subject("P/2")
        let key = try engine.keys.contentKey(of: domain, epoch: engine.keys.epoch)
        func chunk(_ bytes: [UInt8]) -> (pending: PendingChunk, entry: RecordEntry.Chunk) {
            let id = key.withSpan { HMACSHA256(key: $0).authenticate(bytes.span) }
            return (
                PendingChunk(domain: domain, id: id, bytes: bytes),
                RecordEntry.Chunk(id: id, byteCount: bytes.count)
            )
        }
        let parts = [chunk(Array(body[..<160])), chunk(Array(body[160...]))]
        let list = chunk(ChunkList.encode(parts.map(\.entry)))
        try engine.commit(chunks: parts.map(\.pending) + (isListed ? [list.pending] : []))
        _ = try engine.put(
            NewRecord(name: name, body: [], subject: "P/2", mediaType: "text/plain"),
            body: BodyWriter.Result(
                body: isListed ? .chunkLists([list.entry]) : .chunks(parts.map(\.entry)),
                inlineBody: [],
                byteCount: UInt64(body.count),
                digest: SHA256.hash(body.span)
            )
        )
    }

    private static func useDictionary(
        _ engine: Engine,
        _ generator: inout SeededGenerator
    ) throws {
        let common = Hex.encode(generator.bytes(700))
        let samples = (0..<24).map { number in
            TrainingSample(subject: "S/\(number)", bytes: Array("\(number) \(common)".utf8))
        }
        guard let bytes = DictionaryTrainer().train(on: samples) else {
            throw ArchiveError(.invalid, "nothing is common to the samples")
        }
        let own = engine.dictionaries.own(
            try CompressionDictionary(number: 300, bytes: bytes),
            mediaType
        )
        _ = try engine.commit(SystemRecords.pending(own))
        engine.adopt(own, try engine.writableLog())
        _ = try engine.commit([
            NewRecord(
                name: "own",
                body: Array(samples[3].bytes),
                subject: "P/3",
                mediaType: mediaType
            )
        ])
    }

    /// What the program itself keeps in archives.
    private static func speakOfItself(_ engine: Engine, _ snapshot: String) throws {
        _ = try engine.commit([
            NewRecord(
                name: "hold/snapshot/\(snapshot)",
                body: Array(#"{"placed_us":1,"reason":"case 7"}"#.utf8),
                collection: SystemRecords.collection
            ),
            NewRecord(
                name: "drill/1",
                body: Array("a report".utf8),
                collection: SystemRecords.collection
            ),
        ])
    }

    /// Frames that a later writer may make: another codec, zeros behind what it wrote.
    private static func pad(_ engine: Engine) throws -> Int {
        let log = try engine.writableLog()
        let body = Array(String(repeating: "a padded body ", count: 9).utf8)
        for (name, codec) in [("zlib", Codec.zlib), ("padded", .zstandard)] {
            let sequence = log.link.lastSequence + 1
            var entry = NewRecord(name: name, body: body, subject: "P/1").entry
            entry.sequence = sequence
            entry.recorded = log.link.time
            entry.digest = SHA256.hash(body.span)
            var draft = FrameDraft(
                kind: .records,
                .bytes(Pack.encode([(entry, body)])),
                domain: .subject("P/1"),
                firstSequence: sequence,
                codec: codec
            )
            draft.paddingByteCount = 40
            _ = try log.commit([draft], lastSequence: sequence, time: log.link.time)
        }
        return Int(log.place.offset)
    }

    /// The bodies of all record versions by collection, name and number.
    static func contents(of engine: Engine) throws -> [String: [UInt8]] {
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var found: [String: [UInt8]] = [:]
        try view.forEachInOrder { record in
            let name = "\(record.collection)/\(record.name)#\(record.sequence)"
            found[name] = try view.body(of: record)
            return true
        }
        return found
    }
}

extension WholeFormat {
    /// A vault that was followed, verified and pruned, and in which somebody works at this moment.
    func vault() async throws -> MemoryStore {
        let vault = MemoryStore()
        _ = try await Follow(archiveAt: TestArchive.path, on: archive.files, to: vault).step()
        let keys = VaultKeys(try ArchiveKey.keyFile(Self.keyFile), keyring: nil)
        _ = try await VaultVerification(of: vault, unlocking: keys).run(VerificationPlan())
        let prune = Prune(
            vault,
            by: try archive.authority(Self.address(archive.files)),
            clock: .system
        )
        var rules = KeepRules()
        rules.last = 1
        _ = try await prune.carryOut(try await prune.plan(rules))
        _ = try await prune.restore([archive.snapshots[0]])
        var document = try prune.document(.sweeping)
        document.segments = [SegmentNumber(900)]
        try await prune.put(.sweep(document.id), document)
        try await vault.replace("arriving/\(document.id).json", Array("{}\n".utf8))
        return vault
    }

    /// The archive with its sealed segments in that vault alone, and pieces of them here.
    func thinned(to vault: MemoryStore) async throws -> WholeFormat {
        let thin = on(archive.files.clone())
        try await thin.archive.thin(to: vault)
        _ = try await thin.archive.readThin(vault)
        return thin
    }
}
