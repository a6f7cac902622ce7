import ArchiveBytes
import ArchiveFormat
import ArchiveSegments
import Strongroom
import Support
import SystemPackage
import Testing

@testable import StrongroomRecovery

/// How a segment's directories are fetched: each request to a vault costs a round trip.
@Suite struct `Reading a directory` {
    private let keys: KeyringKeys
    private let segment: SealedSegment
    private let bytes: [UInt8]
    private let offset: UInt64

    init() async throws {
        let archive = try TestArchive.make(counts: [1])
        // Names of which no two are alike: a directory of some length.
        try archive.change { engine in
            var generator = SeededGenerator(seed: 8)
            let names = (0..<300).map { _ in Hex.encode(generator.bytes(30)) }
            _ = try engine.commit(names.map { NewRecord(name: $0, body: [1]) })
            _ = try engine.snapshot(label: "")
        }
        let vault = try await UnlockedVault.open(
            try await archive.vault(),
            VaultKeys(try TestArchive.key())
        )
        keys = KeyringKeys(vault.keyring)
        let directory = SegmentDirectory(archive.files, "/archive/segments")
        let number = try #require(try directory.names().last { $0.isSealed }?.number)
        segment = try SealedSegment.open(
            directory,
            number,
            archiveID: keys.archiveID,
            publicKey: keys.publicKey
        )
        bytes = try #require(archive.files.bytes(of: directory.path(.init(number, isSealed: true))))
        offset = try #require(segment.seal.directories.last)
    }

    @Test func `takes one request, whose length the seal tells`() throws {
        let file = CountedFile(bytes)
        let entries = try segment.reading(file).entries(at: offset, keys)
        #expect(entries.records.count == 300)
        let next = try #require(segment.seal.commits.first { $0.offset > offset }?.offset)
        #expect(file.reads == [Int(offset)..<Int(next)])
        // What is asked for without knowing would not have been enough.
        #expect(next - offset > 2_048)
    }

    @Test(arguments: [0, 1, 2_047, 4_096, 1 << 20])
    func `brings the same, whatever length was expected`(expected: Int) throws {
        var frame: [UInt8] = []
        try LogReader.read(
            CountedFile(bytes),
            segment.header.number,
            at: offset,
            expectedByteCount: expected,
            into: &frame
        )
        let header = FrameHeader(unchecked: frame.span)
        let (kind, byteCount) = (header?.kind, header?.frameByteCount ?? .max)
        #expect(kind == .directory && frame.count >= byteCount)
        let start = Int(offset)
        #expect(frame.elementsEqual(bytes[start..<start + frame.count]))
    }
}
