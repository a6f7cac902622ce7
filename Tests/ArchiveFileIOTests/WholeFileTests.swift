import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `Whole files` {
    @Test(arguments: FileSystemKind.allCases)
    func `reading stops at the limit`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let path = directory.appending("a")
            try files.make(path, [1, 2, 3])
            #expect(try files.readAll(path, limit: 3) == [1, 2, 3])
            #expect(reason { _ = try files.readAll(path, limit: 2) } == .fileTooLarge)
            try files.make(directory.appending("empty"))
            #expect(try files.readAll(directory.appending("empty"), limit: 0) == [])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a replacement leaves the new bytes and nothing else`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let path = directory.appending("a")
            try files.replace(path, with: [1, 2, 3])
            try files.replace(path, with: [4])
            #expect(try files.readAll(path, limit: 9) == [4])
            #expect(try files.names(in: directory) == ["a"])
            #expect(reason { try files.replace("/", with: [1]) } == .isDirectory)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `what a killed replacement left is taken over`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.make(directory.appending("a.tmp"), [9, 9, 9])
            try files.replace(directory.appending("a"), with: [1])
            #expect(try files.readAll(directory.appending("a"), limit: 9) == [1])
            #expect(try files.names(in: directory) == ["a"])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a second replacement at the same time is refused`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let other = try files.open(directory.appending("a.tmp"), .createNew)
            #expect(try other.tryLock(byte: 0, exclusively: true))
            #expect(
                reason { try files.replace(directory.appending("a"), with: [1]) } == .resourceBusy
            )
            #expect(try files.names(in: directory) == ["a.tmp"])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `missing directories are made, present ones kept`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let deep = directory.appending("a/b/c")
            try files.makeDirectories(deep)
            try files.makeDirectories(deep)
            #expect(try files.status(of: deep)?.kind == .directory)
            try files.make(directory.appending("file"))
            #expect(
                reason { try files.makeDirectories(directory.appending("file")) } == .fileExists
            )
            let below = directory.appending("file/x")
            #expect(reason { try files.makeDirectories(below) } == .notDirectory)
        }
    }

    /// Stops a replacement at each of its changes and at each failure, with every outcome of the
    /// power loss.
    @Test func `a crash in a replacement leaves the old bytes or the new`() throws {
        func prepared() throws -> SimulatedFileSystem {
            let files = SimulatedFileSystem()
            try files.replace("/a", with: [1, 1])
            return files
        }
        let rehearsal = try prepared()
        let before = rehearsal.changeCount
        try rehearsal.replace("/a", with: [2, 2, 2])
        #expect(rehearsal.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [2, 2, 2])
        var seen: Set<[UInt8]> = []
        for change in before + 1...rehearsal.changeCount {
            let files = try prepared()
            files.crash(atChange: change)
            #expect(throws: SystemError.self) { try files.replace("/a", with: [2, 2, 2]) }
            var oracle = ExhaustiveOracle()
            repeat {
                let survivor = files.afterCrash(&oracle)
                let found = survivor.bytes(of: "/a") ?? []
                #expect(found == [1, 1] || found == [2, 2, 2], "at change \(change)")
                seen.insert(found)
                try survivor.replace("/a", with: [3])
                #expect(survivor.filePaths == ["/a"])
            } while oracle.advance()
        }
        #expect(seen.count == 2)
    }

    @Test(arguments: [SystemError.Operation.create, .write, .synchronize, .rename])
    func `a failed replacement leaves the old bytes and no rest`(
        operation: SystemError.Operation
    ) throws {
        let files = SimulatedFileSystem()
        try files.replace("/a", with: [1, 1])
        files.inject(SimulatedFault(operation, errno: .noSpace))
        #expect(reason { try files.replace("/a", with: [2]) } == .noSpace)
        #expect(files.bytes(of: "/a") == [1, 1])
        #expect(files.filePaths == ["/a"])
        #expect(files.afterCrash(.keepAll).bytes(of: "/a") == [1, 1])
    }

    @Test func `new directories survive a power loss`() throws {
        let files = SimulatedFileSystem()
        try files.makeDirectories("/a/b/c")
        let survivor = files.afterCrash(.dropAllUnsynced)
        #expect(try survivor.status(of: "/a/b/c")?.kind == .directory)
    }
}
