import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Makes the archive that stands for format version 1: one of everything that a reader can meet.
///
/// What is under `Golden/v1` was made by it once, when version 1 was settled, and must open for
/// ever. It is not made again; this stays to show what is in there, and to make further archives of
/// the same contents for other tests.
struct GoldenMaker {
    /// What the archive must hold afterwards, a JSON object for each record version.
    private(set) var expected: [JSONObject] = []
    private let engine: Engine

    /// These open the archive, and protect nothing: they are public.
    static let keyFile = Array(
        "This is the key file of a test archive. It protects nothing.\n".utf8
    )
    static let passphrase = Array("correct horse battery staple".utf8)

    /// Makes the archive at `path`, which must not exist or be empty, and closes it in order.
    static func make(at path: FilePath) throws -> [JSONObject] {
        var maker = GoldenMaker(try create(at: path))
        try addPassphrase(at: path.appending("keyring.json"))
        try maker.fillFirstSegment()
        try maker.fillSecondSegment()
        try maker.fillActiveSegment()
        try maker.engine.close()
        return maker.expected
    }

    /// Makes the archive with all that stands beside it: keys, and what it must hold.
    static func makeAll(at path: FilePath) throws {
        let files = PosixFileSystem()
        try files.makeDirectory(path)
        let expected = try make(at: path.appending("archive"))
        let text = expected.flatMap { JSONValue.object($0).compactBytes + [UInt8(ascii: "\n")] }
        for (name, bytes) in [
            ("expected.jsonl", text), ("key-file", keyFile), ("passphrase", passphrase),
        ] { try files.replace(path.appending(name), with: bytes) }
    }

    private init(_ engine: Engine) { self.engine = engine }

    private static func create(at path: FilePath) throws -> Engine {
        var configuration = ArchiveConfiguration()
        configuration.scryptLogN = 10
        configuration.pageByteCount = 4 << 10
        let clock = SteppingClock()
        let address = ArchiveAddress(
            PosixFileSystem(),
            path,
            credential: try ArchiveKey.keyFile(keyFile).credential,
            configuration: configuration,
            clock: { clock.next() }
        )
        return try Engine.create(address)
    }

    /// Lets the passphrase open the archive as well.
    private static func addPassphrase(at place: FilePath) throws {
        let files = PosixFileSystem()
        let bytes = try files.readAll(place, limit: 1 << 20)
        let file = try KeyringFile(decoding: bytes.span)
        let keyring = try file.open(try ArchiveKey.keyFile(keyFile).credential)
        let widened = try file.adding(
            ArchiveKey.passphrase(passphrase).credential,
            label: "a passphrase",
            created: SteppingClock().next(),
            cost: Scrypt.Parameters(logN: 10, r: 8, p: 1),
            unlockedBy: keyring
        )
        try files.replace(place, with: widened.bytes())
    }

    // The first frame is the one that the specification takes apart: keep it small.
    private mutating func fillFirstSegment() throws {
        try commit([
            NewRecord(
                name: "greeting",
                body: Array("Hello, archive.\n".utf8),
                subject: "Patient/1",
                mediaType: "text/plain"
            )
        ])
        try commit([NewRecord(name: "notes", body: GoldenText.report(lineCount: 20))])
        try commit([
            GoldenText.patient(1, family: "Example"), GoldenText.patient(2, family: "Sample"),
            GoldenText.observation(1, of: 1, value: "72"),
            GoldenText.observation(2, of: 2, value: "88"),
        ])
        try commit([
            NewRecord(name: "empty", body: []),
            NewRecord(name: "../not/a path \u{fc}\u{6c34}", body: [0, 1, 2, 255]),
            NewRecord(name: "a", body: Array("file".utf8)),
            NewRecord(name: "a/b", body: Array("below the file".utf8)),
        ])
        try commit([
            NewRecord(name: "logo", body: GoldenText.noise(1_000), collection: "images"),
            NewRecord(
                name: "portrait",
                body: GoldenText.noise(500),
                collection: "images",
                subject: "Patient/2",
                mediaType: "image/x-noise"
            ),
        ])
        try put(
            NewRecord(name: "report/long", body: [], subject: "Patient/2", mediaType: "text/plain"),
            GoldenText.report(lineCount: 48_000)
        )
        try put(
            NewRecord(name: "scan/long", body: [], collection: "scans"),
            GoldenText.report(lineCount: 22_000)
        )
        try delete("a")
        _ = try engine.snapshot(label: "first of the golden archive")
    }

