import ArchiveFileIO
import ArchiveFormat
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// The index is a cache: damage to it costs time and no record.
@Suite struct `A damaged index page` {
    private let pageByteCount = 1_024
    /// Room for two meta slots stands before the first page.
    private let firstPage = 8_192

    private func withRecords<Result>(_ body: (SmallArchive) throws -> Result) throws -> Result {
        var configuration = ArchiveConfiguration()
        configuration.pageByteCount = pageByteCount
        return try SmallArchive.with(configuration, filledBy: fill, body)
    }

    private func fill(_ engine: Engine) throws {
        for number in 0..<60 {
            try engine.put("record/\(number)", "body \(number)", subject: "Patient/\(number % 7)")
        }
    }

    private func index(_ archive: SmallArchive) -> FilePath {
        archive.path.appending("index/records.btree")
    }

    private func damage(_ archive: SmallArchive, pages: Range<Int>) throws {
        try archive.edit(index(archive)) { bytes in
            for page in pages { bytes[firstPage + page * pageByteCount + 200] ^= 1 }
        }
    }

    private func pageCount(_ archive: SmallArchive) throws -> Int {
        (try archive.read(index(archive)).count - firstPage) / pageByteCount
    }

    /// The random number that an index is given when it is made.
    private func generation(_ archive: SmallArchive) throws -> [UInt8] {
        Array(try archive.read(index(archive))[32..<40])
    }

    @Test func `tells a reader that only the index is concerned and what to do`() throws {
        try withRecords { archive in
            try damage(archive, pages: 0..<(try pageCount(archive)))
            let error = #expect(throws: ArchiveError.self) { _ = try archive.bodies() }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("records.btree") == true)
            #expect(error?.message.contains("not the records") == true)
            #expect(error?.message.contains("strongroom rebuild-index") == true)
        }
    }

    @Test func `is made good by opening for writing, and nothing is missing`() throws {
        try withRecords { archive in
            let all = try archive.bodies()
            try damage(archive, pages: 0..<(try pageCount(archive)))
            try archive.writing { engine in
                #expect(engine.indexWasRebuilt)
                try engine.put("one more")
            }
            #expect(try archive.bodies().count == all.count + 1)
            let report = try archive.writing { try $0.verify() }
            #expect(report.isSound)
        }
    }

    /// A page that opening does not read shows when a checkpoint goes through it.
    @Test func `wherever it is never fails a commit, and a checkpoint that meets it heals it`()
        throws
    {
        try withRecords { archive in
            let all = try archive.bodies()
            let whole = try archive.read(index(archive))
            let made = try generation(archive)
            var healedCount = 0
            for page in 0..<(try pageCount(archive)) {
                try archive.files.replace(index(archive), with: whole)
                try damage(archive, pages: page..<(page + 1))
                try archive.writing { engine in
                    #expect(engine.readState.link.lastSequence >= 60)
                    for number in 0..<60 { try engine.put("record/\(number)", "body \(number)") }
                }
                if try generation(archive) != made { healedCount += 1 }
                do {
                    #expect(try archive.bodies() == all)
                } catch let error as ArchiveError {
                    #expect(error.code == .corrupt)
                }
                guard page % 16 == 15 else { continue }
                _ = try Engine.open(try archive.address(), rebuildingIndex: true).close()
                #expect(try archive.bodies() == all)
            }
            #expect(healedCount > 0)
        }
    }

    /// Without a head only the index knew how long the log had been.
    @Test func `does not let a log that was cut pass for a whole one`() throws {
        try withRecords { archive in
            try archive.files.remove(archive.path.appending("head"))
            try damage(archive, pages: 0..<(try pageCount(archive)))
            try archive.edit(archive.segment("0000000000000001.open")) { $0.removeLast(3_000) }
            for _ in 0..<2 {
                let error = #expect(throws: ArchiveError.self) { try archive.writing { _ in } }
                #expect(error?.code == .rollback)
            }
        }
    }
}
