import ArchiveFileIO
import ArchiveFormat
import Support
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `Parameters of an archive` {
    private func creating(
        _ change: (inout ArchiveConfiguration) -> Void,
        _ body: (SmallArchive, ArchiveError?) throws -> Void
    ) throws {
        var configuration = ArchiveConfiguration()
        change(&configuration)
        try TemporaryDirectory.with { directory in
            let archive = SmallArchive(path: directory.appending("A"))
            var failure: ArchiveError?
            do {
                try Engine.create(try archive.address(configuration)).close()
            } catch let error as ArchiveError {
                failure = error
            }
            try body(archive, failure)
        }
    }

    /// Such an archive was made, and then could not be opened by anybody.
    @Test func `that the format cannot hold are refused before anything is made`() throws {
        let changes: [(String, (inout ArchiveConfiguration) -> Void)] = [
            ("segment_bytes", { $0.segmentByteCount = 65_535 }),
            ("segment_bytes", { $0.segmentByteCount = (1 << 30) + 1 }),
            ("segment_bytes", { $0.segmentByteCount = -1 }),
            ("pack_bytes", { $0.packByteCount = 0 }),
            ("pack_bytes", { $0.packByteCount = (1 << 20) + 1 }),
            ("index_page_bytes", { $0.pageByteCount = 256 }),
            ("index_page_bytes", { $0.pageByteCount = 1_000 }),
            ("index_page_bytes", { $0.pageByteCount = 1 << 17 }),
        ]
        for (name, change) in changes {
            try creating(change) { archive, failure in
                #expect(failure?.code == .invalid)
                #expect(failure?.message.contains(name) == true)
                let place = try archive.files.status(of: archive.path)
                #expect(place == nil)
            }
        }
    }

    @Test func `at their limits make an archive that opens again`() throws {
        let changes: [(inout ArchiveConfiguration) -> Void] = [
            { $0.segmentByteCount = 65_536 }, { $0.segmentByteCount = 1 << 30 },
            { $0.packByteCount = 1 }, { $0.packByteCount = 1 << 20 },
            { $0.pageByteCount = 512 }, { $0.pageByteCount = 1 << 16 },
        ]
        for change in changes {
            try creating(change) { archive, failure in
                #expect(failure == nil)
                try archive.writing { try $0.put("a") }
                #expect(try archive.bodies().count == 1)
            }
        }
    }

    @Test(arguments: ArchiveProfile.allCases)
    func `come from the profile, which later openings find`(profile: ArchiveProfile) throws {
        var configuration = ArchiveConfiguration(profile: profile)
        configuration.scryptLogN = 10
        try SmallArchive.with(configuration) { archive in
            try archive.writing { engine in
                #expect(engine.document.packByteCount == profile.packByteCount)
                #expect(engine.compressionLevel == profile.compressionLevel)
            }
            configuration.compressionLevel = 7
            let engine = try Engine.openForReading(try archive.address(configuration))
            #expect(engine.compressionLevel == 7)
        }
    }

    @Test func `of a profile that is not known yet are those of the balanced one`() throws {
        try SmallArchive.with { archive in
            try archive.writing { engine in
                var document = engine.document
                document.profile = "later"
                let signed = try SignedDocument.signedBytes(
                    document.document,
                    purpose: ArchiveDocument.purpose
                )
                let file = try SignedDocument.encode(
                    document.document,
                    signature: try engine.keys.sign(signed)
                )
                try archive.files.replace(archive.path.appending("archive.json"), with: file)
            }
            try archive.writing { engine in
                #expect(engine.document.profile == "later")
                #expect(engine.compressionLevel == ArchiveProfile.balanced.compressionLevel)
            }
        }
    }
}
