import ArchiveBytes
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Strongroom
import Support
import Synchronization
import SystemPackage

/// A short life of an archive, every step of which can be the last before the power fails.
struct CrashWorkload {
    static let path = FilePath("/srv/archive")

    /// What was promised when a step returned: bodies by name, nil for a deletion.
    struct Promise {
        var acknowledged: [String: [UInt8]?] = [:]
        /// Batches that were begun and did not return, each all or none.
        var pending: [[String: [UInt8]?]] = []
        var snapshots: [String] = []
    }

    static func address(_ fileSystem: SimulatedFileSystem) throws -> ArchiveAddress {
        var configuration = ArchiveConfiguration()
        configuration.packByteCount = 512
        configuration.segmentByteCount = 64 << 10
        configuration.pageByteCount = 512
        configuration.threadCount = 1
        let time = Mutex(Int64(1_700_000_000_000_000))
        return ArchiveAddress(
            fileSystem,
            path,
            credential: try .keyFile(SecretBytes(copying: key.span)),
            configuration: configuration,
            clock: {
                time.withLock {
                    $0 += 1_000_000
                    return Timestamp(microseconds: $0)
                }
            }
        )
    }

    private static let key = [UInt8](repeating: 7, count: 32)

    /// Runs to the end or to the crash; answers what was promised by then.
    static func run(on fileSystem: SimulatedFileSystem) -> Promise {
        var promise = Promise()
        do {
            try live(fileSystem, &promise)
        } catch {
            // The machine stopped here.
        }
        return promise
    }

    private static func live(
        _ fileSystem: SimulatedFileSystem,
        _ promise: inout Promise
    ) throws {
        var engine = try Engine.open(try address(fileSystem))
        try put(["a": "first", "b": ""], engine, &promise)
        try put(["c": String(repeating: "c", count: 3_000)], engine, &promise)
        try put(["a": "second"], engine, &promise)
        try engine.checkpoint()
        try put(["d": "after the checkpoint", "e": "with it"], engine, &promise)
        try engine.advanceHead()
        promise.snapshots.append(try engine.snapshot(label: "one").id)
        try put(["f": "after the snapshot"], engine, &promise)
        try delete("b", engine, &promise)
        try engine.close()
        engine = try Engine.open(try address(fileSystem))
        try put(["g": "after reopening"], engine, &promise)
        try engine.close()
    }

    static func put(
        _ bodies: [String: String],
        _ engine: Engine,
        _ promise: inout Promise
    ) throws {
        let records = bodies.sorted { $0.key < $1.key }.map {
            NewRecord(
                name: $0.key,
                body: Array($0.value.utf8),
                subject: $0.key == "c" ? "S" : nil,
                terms: ["type:Test"]
            )
        }
        let batch = bodies.mapValues { Optional(Array($0.utf8)) }
        promise.pending.append(batch)
        _ = try engine.commit(records)
        promise.pending.removeLast()
        promise.acknowledged.merge(batch) { $1 }
    }

    private static func delete(
        _ name: String,
        _ engine: Engine,
        _ promise: inout Promise
    ) throws {
        var batch = WriteBatch()
        batch.delete(name)
        promise.pending.append([name: nil])
        _ = try engine.commit(batch)
        promise.pending.removeLast()
        promise.acknowledged[name] = .some(nil)
    }

    /// What an archive holds now, by name.
    static func contents(of engine: Engine) throws -> [String: [UInt8]] {
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var found: [String: [UInt8]] = [:]
        try view.forEach(RecordQuery()) { record in
            found[record.name] = try view.body(of: record)
            return true
        }
        return found
    }
}
