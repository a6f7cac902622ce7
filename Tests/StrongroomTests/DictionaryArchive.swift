import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import Support
import SystemPackage

@testable import Strongroom

/// An archive on a simulated disk that has trained a dictionary of its own, and what was put into it.
struct DictionaryArchive {
    static let path: FilePath = "/srv/archive"
    static let mediaType = "application/x-sample+json"

    let files: SimulatedFileSystem
    private(set) var bodies: [String: [UInt8]] = [:]

    /// Two segments of records and the beginning of a third, all with the dictionary.
    static func make() throws -> DictionaryArchive {
        let archive = try made.get()
        return DictionaryArchive(archive, files: archive.files.clone())
    }

    private static let made = Result { () throws -> DictionaryArchive in
        var archive = try DictionaryArchive()
        try archive.writing(creating: true) { archive, engine in
            // The first round trains, the second fills what a segment asks for, the third uses it.
            for round in 0..<3 { try archive.put(round, in: engine) }
            _ = try engine.snapshot(label: "first segment")
            for round in 3..<6 { try archive.put(round, in: engine) }
            _ = try engine.snapshot(label: "second segment")
        }
        try archive.writing { archive, engine in
            for round in 6..<8 { try archive.put(round, in: engine) }
        }
        return archive
    }

    private init(files: SimulatedFileSystem, bodies: [String: [UInt8]]) {
        self.files = files
        self.bodies = bodies
    }

    /// The same records on another disk.
    init(_ other: DictionaryArchive, files: SimulatedFileSystem) {
        self.init(files: files, bodies: other.bodies)
    }

    /// Nothing yet.
    init() throws {
        files = SimulatedFileSystem()
        try files.makeDirectories("/srv")
    }

    static var configuration: ArchiveConfiguration {
        var configuration = ArchiveConfiguration.quick
        configuration.training.firstByteCount = 150 << 10
        configuration.dictionaryByteCount = 100 << 10
        return configuration
    }

    func address(
        _ files: any FileSystem,
        _ configuration: ArchiveConfiguration = Self.configuration
    ) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            Self.path,
            credential: try ArchiveKey.keyFile(GoldenMaker.keyFile).credential,
            configuration: configuration
        )
    }

    mutating func writing<Result>(
        creating: Bool = false,
        _ body: (inout DictionaryArchive, Engine) throws -> Result
    ) throws -> Result {
        let address = try address(files)
        let engine = try creating ? Engine.create(address) : Engine.open(address)
        let result = try body(&self, engine)
        try engine.close()
        return result
    }

    /// Puts all sample records once more, each under a name of its own, in two batches.
    ///
    /// `acknowledged` hears the names of each batch once it is durable.
    mutating func put(
        _ round: Int,
        in engine: Engine,
        acknowledged: ([String]) -> Void = { _ in }
    ) throws {
        let sample = try PatientSample().records
        let half = sample.count / 2
        for records in [sample[..<half], sample[half...]] {
            var batch: [NewRecord] = []
            for record in records {
                let name = "\(round)/\(bodies.count)"
                bodies[name] = record.body
                batch.append(
                    NewRecord(
                        name: name,
                        body: record.body,
                        subject: record.subject,
                        mediaType: Self.mediaType
                    )
                )
            }
            _ = try engine.commit(batch)
            acknowledged(batch.map(\.name))
        }
    }

    /// The bodies that can be read, and the failures.
    func read() throws -> (bodies: [String: [UInt8]], failures: [ArchiveError]) {
        let engine = try Engine.openForReading(try address(files))
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        var found: [String: [UInt8]] = [:]
        var failures: [ArchiveError] = []
        for name in bodies.keys {
            do throws(ArchiveError) {
                if let record = try view.recordWithBody(named: name) { found[name] = record.body }
            } catch {
                failures.append(error)
            }
        }
        return (found, failures)
    }

    func segment(_ number: Int, isSealed: Bool = true) -> FilePath {
        Self.path.appending("segments").appending(
            SegmentNumber(UInt64(number)).stem + (isSealed ? ".seg" : ".open")
        )
    }

    /// The headers of a segment's frames, with their offsets.
    func frames(_ path: FilePath) throws -> [(offset: Int, header: FrameHeader)] {
        let bytes = files.bytes(of: path) ?? []
        let archiveID = try SegmentHeader(decoding: bytes.span).archiveID
        var found: [(offset: Int, header: FrameHeader)] = []
        var offset = SegmentHeader.byteCount
        while offset + FrameHeader.byteCount <= bytes.count, bytes[offset] == UInt8(ascii: "S") {
            if bytes.count - offset == 16 { break }
            let header = try FrameHeader(
                decoding: bytes.span,
                at: offset,
                archiveID: archiveID,
                hasher: SHA256()
            )
            found.append((offset, header))
            offset += header.frameByteCount
            if header.kind == .seal { break }
        }
        return found
    }

    /// The segments' files.
    var segments: [FilePath] {
        files.filePaths.filter { $0.string.hasPrefix(Self.path.appending("segments").string) }
    }
}
