import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Whatever was acknowledged is never put aside in silence, and a file that is gone is named.
@Suite struct `A segment file` {
    private let active = "0000000000000001.open"
    private let next = "0000000000000002.open"

    private func withRecord<Result>(_ body: (SmallArchive) throws -> Result) throws -> Result {
        try SmallArchive.with(filledBy: { try $0.put("a", "kept") }, body)
    }

    private func failure(_ body: () throws -> Void) -> ArchiveError? {
        do { try body() } catch { return error as? ArchiveError }
        return nil
    }

    @Test func `that is gone is damage and no rollback, with and without an index`() throws {
        for removesIndex in [false, true] {
            try withRecord { archive in
                try archive.files.remove(archive.segment(active))
                if removesIndex {
                    try archive.files.remove(archive.path.appending("index/records.btree"))
                }
                let reading = failure { _ = try archive.bodies() }
                let writing = failure { try archive.writing { try $0.put("b") } }
                let said = [writing, removesIndex ? nil : reading].compactMap(\.self)
                #expect(said.count == (removesIndex ? 1 : 2))
                for error in said {
                    #expect(error.code == .corrupt)
                    #expect(error.message.contains("segment 1: its file is missing from"))
                    #expect(error.message.contains("strongroom recover"))
                }
            }
        }
    }

    @Test func `that is gone before the index knew of it is named to a reader`() throws {
        try withRecord { archive in
            let old = try archive.read(archive.path.appending("index/records.btree"))
            try archive.writing { engine in
                _ = try engine.snapshot(label: "")
                try engine.put("b")
            }
            // The index as it was when segment 2 did not exist yet.
            try archive.files.replace(archive.path.appending("index/records.btree"), with: old)
            try archive.files.remove(archive.segment(next))
            let error = try #require(failure { _ = try archive.bodies() })
            #expect(error.code == .corrupt)
            #expect(error.message.contains("segment 2: its file is missing"))
        }
    }

    @Test func `that was gone with the directory of segments is damage`() throws {
        try withRecord { archive in
            try archive.files.remove(archive.segment(active))
            try archive.files.removeDirectory(archive.path.appending("segments"))
            for body in [{ _ = try archive.bodies() }, { try archive.writing { try $0.put("b") } }]
            {
                #expect(failure(body)?.code == .corrupt)
            }
        }
    }

    /// Opening once moved every older unsealed segment to quarantine without a look into it.
    @Test func `with commits stays where it is when a later one stands behind it`() throws {
        try withRecord { archive in
            let bytes = try archive.read(archive.segment(active))
            let empty = [UInt8](repeating: 0, count: SegmentHeader.byteCount)
            try archive.files.replace(archive.segment(next), with: empty)
            let error = try #require(failure { try archive.writing { try $0.put("b") } })
            #expect(error.code == .corrupt)
            #expect(error.message.contains("segment 1"))
            #expect(try archive.read(archive.segment(active)) == bytes)
            #expect(try archive.names(in: "quarantine").isEmpty)
            #expect(try archive.bodies() == ["a": Array("kept".utf8)])
        }
    }

    /// Nothing in the file tells of what was cut off, and the finding once named no file.
    @Test func `that was cut behind its header is named, by verifications and by doctor`() throws {
        try withRecord { archive in
            let key = try Engine.openForReading(archive.address()).document.publicKey
            try archive.edit(archive.segment(active)) { $0.removeLast($0.count - 4_096) }
            let reports = [
                try Engine.openForReading(archive.address()).verify(),
                try Engine.verifyKeyless(archive.files, archive.path, publicKey: key),
            ]
            for report in reports {
                #expect(report.findings.contains { $0.hasPrefix("\(active), commit 1: missing") })
                #expect(report.findings.contains { $0.contains("`strongroom recover`") })
            }
            var examination = Examination(
                archive.files,
                archive.path,
                volume: nil,
                now: Timestamp(microseconds: .max)
            )
            examination.lookFromOutside()
            #expect(
                examination.symptoms.contains {
                    $0.code == "log_cut" && $0.text.contains("in segment 1 ")
                }
            )
            let error = try #require(failure { try archive.writing { try $0.put("b") } })
            #expect(error.code == .rollback && error.message.contains("segment 1"))
        }
    }

    @Test func `that never held a batch is put aside, and writing goes on`() throws {
        try SmallArchive.with { archive in
            let empty = [UInt8](repeating: 0, count: 2 * SegmentHeader.byteCount)
            try archive.files.replace(archive.segment(active), with: empty)
            try archive.writing { try $0.put("a", "kept") }
            try archive.files.replace(archive.segment(active), with: empty)
            try archive.writing { try $0.put("b", "too") }
            #expect(try archive.names(in: "quarantine") == [active])
            #expect(try archive.bodies().keys.sorted() == ["a", "b"])
        }
    }

    /// Without a head nothing else knew of the commits behind a damaged header.
    @Test func `whose header is damaged is not taken for one that never held a batch`() throws {
        try withRecord { archive in
            for name in ["head", "index/records.btree"] {
                try archive.files.remove(archive.path.appending(name))
            }
            try archive.edit(archive.segment(active)) { $0[70] ^= 1 }
            let bytes = try archive.read(archive.segment(active))
            #expect(failure { try archive.writing { try $0.put("b") } }?.code == .corrupt)
            #expect(try archive.read(archive.segment(active)) == bytes)
            #expect(try archive.names(in: "quarantine").isEmpty)
        }
    }

    /// Counting on from such a number stopped the program, and an enemy can make such a header, for its
    /// hash is nobody's secret.
    @Test(arguments: [72, 80], [UInt64.min, .max, .max - 1])
    func `whose header numbers what cannot be is damaged, with and without keys`(
        field: Int,
        number: UInt64
    ) throws {
        try withRecord { archive in
            let key = try Engine.openForReading(archive.address()).document.publicKey
            try archive.edit(archive.segment(active)) { bytes in
                for byte in 0..<8 {
                    bytes[field + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
                }
                let hash = SHA256.hash(Array(bytes[..<4_064]).span)
                bytes.replaceSubrange(4_064..<4_096, with: hash.bytes)
            }
            let report = try Engine.verifyKeyless(archive.files, archive.path, publicKey: key)
            #expect(!report.isSound)
            #expect(failure { try archive.writing { try $0.put("b") } }?.code == .corrupt)
            try archive.files.remove(archive.path.appending("index/records.btree"))
            #expect(failure { try archive.writing { try $0.put("b") } }?.code == .corrupt)
        }
    }

    @Test func `with features that only concern writers is read and not written to`() throws {
        try withRecord { archive in
            try archive.edit(archive.segment(active)) { bytes in
                bytes[24] = 1
                let hash = SHA256.hash(Array(bytes[..<4_064]).span)
                bytes.replaceSubrange(4_064..<4_096, with: hash.bytes)
            }
            let bytes = try archive.read(archive.segment(active))
            let error = try #require(failure { try archive.writing { try $0.put("b") } })
            #expect(error.code == .unsupported)
            #expect(error.message.contains("newer release"))
            #expect(try archive.read(archive.segment(active)) == bytes)
            #expect(try archive.bodies() == ["a": Array("kept".utf8)])
        }
    }
}
