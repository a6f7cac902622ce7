import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `A fault in the simulation` {
    @Test func `after the crash nothing takes effect and everything fails`() throws {
        let files = try prepared(synchronized: [1])
        let file = try files.open("/a", .readWrite)
        files.crash(atChange: files.changeCount + 2)
        try file.write([2], at: 0)
        #expect(reason { try file.synchronize() } == .ioError)
        #expect(files.hasCrashed)
        #expect(reason { try file.write([3], at: 0) } == .ioError)
        #expect(reason { _ = try file.read(at: 0, byteCount: 1) } == .ioError)
        #expect(reason { try files.remove("/a") } == .ioError)
        #expect(reason { _ = try files.status(of: "/a") } == .ioError)
        #expect(reason { try file.close() } == .ioError)
        #expect(files.afterCrash(.keepAll).bytes(of: "/a") == [2])
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [1])
    }

    @Test func `the call that crashes may have reached the disk, in part`() throws {
        let files = try prepared(synchronized: [UInt8](repeating: 1, count: 1024))
        let file = try files.open("/a", .readWrite)
        files.crash(atChange: files.changeCount + 1)
        let new = [UInt8](repeating: 2, count: 1024)
        #expect(reason { try file.write(new, at: 0) } == .ioError)
        var found: Set<[UInt8]> = []
        for seed in 0..<50 as Range<UInt64> {
            let bytes = try #require(files.afterCrash(.seeded(seed)).bytes(of: "/a"))
            found.insert([bytes[0], bytes[512]])
        }
        #expect(found == [[1, 1], [1, 2], [2, 1], [2, 2]])
    }

    @Test func `reading and opening what exists is no crash point`() throws {
        let files = try prepared(synchronized: [1])
        let before = files.changeCount
        let file = try files.open("/a", .openOrCreate)
        _ = try file.read(at: 0, byteCount: 1)
        _ = try files.names(in: "/")
        _ = try file.tryLock(byte: 0, exclusively: true)
        try file.close()
        #expect(files.changeCount == before)
        #expect(files.operationCount > before)
        _ = try files.open("/b", .openOrCreate)
        #expect(files.changeCount == before + 1)
        #expect(files.steps.last?.description == "* create /b")
        #expect(files.steps.dropLast().last?.description == "  close /a")
    }

    @Test func `locks and open files end with the power`() throws {
        let files = try prepared(synchronized: [1])
        let file = try files.open("/a", .readWrite)
        #expect(try file.tryLock(byte: 0, exclusively: true))
        let next = files.afterCrash(.keepAll)
        #expect(try next.open("/a", .readWrite).tryLock(byte: 0, exclusively: true))
    }

    @Test func `the n-th call fails, once or for ever`() throws {
        let files = try prepared(synchronized: [1])
        let file = try files.open("/a", .readWrite)
        files.inject(SimulatedFault(.read, call: 2, errno: .noMemory))
        #expect(reason { _ = try file.read(at: 0, byteCount: 1) } == nil)
        #expect(reason { try file.write([1], at: 0) } == nil)
        #expect(reason { _ = try file.read(at: 0, byteCount: 1) } == .noMemory)
        #expect(reason { _ = try file.read(at: 0, byteCount: 1) } == nil)
        files.inject(
            SimulatedFault(.write, call: 2, errno: .readOnlyFileSystem, duration: .forever)
        )
        #expect(reason { try file.write([2], at: 0) } == nil)
        #expect(reason { try file.write([3], at: 0) } == .readOnlyFileSystem)
        #expect(reason { try file.write([4], at: 0) } == .readOnlyFileSystem)
        #expect(files.bytes(of: "/a") == [2])
        files.removeFaults()
        #expect(reason { try file.write([5], at: 0) } == nil)
    }

    @Test func `a fault strikes any operation, or only one path`() throws {
        let files = try prepared(synchronized: [1])
        files.inject(SimulatedFault(call: 2))
        #expect(reason { _ = try files.status(of: "/a") } == nil)
        #expect(reason { try files.synchronizeDirectory("/") } == .ioError)
        files.inject(SimulatedFault(.status, on: "b", duration: .forever))
        #expect(reason { _ = try files.status(of: "/a") } == nil)
        #expect(reason { _ = try files.status(of: "/b") } == .ioError)
    }

    @Test func `a full disk takes what fits, and a removal gives room back`() throws {
        let files = try prepared(synchronized: [1, 1, 1, 1])
        files.limitGrowth(to: 10)
        #expect(try files.availableByteCount(at: "/") == 10)
        let file = try files.open("/b", .createNew)
        try file.write([2, 2, 2, 2, 2, 2, 2, 2], at: 0)
        #expect(reason { try file.write([3, 3, 3], at: 8) } == .noSpace)
        #expect(files.bytes(of: "/b") == [2, 2, 2, 2, 2, 2, 2, 2, 3, 3])
        #expect(reason { try file.allocate(from: 0, byteCount: 11) } == .noSpace)
        #expect(reason { try file.write([4, 4], at: 0) } == nil, "nothing grows")
        try files.remove("/a")
        try file.write([3], at: 10)
        #expect(try files.availableByteCount(at: "/") == 3)
    }

    // MARK: Failed synchronizations

    @Test func `after a failed synchronization the next may write the data`() throws {
        let (files, file) = try failedSynchronization(.keepsDirty)
        #expect(try file.read(at: 0, byteCount: 1) == [2])
        try file.synchronize()
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [2])
    }

    // ext4 forgets the data after it has reported the failure once. Who synchronizes again and
    // trusts the answer acknowledges what is not on the disk.
    @Test func `as on ext4 the next synchronization may lie`() throws {
        let (files, file) = try failedSynchronization(.marksClean)
        #expect(try file.read(at: 0, byteCount: 1) == [2])
        try file.synchronize()
        #expect(files.afterCrash(.keepAll).bytes(of: "/a") == [1])
    }

    @Test func `as on Btrfs the file may be what it was`() throws {
        let (_, file) = try failedSynchronization(.reverts)
        #expect(try file.read(at: 0, byteCount: 1) == [1])
    }

    @Test func `as on XFS the file system may shut down`() throws {
        let (files, file) = try failedSynchronization(.shutsDown)
        #expect(reason { _ = try file.read(at: 0, byteCount: 1) } == .ioError)
        #expect(reason { _ = try files.open("/b", .createNew) } == .ioError)
    }

    private func failedSynchronization(
        _ failure: SynchronizationFailure
    ) throws -> (SimulatedFileSystem, any File) {
        let files = try prepared(synchronized: [1])
        files.setSynchronizationFailure(failure)
        files.inject(SimulatedFault(.synchronize))
        let file = try files.open("/a", .readWrite)
        try file.write([2], at: 0)
        #expect(reason { try file.synchronizeData() } == .ioError)
        return (files, file)
    }

    // MARK: Looking, spoiling, cloning

    @Test func `a clone goes its own way from the same state`() throws {
        let files = try prepared(synchronized: [1])
        try files.open("/a", .readWrite).write([2], at: 0)
        let clone = files.clone()
        #expect(clone.bytes(of: "/a") == [2])
        #expect(clone.afterCrash(.dropAllUnsynced).bytes(of: "/a") == [1])
        try clone.open("/a", .readWrite).write([3], at: 0)
        try clone.make("/b")
        #expect(files.bytes(of: "/a") == [2])
        #expect(files.filePaths == ["/a"])
        #expect(clone.filePaths == ["/a", "/b"])
    }

    @Test func `bytes are spoiled on the disk and in the cache, unseen`() throws {
        let files = try prepared(synchronized: [1, 2, 3])
        let before = files.operationCount
        files.replaceBytes(of: "/a", at: 1, with: [9])
        files.replaceBytes(of: "/b", with: [7])
        #expect(files.durableBytes(of: "/a") == [1, 9, 3])
        #expect(files.bytes(of: "/a") == [1, 9, 3])
        #expect(files.afterCrash(.dropAllUnsynced).bytes(of: "/b") == [7])
        #expect(files.operationCount == before)
        #expect(files.bytes(of: "/missing") == nil)
        #expect(files.durableBytes(of: "/") == nil)
    }

    @Test func `the generator is SplitMix64`() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect(generator.next() == 9_817_491_932_198_370_423)
        #expect(generator.bytes(13).count == 13)
        #expect(generator.bytes(0).isEmpty)
    }
}
