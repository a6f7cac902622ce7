import ArchiveBytes
import ArchiveCodecs
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Testing

@testable import Strongroom

/// A frame that opens may still hold what it must not: who has the keys, or had a fault, can have sealed it.
@Suite struct `What a pack may hold` {
    private static let body = Array("a body".utf8)

    private static func entry(_ subject: String?, _ collection: String = "records") -> RecordEntry {
        var entry = NewRecord(name: "n", body: body, subject: subject).entry
        entry.collection = collection
        return entry
    }

    /// What verification finds of a pack of these records that is sealed for `Patient/1`.
    private func findings(
        _ entries: RecordEntry...,
        change: (inout RecordEntry) -> Void = { _ in }
    ) throws -> [String] {
        try SmallArchive.with { archive in
            let engine = try Engine.open(try archive.address())
            let log = try engine.writableLog()
            let first = log.link.lastSequence + 1
            let opener = FrameOpener(keys: engine.keys, dictionaries: nil)
            let records = entries.enumerated().map { slot, entry in
                var entry = entry
                entry.name = "n\(slot)"
                entry.sequence = first + UInt64(slot)
                entry.recorded = log.link.time
                entry.digest = opener.digest(of: Self.body.span)
                if slot == entries.count - 1 { change(&entry) }
                return (entry, Self.body)
            }
            let draft = FrameDraft(
                kind: .records,
                .bytes(Pack.encode(records)),
                domain: .subject("Patient/1"),
                firstSequence: first,
                codec: .zstandard
            )
            let last = first + UInt64(entries.count) - 1
            _ = try log.commit([draft], lastSequence: last, time: log.link.time)
            // The engine does not know of it: it is left as a crash would.
            try engine.lockFile?.close()
            return try archive.writing { try $0.verify().findings }
        }
    }

    @Test func `are records of one subject, in any collections`() throws {
        let (one, other) = (Self.entry("Patient/1"), Self.entry("Patient/1", "letters"))
        #expect(try findings(one, other, other, one).isEmpty)
    }

    @Test func `is nothing of another subject, nor of none`() throws {
        let one = Self.entry("Patient/1")
        for other in [Self.entry("Patient/2"), Self.entry("Patient/10"), Self.entry(nil)] {
            for found in [try findings(other), try findings(one, other), try findings(other, one)] {
                #expect(found.contains { $0.contains("another subject or collection") })
            }
        }
    }

    @Test func `is no body that has another digest than its record says`() throws {
        let one = Self.entry("Patient/1")
        let found = try findings(one, one) { $0.digest = .zero }
        #expect(found.contains { $0.contains("has another digest") })
    }
}
