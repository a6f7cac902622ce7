import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

/// The archive's own dictionaries come into the log with the batches that use them: wherever the power
/// goes, what was acknowledged is read.
@Suite struct `A dictionary under a loss of power` {
    private struct Point: Sendable {
        let machine: SimulatedFileSystem
        let acknowledged: Set<String>
    }

    /// All points of a life in which a dictionary is trained, brought into the log, taken in by a
    /// segment and by the next one.
    private func points() throws -> (points: [Point], archive: DictionaryArchive) {
        var archive = try DictionaryArchive()
        let found = Mutex<[Point]>([])
        let acknowledged = Mutex<Set<String>>([])
        let engine = try Engine.create(try archive.address(archive.files))
        archive.files.observeCrashPoints { disk in
            let known = acknowledged.withLock { $0 }
            found.withLock { $0.append(Point(machine: disk, acknowledged: known)) }
        }
        for round in 0..<5 {
            try archive.put(round, in: engine) { names in
                acknowledged.withLock { $0.formUnion(names) }
            }
            if round == 3 { _ = try engine.snapshot(label: "sealed") }
        }
        #expect(engine.dictionaries.known.count == 1)
        try engine.close()
        archive.files.observeCrashPoints(nil)
        return (found.withLock { $0 }, archive)
    }

    @Test func `leaves everything readable that was acknowledged`() throws {
        let (points, archive) = try points()
        var dictionaryCount = 0
        for (number, point) in points.enumerated() where number % 2 == 0 {
            let modes = [CrashMode.dropAllUnsynced, .keepAll, .seeded(UInt64(number))]
            let after = DictionaryArchive(
                archive,
                files: point.machine.afterCrash(modes[number / 2 % 3])
            )
            let engine = try Engine.open(try after.address(after.files))
            #expect(try engine.verify().findings == [], "point \(number)")
            dictionaryCount += engine.dictionaries.known.count
            // It goes on, with the dictionary or with another one.
            if number % 4 == 0 { _ = try engine.commit([NewRecord(name: "next", body: [1])]) }
            let view = ArchiveView(
                engine.readState,
                reader: RecordReader(log: engine.reader, keys: engine.keys)
            )
            var found: Set<String> = []
            try view.forEach(RecordQuery()) { record in
                found.insert(record.name)
                return true
            }
            #expect(found.isSuperset(of: point.acknowledged), "point \(number)")
            try engine.close()
        }
        #expect(points.count > 20 && dictionaryCount > 5)
    }

    /// A header between the segment's begin and its dictionary is damaged.
    ///
    /// The walk to the dictionary ended there, and all that the dictionary compressed was lost with one
    /// frame.
    @Test func `is found behind a damaged frame`() throws {
        let archive = try DictionaryArchive.make()
        for number in 1...3 {
            let segment = archive.segment(number, isSealed: number < 3)
            let frames = try archive.frames(segment)
            let place = try #require(frames.firstIndex { $0.header.kind == .dictionary })
            // In the first one something else is damaged; in the others the dictionary.
            let offset = number == 1 ? frames[0].offset : frames[place].offset + 100
            if number == 1 { #expect(place > 0) }
            archive.files.replaceBytes(of: segment, at: offset, with: [1, 2, 3])
        }
        let left = try archive.read()
        let last = archive.bodies.filter { $0.key.hasPrefix("2/") }
        #expect(!last.isEmpty && last.allSatisfy { left.bodies[$0.key] == $0.value })
        for (name, body) in left.bodies { #expect(archive.bodies[name] == body) }
    }

    /// It was told as damage, and remembered as that.
    @Test func `that cannot be read at the moment is no damage`() throws {
        let archive = try DictionaryArchive.make()
        let segment = archive.segment(2)
        let frames = try archive.frames(segment)
        let frame = try #require(frames.first { $0.header.kind == .dictionary })
        archive.files.replaceBytes(of: segment, at: frame.offset + 100, with: [1, 2, 3])
        let engine = try Engine.openForReading(try archive.address(archive.files))
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        let name = try #require(archive.bodies.keys.filter { $0.hasPrefix("5/") }.max())
        for number in ["0000000000000001", "0000000000000003"] {
            archive.files.inject(SimulatedFault(.open, on: number, duration: .forever))
            archive.files.inject(SimulatedFault(.read, on: number, duration: .forever))
        }
        let error = #expect(throws: ArchiveError.self) { try view.recordWithBody(named: name) }
        #expect(error?.code == .system)
        archive.files.removeFaults()
        #expect(try view.recordWithBody(named: name)?.body == archive.bodies[name])
    }
}
