import ArchiveFileIO
import ArchiveIndex
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

/// What happens behind a commit.
@Suite struct `Behind a commit` {
    private func address(_ files: SimulatedFileSystem) throws -> ArchiveAddress {
        ArchiveAddress(
            files,
            "/srv/archive",
            credential: try ArchiveKey.keyFile(GoldenMaker.keyFile).credential,
            configuration: .quick
        )
    }

    /// The next checkpoint took only what the failed one had taken, and said it covered everything.
    @Test func `a checkpoint that found no room loses no entry for the next one`() throws {
        let files = SimulatedFileSystem()
        try files.makeDirectory("/srv")
        let engine = try Engine.create(try address(files))
        try engine.put("first")
        files.inject(SimulatedFault(.write, on: "records.btree", errno: .noSpace))
        #expect(throws: ArchiveError.self) { try engine.checkpoint() }
        try engine.put("second")
        try engine.checkpoint()
        try engine.close()
        let reopened = try Engine.openForReading(try address(files))
        #expect(reopened.memory.isEmpty)
        let view = ArchiveView(
            reopened.readState,
            reader: RecordReader(log: reopened.reader, keys: reopened.keys)
        )
        #expect(try view.record(named: "first") != nil)
        #expect(try view.record(named: "second") != nil)
    }

    /// Opening reads packs only behind the last directory; sealing must list what stands on both sides.
    @Test func `a directory written at closing and records after it make one segment's whole`()
        throws
    {
        let count = 2_000
        let fill = { (engine: Engine) in
            let filler = String(repeating: "n", count: 200)
            _ = try engine.commit((0..<count).map { NewRecord(name: "\(filler)/\($0)", body: [1]) })
        }
        try SmallArchive.with(filledBy: fill) { archive in
            try archive.writing { try $0.put("behind the directory") }
            try archive.writing { _ = try $0.snapshot(label: "sealed") }
            try archive.files.remove(archive.path.appending("index/records.btree"))
            try archive.writing { #expect($0.indexWasRebuilt) }
            #expect(try archive.bodies().count == count + 1)
        }
    }

    @Test func `who was told that a record is durable finds it, while checkpoints run`()
        async throws
    {
        try await TemporaryDirectory.withAsync { directory in
            var configuration = ArchiveConfiguration.quick
            configuration.checkpointByteCount = 4 << 10
            let archive = try await Archive.create(
                at: directory.appending("A").string,
                unlocking: .keyFile(GoldenMaker.keyFile),
                configuration: configuration
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<8 {
                    group.addTask {
                        for number in 0..<40 {
                            let name = "\(caller)/\(number)"
                            try await archive.put(Array(name.utf8), name: name)
                            let found = try await archive.get(name)
                            #expect(found?.body == Array(name.utf8))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await archive.delete("3/7")
            #expect(try await archive.get("3/7") == nil)
            try await archive.close()
            let reopened = try await Archive.open(
                at: directory.appending("A").string,
                unlocking: .keyFile(GoldenMaker.keyFile)
            )
            let report = try await reopened.verify()
            #expect(report.isSound)
            #expect(report.recordCount == 321)
            try await reopened.close()
        }
    }

    @Test(arguments: [1, 2])
    func `a batch is hashed while it is filled only where there is a second thread`(
        threadCount: Int
    ) async throws {
        let files = SimulatedFileSystem()
        try files.makeDirectory("/srv")
        var address = try address(files)
        address.configuration.threadCount = threadCount
        try Engine.create(address).close()
        let archive = try await Archive.open(address, mode: .readWrite)
        try await archive.write { batch throws(ArchiveError) in
            batch.put(NewRecord(name: "first", body: [1]))
            #expect(batch.isDigestedAhead == (threadCount == 2))
        }
        try await archive.close()
    }

    /// Batches of one record gather before a thread is woken for them.
    @Test(arguments: [1, 15, 16, 17, 40])
    func `records that came one by one are found, listed and indexed`(count: Int) async throws {
        try await TemporaryDirectory.withAsync { directory in
            let place = directory.appending("A").string
            let archive = try await Archive.create(
                at: place,
                unlocking: .keyFile(GoldenMaker.keyFile),
                configuration: .quick
            )
            for number in 0..<count { try await archive.put([UInt8(number)], name: "\(number)") }
            for number in 0..<count {
                #expect(try await archive.get("\(number)")?.body == [UInt8(number)])
            }
            for number in 0..<count { try await archive.put([1], name: "again/\(number)") }
            try await archive.snapshot()
            #expect(try await archive.verify().isSound)
            try await archive.close()
            try PosixFileSystem().remove(FilePath(place + "/index/records.btree"))
            let reopened = try await Archive.open(
                at: place,
                unlocking: .keyFile(GoldenMaker.keyFile)
            )
            for number in 0..<count {
                #expect(try await reopened.get("again/\(number)")?.body == [1])
            }
            try await reopened.close()
        }
    }

    @Test func `small commits go where zeros were written, and large ones bring their own`() throws
    {
        let files = SimulatedFileSystem()
        try files.makeDirectory("/srv")
        let engine = try Engine.create(try address(files))
        let zeroed = Mutex((count: 0, byteCount: 0))
        files.observeWrites { path, bytes in
            guard path.string.contains("/segments/"), bytes.allSatisfy({ $0 == 0 }) else { return }
            zeroed.withLock { $0 = ($0.count + 1, $0.byteCount + bytes.count) }
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<3 {
            _ = try engine.commit([NewRecord(name: "large", body: generator.bytes(80 << 10))])
        }
        #expect(zeroed.withLock { $0.count } == 0)
        for number in 0..<100 { try engine.put("\(number)") }
        let (count, byteCount) = zeroed.withLock { $0 }
        #expect((1...3).contains(count))
        // What a hundred small commits take, and not many times as much.
        #expect((40 << 10...512 << 10).contains(byteCount))
        try engine.close()
    }
}
