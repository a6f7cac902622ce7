import ArchiveBytes
import ArchiveCodecs
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Version 1 writers need not pad, but what a later one has padded must be readable for ever.
@Suite struct `A frame with padding` {
    private let body = Array(String(repeating: "a padded body ", count: 50).utf8)

    /// Commits one record in a frame of `codec` with zeros behind its compressed bytes.
    private func put(_ name: String, padding: Int, in engine: Engine) throws {
        let log = try engine.writableLog()
        let sequence = log.link.lastSequence + 1
        var entry = NewRecord(name: name, body: body, subject: "Patient/1").entry
        entry.sequence = sequence
        entry.recorded = log.link.time
        entry.digest = FrameOpener(keys: engine.keys, dictionaries: nil).digest(of: body.span)
        var draft = FrameDraft(
            kind: .records,
            .bytes(Pack.encode([(entry, body)])),
            domain: .subject("Patient/1"),
            firstSequence: sequence,
            codec: name == "stored" ? .stored : name == "zlib" ? .zlib : .zstandard
        )
        draft.paddingByteCount = padding
        _ = try log.commit([draft], lastSequence: sequence, time: log.link.time)
        // The engine does not know of it: it is left as a crash would.
    }

    private func withPadded(_ body: (SmallArchive) throws -> Void) throws {
        try SmallArchive.with { archive in
            let engine = try Engine.open(try archive.address())
            for name in ["stored", "zlib", "zstandard"] {
                try put(name, padding: 1_000, in: engine)
            }
            try engine.lockFile?.close()
            try body(archive)
        }
    }

    @Test func `is read as if it had none, whatever the codec`() throws {
        try withPadded { archive in
            let all = try archive.bodies()
            #expect(all == ["stored": body, "zlib": body, "zstandard": body])
            let report = try archive.writing { try $0.verify() }
            #expect(report.isSound)
            #expect(try archive.bodies() == all)
        }
    }

    @Test(.enabled(if: PythonReader.isExpected, PythonReader.reason))
    func `is read by the reader in Python as well`() throws {
        try withPadded { archive in
            let key = archive.path.removingLastComponent().appending("key")
            try archive.files.replace(key, with: GoldenMaker.keyFile)
            let result = try PythonReader.run(
                ["list", archive.path.string, "--key-file", key.string]
            )
            #expect(result.status == 0, "\(result.message)")
            #expect(result.records.count == 3)
        }
    }
}
