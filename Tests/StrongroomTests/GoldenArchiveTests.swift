import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Foundation
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// `Golden/v1` was written once, when version 1 of the format was settled, and is never written
/// again: archives of that day must open for ever.
@Suite struct `The golden archive of version 1` {
    private let golden: GoldenArchive

    init() throws { golden = try GoldenArchive() }

    @Test func `opens for reading by key file and by passphrase, each record as it was put`()
        async throws
    {
        let keys = try [
            ArchiveKey.keyFile(golden.bytes("key-file")),
            ArchiveKey.passphrase(golden.bytes("passphrase")),
        ]
        try await golden.withCopy { path in
            for key in keys {
                let archive = try await Archive.open(at: path, unlocking: key, mode: .readOnly)
                try await golden.expect(archive)
            }
        }
    }

    @Test func `opens for writing, goes on, and keeps each record as it was put`() async throws {
        try await golden.withCopy { path in
            let key = try golden.key()
            let archive = try await Archive.open(at: path, unlocking: key)
            try await golden.expect(archive)
            try await archive.put(Array("later".utf8), name: "later")
            try await archive.close()
            let again = try await Archive.open(at: path, unlocking: key, mode: .readOnly)
            #expect(try await again.get("later")?.body == Array("later".utf8))
            try await golden.expect(again)
        }
    }

    @Test func `opens without its index, which is made anew`() async throws {
        try await golden.withCopy { path in
            try PosixFileSystem().remove(FilePath(path).appending("index/records.btree"))
            let archive = try await Archive.open(at: path, unlocking: golden.key())
            try await golden.expect(archive)
            try await archive.close()
        }
    }

    @Test func `recovers from a batch that was cut, with each record as it was put`() async throws {
        try await golden.withCopy { path in
            let files = PosixFileSystem()
            // Without a head nobody says that the archive was closed in order.
            try files.remove(FilePath(path).appending("head"))
            let place = FilePath(path).appending("segments/0000000000000003.open")
            let segment = try files.open(place, .readWrite)
            try segment.write([UInt8](repeating: 0x5a, count: 100), at: segment.byteCount())
            try segment.close()
            let archive = try await Archive.open(at: path, unlocking: golden.key())
            try await golden.expect(archive)
            try await archive.close()
            #expect(try files.status(of: place) == nil)
        }
    }

    @Test func `is sound in all its parts`() async throws {
        try await golden.withCopy { path in
            let archive = try await Archive.open(at: path, unlocking: golden.key(), mode: .readOnly)
            let report = try await archive.verify()
            #expect(report.findings == [])
            #expect(report.recordCount == UInt64(golden.expected.count + 3))
            let keyless = try await Archive.verifyKeyless(at: path, publicKey: archive.publicKey)
            #expect(keyless.findings == [])
        }
    }

    /// A new collection's frames were written before the record that makes it known when they filled
    /// a pack in the same batch; a reader took their tag for a subject's and called them damaged.
    @Test func `of a new collection in a large batch opens without its index`() throws {
        try TemporaryDirectory.with { path in
            let address = ArchiveAddress(
                PosixFileSystem(),
                path.appending("archive"),
                credential: try golden.key().credential,
                configuration: .quick
            )
            let names = (0..<40).map { "letter \($0)" }
            let engine = try Engine.create(address)
            _ = try engine.commit(
                names.map { name in
                    let body = [UInt8](repeating: 7, count: 1_000)
                    return NewRecord(name: name, body: body, collection: "letters")
                }
            )
            // Neither index nor head knows of the batch, as after the end of a process.
            try engine.lockFile?.close()
            try PosixFileSystem().remove(address.layout.index)
            let again = try Engine.open(address)
            let view = ArchiveView(
                again.readState,
                reader: RecordReader(log: again.reader, keys: again.keys)
            )
            for name in names { #expect(try view.record(named: name, in: "letters") != nil) }
            try again.close()
        }
    }

    @Test func `has its snapshots, and reads as of each`() async throws {
        try await golden.withCopy { path in
            let archive = try await Archive.open(at: path, unlocking: golden.key(), mode: .readOnly)
            let snapshots = try await archive.snapshots()
            #expect(snapshots.map(\.label) == ["first of the golden archive", ""])
            for snapshot in snapshots {
                let view = try await archive.view(at: .snapshot(snapshot.id))
                let known = golden.expected.filter { $0.sequence <= snapshot.lastSequence }
                for line in golden.newest(known) {
                    let record = try view.record(named: line.name, in: line.collection)
                    let expected = line.isDeleted ? nil : line.sequence
                    #expect(record?.sequence == expected, "\(line.name)")
                }
            }
        }
    }

    @Test func `holds what its maker makes`() throws {
        try TemporaryDirectory.with { path in
            let made = try GoldenMaker.make(at: path.appending("archive"))
            // With this variable set, the archive is made there as well, for another version's golden.
            if let place = ProcessInfo.processInfo.environment["STRONGROOM_GOLDEN"] {
                try GoldenMaker.makeAll(at: FilePath(place))
            }
            // How often the engine looks at the clock may change.
            #expect(made.map(\.withoutTime) == golden.expected.map(\.withoutTime))
        }
    }

    @Test func `has a frame of every kind, and one with the dictionary`() throws {
        let kinds = try golden.frames().map { "\($0.kind)" + ($0.dictionary > 0 ? "+" : "") }
        #expect(Set(kinds) == ["records", "records+", "chunk", "commit", "directory", "seal"])
    }
}
