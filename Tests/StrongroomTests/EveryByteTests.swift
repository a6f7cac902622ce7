import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Dispatch
import Foundation
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

/// A small archive that holds every structure, and what a verification of it says after one bit of
/// one byte was turned.
@Suite("One flipped bit") struct FlippedBitTests {
    private static let path = FilePath("/a")

    private static func address(_ fileSystem: SimulatedFileSystem) throws -> ArchiveAddress {
        var configuration = ArchiveConfiguration()
        configuration.pageByteCount = 512
        configuration.threadCount = 1
        return ArchiveAddress(
            fileSystem,
            path,
            credential: try .keyFile(
                SecretBytes(copying: [UInt8](repeating: 3, count: 32).span)
            ),
            configuration: configuration
        )
    }

    /// One sealed segment and a snapshot, one active segment, index and head, all closed in order.
    private static func archive() throws -> SimulatedFileSystem {
        let fileSystem = SimulatedFileSystem()
        let engine = try Engine.create(try address(fileSystem))
        _ = try engine.commit([
            NewRecord(name: "a", body: Array("first body".utf8), subject: "S"),
            NewRecord(name: "b", body: Array("second body".utf8), terms: ["type:Test"]),
        ])
        _ = try engine.snapshot(label: "whole")
        _ = try engine.commit([NewRecord(name: "c", body: Array("third".utf8))])
        try engine.close()
        return fileSystem
    }

    /// Every byte where `STRONGROOM_EVERY_BYTE` is set, as before a release; every thirteenth where not,
    /// and those first and last.
    private static let step =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_BYTE"] == nil ? 13 : 1

    /// Each byte of a file once, another bit for each byte.
    private static func flips(
        of path: FilePath,
        in fileSystem: SimulatedFileSystem,
        opening open: @Sendable @escaping (SimulatedFileSystem) -> @Sendable () -> Bool
    ) throws -> [Int] {
        let bytes = try #require(fileSystem.bytes(of: path))
        let missed = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: 2) { half in
            let copy = fileSystem.clone()
            let check = open(copy)
            for offset in stride(from: half * step, to: bytes.count, by: 2 * step) {
                let flipped = bytes[offset] ^ (1 << UInt8(offset % 8))
                copy.replaceBytes(of: path, at: offset, with: [flipped])
                if !check() { missed.withLock { $0.append(offset) } }
                copy.replaceBytes(of: path, at: offset, with: [bytes[offset]])
            }
        }
        return missed.withLock { $0.sorted() }
    }

    private static func files(_ fileSystem: SimulatedFileSystem) -> [FilePath] {
        fileSystem.filePaths.filter { fileSystem.bytes(of: $0)?.isEmpty == false }
    }

    @Test func `anywhere in an archive is reported by a verification with keys`() throws {
        let fileSystem = try Self.archive()
        let engine = try Engine.openForReading(try Self.address(fileSystem))
        #expect(try engine.verify().findings == [])
        for path in Self.files(fileSystem) {
            let missed = try Self.flips(of: path, in: fileSystem) { damaged in
                // Opened once, before the damage: a verification reads every file again.
                let engine = Opened(damaged)
                return { engine.findsDamage() }
            }
            #expect(missed == [], "\(path)")
        }
    }

    @Test func `in whatever needs no key is reported by a keyless verification`() throws {
        let fileSystem = try Self.archive()
        let key = try Engine.openForReading(try Self.address(fileSystem)).document.publicKey
        let sound = try Engine.verifyKeyless(fileSystem, Self.path, publicKey: key)
        #expect(sound.findings == [] && sound.recordCount == 2)
        for path in Self.files(fileSystem)
        where path.removingLastComponent().lastComponent?.string != "index" {
            let missed = try Self.flips(of: path, in: fileSystem) { damaged in
                {
                    let report = try? Engine.verifyKeyless(damaged, Self.path, publicKey: key)
                    return report?.isSound != true
                }
            }
            #expect(missed == [], "\(path)")
        }
    }

    @Test func `never brings another record's bytes, or bytes that were not put`() throws {
        let fileSystem = try Self.archive()
        let bodies: Set = [
            Array("first body".utf8), Array("second body".utf8), Array("third".utf8),
        ]
        for path in Self.files(fileSystem) {
            let wrong = try Self.flips(of: path, in: fileSystem) { damaged in
                { Self.holdsOnly(bodies, damaged) }
            }
            #expect(wrong == [], "\(path)")
        }
    }

    private static func holdsOnly(
        _ bodies: Set<[UInt8]>,
        _ fileSystem: SimulatedFileSystem
    ) -> Bool {
        guard let address = try? address(fileSystem),
            let engine = try? Engine.openForReading(address)
        else { return true }
        let view = ArchiveView(
            engine.readState,
            reader: RecordReader(log: engine.reader, keys: engine.keys)
        )
        return ["a", "b", "c"].allSatisfy { name in
            guard let record = try? view.record(named: name), let body = try? view.body(of: record)
            else { return true }
            return bodies.contains(body) && record.name == name
        }
    }

    /// An open engine that one thread verifies again and again.
    private final class Opened: @unchecked Sendable {
        private let engine: Engine?

        init(_ fileSystem: SimulatedFileSystem) {
            engine = try? Engine.openForReading(FlippedBitTests.address(fileSystem))
        }

        func findsDamage() -> Bool {
            guard let report = try? engine?.verify() else { return true }
            return !report.isSound
        }
    }
}
