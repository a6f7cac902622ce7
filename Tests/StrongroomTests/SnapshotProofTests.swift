import ArchiveFileIO
import ArchiveSegments
import SystemPackage
import Testing

@testable import Strongroom

/// Snapshots are proved on all processors, and what is said of them is said as if one by one.
@Suite struct `Snapshots that are verified` {
    private static func fill(_ engine: Engine) throws {
        for number in 0..<13 {
            _ = try engine.commit([NewRecord(name: "\(number)", body: [UInt8(number)])])
            _ = try engine.snapshot(label: "")
        }
    }

    private static func manifests(_ archive: SmallArchive) throws -> [String] {
        try archive.files.names(in: archive.path.appending("snapshots")).map(\.string).sorted()
    }

    @Test func `are counted, each that holds`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            let report = try Engine.openForReading(archive.address()).verify()
            #expect(report.isSound && report.snapshotCount == 13)
        }
    }

    @Test func `are named, each that does not, once and in order`() throws {
        try SmallArchive.with(filledBy: Self.fill) { archive in
            let names = try Self.manifests(archive)
            try #require(names.count == 13)
            for place in [1, 2, 6, 12] {
                let path = archive.path.appending("snapshots").appending(names[place])
                var bytes = try archive.read(path)
                bytes[bytes.count / 2] ^= 1
                try archive.files.replace(path, with: bytes)
            }
            // A whole one under another's name is none of this archive's either.
            let whole = archive.path.appending("snapshots").appending(names[3])
            let other = archive.path.appending("snapshots").appending(names[9])
            try archive.files.replace(other, with: try archive.read(whole))
            let spoiled = [1, 2, 6, 9, 12].map { "snapshots/\(names[$0])" }
            let report = try Engine.openForReading(archive.address()).verify()
            #expect(report.damages.map(\.file) == spoiled)
            let keyless = try Engine.verifyKeyless(archive.files, archive.path, publicKey: nil)
            #expect(keyless.damages.map(\.file) == spoiled)
        }
    }
}
