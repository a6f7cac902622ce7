import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `The contract of names` {
    @Test(arguments: FileSystemKind.allCases)
    func `opening says what is missing or in the way`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let file = directory.appending("file")
            try files.make(file)
            #expect(reason { _ = try files.open(file, .createNew) } == .fileExists)
            let missing = directory.appending("missing")
            #expect(reason { _ = try files.open(missing, .read) } == .noSuchFileOrDirectory)
            #expect(reason { _ = try files.open(missing, .readWrite) } == .noSuchFileOrDirectory)
            let below = missing.appending("x")
            #expect(reason { _ = try files.open(below, .createNew) } == .noSuchFileOrDirectory)
            for access in [FileAccess.read, .readWrite, .openOrCreate] {
                #expect(reason { _ = try files.open(directory, access) } == .isDirectory)
            }
            let underFile = file.appending("x")
            #expect(reason { _ = try files.open(underFile, .openOrCreate) } == .notDirectory)
            let long = directory.appending(String(repeating: "n", count: 256))
            #expect(reason { _ = try files.open(long, .openOrCreate) } == .fileNameTooLong)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a failure names the operation and the path`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let missing = directory.appending("missing")
            let error = #expect(throws: SystemError.self) { try files.open(missing, .read) }
            #expect(error == SystemError(.open, missing, .noSuchFileOrDirectory))
            #expect(
                error?.description == "cannot open \(missing.string): No such file or directory"
            )
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `opening or creating keeps what is there`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let path = directory.appending("a")
            try files.open(path, .openOrCreate).write([1, 2], at: 0)
            let again = try files.open(path, .openOrCreate)
            #expect(try again.read(at: 0, byteCount: 9) == [1, 2])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a rename replaces a file but no directory`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let (a, b) = (directory.appending("a"), directory.appending("b"))
            try files.make(a, [1])
            try files.make(b, [2])
            try files.rename(a, to: b)
            #expect(try files.status(of: a) == nil)
            #expect(try files.readAll(b, limit: 9) == [1])
            let folder = directory.appending("folder")
            try files.makeDirectory(folder)
            #expect(reason { try files.rename(b, to: folder) } == .isDirectory)
            #expect(reason { try files.rename(folder, to: b) } == .notDirectory)
            #expect(reason { try files.rename(a, to: b) } == .noSuchFileOrDirectory)
            try files.make(folder.appending("x"), [3])
            try files.makeDirectory(directory.appending("other"))
            let other = directory.appending("other")
            #expect(reason { try files.rename(other, to: folder) } == .directoryNotEmpty)
            #expect(
                reason { try files.rename(folder, to: folder.appending("y")) } == .invalidArgument
            )
            try files.rename(folder, to: other)
            #expect(try files.readAll(other.appending("x"), limit: 1) == [3])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a rename to a new name never replaces`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let (a, b) = (directory.appending("a"), directory.appending("b"))
            try files.make(a, [1])
            try files.make(b, [2])
            #expect(reason { try files.rename(a, toNew: b) } == .fileExists)
            #expect(try files.readAll(b, limit: 9) == [2])
            #expect(try files.readAll(a, limit: 9) == [1])
            try files.rename(a, toNew: directory.appending("c"))
            #expect(try files.names(in: directory) == ["b", "c"])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `files and directories are removed each by its own call`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let (file, folder) = (directory.appending("file"), directory.appending("folder"))
            try files.make(file)
            try files.makeDirectory(folder)
            try files.make(folder.appending("x"))
            #expect(reason { try files.remove(folder) } == .isDirectory)
            #expect(reason { try files.removeDirectory(file) } == .notDirectory)
            #expect(reason { try files.removeDirectory(folder) } == .directoryNotEmpty)
            try files.remove(folder.appending("x"))
            try files.removeDirectory(folder)
            try files.remove(file)
            #expect(reason { try files.remove(file) } == .noSuchFileOrDirectory)
            #expect(try files.names(in: directory).isEmpty)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `making a directory twice is no error, over a file it is`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.makeDirectory(directory.appending("a"))
            try files.makeDirectory(directory.appending("a"))
            try files.make(directory.appending("file"))
            #expect(reason { try files.makeDirectory(directory.appending("file")) } == .fileExists)
            let deep = directory.appending("x/y")
            #expect(reason { try files.makeDirectory(deep) } == .noSuchFileOrDirectory)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `names come in byte order, UTF-8 or not`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let names: [[UInt8]] = [[0x61], [0xff, 0x61], [0xc3, 0xa4], [0x41], [0x61, 0x61]]
            for name in names {
                try files.make(directory.appending(try #require(FilePath.Component(bytes: name))))
            }
            let found = try files.names(in: directory)
            #expect(
                found.map(\.bytes) == [[0x41], [0x61], [0x61, 0x61], [0xc3, 0xa4], [0xff, 0x61]]
            )
            for name in found { try files.remove(directory.appending(name)) }
            #expect(try files.names(in: directory).isEmpty)
            try files.make(directory.appending("file"))
            #expect(
                reason { _ = try files.names(in: directory.appending("file")) } == .notDirectory
            )
            let missing = directory.appending("missing")
            #expect(reason { _ = try files.names(in: missing) } == .noSuchFileOrDirectory)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `status tells files from directories and notices another file`(
        kind: FileSystemKind
    ) throws {
        try kind.with { files, directory in
            let path = directory.appending("a")
            #expect(try files.status(of: path) == nil)
            #expect(try files.status(of: directory)?.kind == .directory)
            try files.make(path, [1, 2, 3])
            let first = try #require(try files.status(of: path))
            #expect(first.kind == .file)
            #expect(first.byteCount == 3)
            try files.make(directory.appending("b"))
            try files.rename(directory.appending("b"), to: path)
            let second = try #require(try files.status(of: path))
            #expect(second.inode != first.inode)
            #expect(second.device == first.device)
            #expect(reason { _ = try files.status(of: path.appending("x")) } == .notDirectory)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `directories synchronize, files in their place do not`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.synchronizeDirectory(directory)
            try files.make(directory.appending("a"))
            let file = directory.appending("a")
            #expect(reason { try files.synchronizeDirectory(file) } == .notDirectory)
            let missing = directory.appending("missing")
            #expect(reason { try files.synchronizeDirectory(missing) } == .noSuchFileOrDirectory)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `there is room, and a missing place has none`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let room = try files.availableByteCount(at: directory)
            #expect(room > 0)
            let missing = directory.appending("missing")
            #expect(
                reason { _ = try files.availableByteCount(at: missing) } == .noSuchFileOrDirectory
            )
        }
    }

    @Test func `a component is made only of a possible name`() {
        #expect(FilePath.Component(bytes: []) == nil)
        #expect(FilePath.Component(bytes: [0x61, 0]) == nil)
        #expect(FilePath.Component(bytes: [0x61, 0x2f]) == nil)
        #expect(FilePath("a").directory == ".")
        #expect(FilePath("/a").directory == "/")
        #expect(FilePath("a/b").directory == "a")
    }
}
