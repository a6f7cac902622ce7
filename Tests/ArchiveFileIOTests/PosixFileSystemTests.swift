import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `POSIX file system` {
    let files = PosixFileSystem()

    @Test func `what is written is read back`() throws {
        try TemporaryDirectory.with { directory in
            let path = directory.appending("a")
            let file = try files.open(path, .createNew)
            try file.write([1, 2, 3, 4], at: 0)
            try file.write([9], at: 6)
            try file.synchronizeData()
            try file.synchronize()
            #expect(try file.byteCount() == 7)
            #expect(try file.read(at: 1, byteCount: 100) == [2, 3, 4, 0, 0, 9])
            #expect(try file.read(at: 7, byteCount: 1).isEmpty)
            #expect(try file.read(at: 1_000_000, byteCount: 1).isEmpty)
            try file.close()
            #expect(try files.readAll(path, limit: 7) == [1, 2, 3, 4, 0, 0, 9])
        }
    }
}