    private mutating func fillSecondSegment() throws {
        try commit([GoldenText.patient(1, family: "Renamed")])
        try commit((10..<50).map { GoldenText.observation($0, of: $0 % 3 + 1, value: "\($0)") })
        _ = try engine.snapshot(label: "")
    }

    private mutating func fillActiveSegment() throws {
        try commit([
            NewRecord(
                name: "letter/1",
                body: Array("A letter of a collection that begins here.".utf8),
                collection: "letters",
                subject: "Patient/3"
            ),
            NewRecord(
                name: "letterhead",
                body: Array("The first of its domain, in no directory yet.".utf8),
                collection: "letters"
            ),
        ])
        // Nothing new is stored for it: its chunks are there.
        try put(
            NewRecord(name: "report/copy", body: [], subject: "Patient/2", mediaType: "text/plain"),
            GoldenText.report(lineCount: 48_000)
        )
        try delete("Observation/2", of: "Patient/2")
        try commit([GoldenText.observation(2, of: 2, value: "89")])
    }
}

extension GoldenMaker {
    private mutating func commit(_ records: [NewRecord]) throws {
        let receipts = try engine.commit(records)
        for (record, receipt) in zip(records, receipts) { expect(record, record.body, receipt) }
    }

    private mutating func put(_ record: NewRecord, _ body: [UInt8]) throws {
        let pieces = BodyPieces(body)
        expect(record, body, try engine.put(record) { pieces.next() })
    }

    private mutating func delete(_ name: String, of subject: String? = nil) throws {
        var batch = WriteBatch()
        batch.delete(name, in: "records", of: subject)
        let receipts = try engine.commit(batch)
        var record = NewRecord(name: name, body: [], subject: subject)
        record.isTombstone = true
        for receipt in receipts { expect(record, [], receipt) }
    }

    private mutating func expect(_ record: NewRecord, _ body: [UInt8], _ receipt: Receipt) {
        var entry = record.entry
        entry.sequence = receipt.sequence
        entry.recorded = Timestamp(microseconds: receipt.recorded)
        entry.bodyByteCount = UInt64(body.count)
        let place = RecordPlace(segment: SegmentNumber(0), frameOffset: 0, slot: 0)
        expected.append(GoldenArchive.line(Record(entry: entry, place: place), body))
    }
}

/// A clock that goes on by a quarter of a second with each look.
private final class SteppingClock: @unchecked Sendable {
    // Sendable: the engine looks at it on one thread.
    private var microseconds: Int64 = 1_795_341_600_000_000

    func next() -> Timestamp {
        microseconds += 250_000
        return Timestamp(microseconds: microseconds)
    }
}

/// Invented contents; nobody is meant.
private enum GoldenText {
    static func patient(_ number: Int, family: String) -> NewRecord {
        let body = """
            {"resourceType":"Patient","id":"\(number)","active":true,"name":[{"use":"official",\
            "family":"\(family)","given":["Test"]}],"gender":"unknown","birthDate":"1970-01-01"}
            """
        return NewRecord(
            name: "Patient/\(number)",
            body: Array(body.utf8),
            subject: "Patient/\(number)",
            mediaType: "application/fhir+json",
            attributes: [("resourceType", "Patient"), ("id", "\(number)")],
            terms: ["type:Patient"]
        )
    }

    static func observation(_ number: Int, of patient: Int, value: String) -> NewRecord {
        let start = Timestamp("2026-11-21T08:30:00Z")?.microseconds ?? 0
        let body = """
            {"resourceType":"Observation","id":"\(number)","status":"final","code":{"coding":[\
            {"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},"subject":\
            {"reference":"Patient/\(patient)"},"effectiveDateTime":"2026-11-21T08:30:00Z",\
            "valueQuantity":{"value":\(value),"unit":"beats/minute",\
            "system":"http://unitsofmeasure.org","code":"/min"}}
            """
        return NewRecord(
            name: "Observation/\(number)",
            body: Array(body.utf8),
            subject: "Patient/\(patient)",
            mediaType: "application/fhir+json",
            eventStart: start,
            eventEnd: number == 1 ? start + 60_000_000 : nil,
            attributes: [("resourceType", "Observation"), ("id", "\(number)")],
            terms: ["type:Observation", "code:http://loinc.org|8867-4"],
            source: RecordSource(path: Array("golden/observations.ndjson".utf8), line: 1)
        )
    }

    /// Bytes that do not compress.
    static func noise(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count))
        return generator.bytes(count)
    }

    /// A long text, of which a third of each line is new.
    static func report(lineCount: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lineCount * 56)
        for line in 0..<lineCount {
            let value = 60 + generator.next() % 40
            let text = "line \(line): heart rate \(value) /min, nothing else to note\n"
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }
}
