import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// A verification tells of damage exactly where it is: file, offset, commit and record versions.
@Suite struct `The range of a damage` {
    /// Four commits of two records, of which the last is followed by another.
    private static func fill(_ engine: Engine) throws {
        for commit in 1...4 {
            _ = try engine.commit(
                (0..<2).map { number in
                    NewRecord(name: "\(commit)/\(number)", body: [UInt8](repeating: 7, count: 300))
                }
            )
        }
        _ = try engine.commit([NewRecord(name: "last", body: [1])])
    }

    private static func damages(_ archive: SmallArchive) throws -> [Damage] {
        try Engine.openForReading(archive.address()).verify().damages
    }

    @Test(arguments: [false, true])
    func `is the frame, the commit and the records that it is in`(isSealed: Bool) throws {
        try SmallArchive.with { archive in
            try archive.writing { engine in
                try Self.fill(engine)
                if isSealed { _ = try engine.snapshot(label: "") }
            }
            let name = "0000000000000001." + (isSealed ? "seg" : "open")
            let path = archive.segment(name)
            let whole = try archive.read(path)
            let frames = try SegmentFrame.all(in: whole)
            let records = frames.filter { $0.kind == .records }
            #expect(records.count >= 5)
            for frame in records.prefix(4) {
                for offset in [
                    frame.range.lowerBound + FrameHeader.byteCount, frame.range.upperBound - 17,
                ] {
                    var bytes = whole
                    bytes[offset] ^= 4
                    try archive.files.replace(path, with: bytes)
                    let found = try Self.damages(archive).filter { $0.file == name }
                    let damage = try #require(found.first, "nothing is found at \(offset)")
                    #expect(damage.offset == UInt64(frame.range.lowerBound), "\(damage)")
                    #expect(damage.commits?.contains(frame.commit) == true, "\(damage)")
                    if isSealed {
                        let first = (frame.commit - 1) * 2 + 1
                        #expect(damage.commits == frame.commit...frame.commit)
                        #expect(damage.sequences == first...(first + 1), "\(damage)")
                        #expect(found.count == 1)
                    }
                }
            }
            // What is damaged is never taken for a torn end: nothing of it is set aside.
            if !isSealed {
                let error = #expect(throws: ArchiveError.self) { try archive.writing { _ in } }
                #expect(error?.code == .corrupt)
                #expect(try archive.names(in: "quarantine").isEmpty)
            }
        }
    }
}
