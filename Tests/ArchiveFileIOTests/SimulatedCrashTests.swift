import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `A power loss in the simulation` {
    @Test func `what was synchronized is always there`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 3))
        var oracle = ExhaustiveOracle()
        repeat {
            let survivor = files.afterCrash(&oracle)
            #expect(survivor.bytes(of: "/a") == pattern(1, sectors: 3))
        } while oracle.advance()
        #expect(files.afterCrash(.seeded(9)).bytes(of: "/a") == pattern(1, sectors: 3))
    }

    @Test func `each unsynchronized sector is old or new on its own`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 3))
        try files.open("/a", .readWrite).write(pattern(2, sectors: 3), at: 0)
        #expect(files.pendingSectorCount == 3)
        #expect(
            firstBytes(outcomes(files)) == [
                [1, 1, 1], [1, 1, 2], [1, 2, 1], [1, 2, 2],
                [2, 1, 1], [2, 1, 2], [2, 2, 1], [2, 2, 2],
            ]
        )
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == pattern(1, sectors: 3))
        #expect(files.afterCrash(.keepAll).bytes(of: "/a") == pattern(2, sectors: 3))
    }

    @Test func `a sector written twice may be found in between`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 1))
        let file = try files.open("/a", .readWrite)
        try file.write(pattern(2, sectors: 1), at: 0)
        try file.write(pattern(3, sectors: 1), at: 0)
        #expect(firstBytes(outcomes(files)) == [[1], [2], [3]])
    }

    @Test func `a length may be there without its bytes, as zeros or as anything`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 1))
        try files.open("/a", .readWrite).write(pattern(2, sectors: 1), at: 512)
        let found = outcomes(files)
        #expect(found.contains(pattern(1, sectors: 1)))
        #expect(found.contains(pattern(1, sectors: 1) + pattern(0, sectors: 1)))
        #expect(found.contains(pattern(1, sectors: 1) + pattern(2, sectors: 1)))
        #expect(found.count == 4)
    }

    @Test func `reserved space reads as zeros if it is there`() throws {
        let files = try prepared(synchronized: [])
        let file = try files.open("/a", .readWrite)
        try file.allocate(from: 0, byteCount: 512)
        try file.write(pattern(2, sectors: 1), at: 0)
        #expect(outcomes(files) == [[], pattern(0, sectors: 1), pattern(2, sectors: 1)])
    }

    @Test func `a cut may be lost, also when the file has grown again`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 2))
        let file = try files.open("/a", .readWrite)
        try file.resize(to: 512)
        #expect(outcomes(files).contains(pattern(1, sectors: 2)))
        #expect(outcomes(files).contains(pattern(1, sectors: 1)))
        try file.resize(to: 1024)
        try file.synchronizeData()
        #expect(outcomes(files) == [pattern(1, sectors: 1) + pattern(0, sectors: 1)])
    }

    @Test func `whole sectors are torn only by an oracle that says so`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 1))
        try files.open("/a", .readWrite).write(pattern(2, sectors: 1), at: 0)
        func isMixed(_ seed: UInt64, tearsSectors: Bool) -> Bool {
            var oracle = SeededOracle(seed: seed, tearsSectors: tearsSectors)
            return Set(files.afterCrash(&oracle).bytes(of: "/a") ?? []).count == 2
        }
        #expect(!(0..<200).contains { isMixed($0, tearsSectors: false) })
        #expect((0..<200).contains { isMixed($0, tearsSectors: true) })
    }

    @Test func `a seed decides everything`() throws {
        let files = try prepared(synchronized: pattern(1, sectors: 40))
        try files.open("/a", .readWrite).write(pattern(2, sectors: 40), at: 0)
        let worlds = (0..<20).map { files.afterCrash(.seeded($0)).bytes(of: "/a") }
        #expect(worlds == (0..<20).map { files.afterCrash(.seeded($0)).bytes(of: "/a") })
        #expect(Set(worlds).count > 10)
    }

    // MARK: Names

    @Test func `a new name is lost without its directory, however well its file is synchronized`()
        throws
    {
        let files = SimulatedFileSystem()
        let file = try files.open("/a", .createNew)
        try file.write([1], at: 0)
        try file.synchronize()
        #expect(files.afterCrash(.dropAllUnsynced).filePaths.isEmpty)
        try files.synchronizeDirectory("/")
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [1])
    }

    @Test func `an unsynchronized file under a durable name is empty`() throws {
        let files = SimulatedFileSystem()
        try files.open("/a", .createNew).write([1], at: 0)
        try files.synchronizeDirectory("/")
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [])
    }

    @Test func `a rename leaves the old file or the new, never neither`() throws {
        let files = try prepared(synchronized: [1])
        files.replaceBytes(of: "/b", with: [2])
        try files.rename("/b", to: "/a")
        var found: Set<[UInt8]?> = []
        var oracle = ExhaustiveOracle()
        repeat {
            let survivor = files.afterCrash(&oracle)
            found.insert(survivor.bytes(of: "/a"))
            #expect(
                survivor.filePaths == (survivor.bytes(of: "/a") == [1] ? ["/a", "/b"] : ["/a"])
            )
        } while oracle.advance()
        #expect(found == [[1], [2]])
    }

    @Test func `a rename to a new name may leave both names`() throws {
        let files = try prepared(synchronized: [1])
        try files.rename("/a", toNew: "/b")
        var found: Set<[FilePath]> = []
        var oracle = ExhaustiveOracle()
        repeat { found.insert(files.afterCrash(&oracle).filePaths) } while oracle.advance()
        #expect(found.contains(["/a"]))
        #expect(found.contains(["/b"]))
        #expect(found.contains(["/a", "/b"]))
    }

    @Test func `a removal may be undone until the directory is synchronized`() throws {
        let files = try prepared(synchronized: [1])
        try files.remove("/a")
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [1])
        #expect(files.afterCrash(.keepAll).bytes(of: "/a") == nil)
        try files.synchronizeDirectory("/")
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == nil)
    }

    @Test func `a rename across directories is durable whole with either`() throws {
        for synchronized: FilePath in ["/from", "/to"] {
            let files = SimulatedFileSystem()
            try files.makeDirectories("/from")
            try files.makeDirectories("/to")
            files.replaceBytes(of: "/from/a", with: [1])
            try files.rename("/from/a", to: "/to/a")
            try files.synchronizeDirectory(synchronized)
            #expect(files.afterCrash(.dropAllUnsynced).filePaths == ["/to/a"])
        }
    }

    @Test func `a synchronization of one directory says nothing of another`() throws {
        let files = SimulatedFileSystem()
        try files.makeDirectories("/one")
        try files.makeDirectory("/two")
        try files.make("/one/a")
        try files.make("/two/a")
        try files.synchronizeDirectory("/one")
        try files.synchronizeDirectory("/two")
        #expect(files.afterCrash(.dropAllUnsynced).filePaths == ["/one/a"])
        try files.synchronizeDirectory("/")
        #expect(files.afterCrash(.dropAllUnsynced).filePaths == ["/one/a", "/two/a"])
    }
}

/// A world with the durable file `/a`.
func prepared(synchronized bytes: [UInt8]) throws -> SimulatedFileSystem {
    let files = SimulatedFileSystem()
    let file = try files.open("/a", .createNew)
    try file.write(bytes, at: 0)
    try file.synchronize()
    try file.close()
    try files.synchronizeDirectory("/")
    return files
}

private func pattern(_ byte: UInt8, sectors: Int) -> [UInt8] {
    [UInt8](repeating: byte, count: 512 * sectors)
}

/// All contents of `/a` that a power loss can leave.
private func outcomes(_ files: SimulatedFileSystem) -> Set<[UInt8]> {
    var found: Set<[UInt8]> = []
    var oracle = ExhaustiveOracle()
    repeat { found.insert(files.afterCrash(&oracle).bytes(of: "/a") ?? []) } while oracle.advance()
    return found
}

/// The first byte of each sector, for each outcome.
private func firstBytes(_ outcomes: Set<[UInt8]>) -> Set<[UInt8]> {
    Set(outcomes.map { bytes in stride(from: 0, to: bytes.count, by: 512).map { bytes[$0] } })
}
