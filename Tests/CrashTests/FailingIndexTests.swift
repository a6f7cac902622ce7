import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

/// The index is a cache: what fails under it costs time, and neither records nor memory.
@Suite struct `A failing index` {
    private func withEngine(_ body: (Engine, SimulatedFileSystem) throws -> Void) throws {
        let machine = try Life.machine()
        let engine = try Engine.open(try Life.address(on: machine))
        try body(engine, machine)
        try engine.close()
    }

    /// Nobody knows what a file holds whose sync failed, so no checkpoint may be written to it again;
    /// every later one failed until the archive was opened again, and memory grew.
    @Test func `whose sync failed is made anew in another file while the archive is open`() throws {
        try withEngine { engine, machine in
            _ = try engine.commit([LifeText.record(1)])
            machine.inject(SimulatedFault(.synchronize, on: "index"))
            #expect(throws: ArchiveError.self) { try engine.checkpoint() }
            _ = try engine.commit([LifeText.record(2)])
            try engine.checkpoint()
            #expect(engine.indexWasRebuilt && engine.memory.isEmpty)
            #expect(try engine.verify().findings == [])
        }
    }

    /// What the failed checkpoint had taken stayed apart, and the one after it stopped the program.
    ///
    /// (Found by random lives.)
    @Test func `that cannot be made anew either is tried again and again`() throws {
        try withEngine { engine, machine in
            _ = try engine.commit([LifeText.record(1)])
            machine.inject(SimulatedFault(.synchronize, on: "index", duration: .forever))
            for seed in 2...5 as ClosedRange<UInt64> {
                #expect(throws: ArchiveError.self) { try engine.checkpoint() }
                _ = try engine.commit([LifeText.record(seed)])
            }
            machine.removeFaults()
            try engine.checkpoint()
            #expect(engine.memory.isEmpty)
            #expect(try engine.verify().findings == [])
        }
    }

    @Test func `behind acknowledged commits is told to who asks, until it is made good`() throws {
        try withEngine { engine, machine in
            machine.inject(SimulatedFault(.synchronize, on: "head", duration: .forever))
            _ = try engine.commit([LifeText.record(1)])
            engine.advanceHeadLater()
            #expect(engine.unfinished.withLock { $0.keys.map(\.self) } == [.head])
            machine.removeFaults()
            _ = try engine.commit([LifeText.record(2)])
            engine.advanceHeadLater()
            #expect(engine.unfinished.withLock { $0.isEmpty })
        }
    }

    /// A change that was durable was answered with the failure of something before it.
    @Test func `does not make a change fail that was done`() async throws {
        let machine = try Life.machine()
        let archive = try await Archive.open(try Life.address(on: machine), mode: .readWrite)
        _ = try await archive.put(LifeText.record(1))
        machine.inject(SimulatedFault(.synchronize, on: "head", duration: .forever))
        _ = try await archive.put(LifeText.record(2))
        try await archive.core.inspect { $0.advanceHeadLater() }
        #expect(await archive.unfinished().map(\.code) == [.system])
        try await archive.delete(LifeText.record(1).name, in: LifeText.record(1).collection)
        machine.removeFaults()
        try await archive.close()
    }

    private static func smallCheckpoints() -> ArchiveConfiguration {
        var configuration = Life.configuration
        configuration.checkpointByteCount = 4 << 10
        return configuration
    }

    /// Memory held every entry until the archive was opened again.
    @Test
    func
        `that can never be written ends in a refusal before memory is full, and no record is lost`()
        throws
    {
        let configuration = Self.smallCheckpoints()
        let machine = try Life.machine(configuration)
        let engine = try Engine.open(try Life.address(on: machine, configuration))
        machine.inject(SimulatedFault(.write, on: "index", errno: .noSpace, duration: .forever))
        var kept: [NewRecord] = []
        var refusal: ArchiveError?
        while refusal == nil, kept.count < 2_000 {
            let record = NewRecord(name: "r\(kept.count)", body: [UInt8(kept.count % 256)])
            do throws(ArchiveError) {
                _ = try engine.commit([record])
                kept.append(record)
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.code == .full)
        #expect(refusal?.message.contains("nothing was written") == true)
        #expect(engine.memory.byteCount < 2 * engine.memoryByteLimit)
        #expect(throws: ArchiveError.self) { try engine.commit([NewRecord(name: "no", body: [])]) }
        machine.removeFaults()
        _ = try engine.commit([NewRecord(name: "room again", body: [1])])
        #expect(engine.memory.byteCount < engine.memoryByteLimit)
        try engine.close()
        let reopened = try Engine.open(try Life.address(on: machine, configuration))
        #expect(try reopened.verify().findings == [])
        let found = try Life.contents(of: reopened)
        #expect(found.count == kept.count + 1)
        for record in kept { #expect(found[record.collection + "/" + record.name] == record.body) }
        try reopened.close()
    }

    /// A checkpoint that failed was begun again at once, for ever, and closing waited for its end.
    @Test func `that can never be written lets no call wait for ever`() async throws {
        let configuration = Self.smallCheckpoints()
        let machine = try Life.machine(configuration)
        let archive = try await Archive.open(
            try Life.address(on: machine, configuration),
            mode: .readWrite
        )
        machine.inject(SimulatedFault(.write, on: "index", errno: .noSpace, duration: .forever))
        var count = 0
        var refusal: ArchiveError?
        while refusal == nil, count < 2_000 {
            do throws(ArchiveError) {
                try await archive.put([1], name: "r\(count)")
                count += 1
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.code == .full)
        #expect(await archive.unfinished().map(\.code) == [.full])
        machine.removeFaults()
        try await archive.put([1], name: "room again")
        #expect(await archive.unfinished().isEmpty)
        try await archive.close()
        let engine = try Engine.openForReading(try Life.address(on: machine, configuration))
        #expect(try Life.contents(of: engine).count == count + 1)
    }

    /// So that what a checkpoint costs is known: it writes to the index, and nothing to the log.
    @Test func `brought up to date at every commit adds nothing to the log`() throws {
        try withEngine { engine, _ in
            for number in 0..<40 {
                let before = engine.end
                _ = try engine.commit([NewRecord(name: "r\(number)", body: [1])])
                #expect(engine.end.link.lastSequence == before.link.lastSequence + 1)
                #expect(engine.end.link.number == before.link.number + 1)
                let committed = engine.end
                try engine.checkpoint()
                #expect(engine.end == committed)
            }
            #expect(try engine.verify().recordCount == 40)
        }
    }

    @Test func `on a full disk is told as that`() throws {
        let machine = try Life.machine()
        let life = try Life(on: machine)
        for seed in 1...6 as ClosedRange<UInt64> { try life.perform(.batch(seed)) }
        try life.end()
        machine.limitGrowth(to: 0)
        let error = #expect(throws: ArchiveError.self) {
            _ = try Engine.open(try Life.address(on: machine), rebuildingIndex: true)
        }
        #expect(error?.code == .full)
        machine.liftLimit()
        try Life(on: machine, model: life.model).end()
    }

    /// Opening read the root and what names the collections; damage elsewhere stayed until a checkpoint
    /// came through it, and readers were refused until then.
    @Test func `with any damaged page is made anew by opening for writing`() throws {
        let base = try Life.machine()
        let life = try Life(on: base)
        for seed in 1...6 as ClosedRange<UInt64> { try life.perform(.batch(seed)) }
        try life.end()
        let path = Life.path.appending("index/records.btree")
        let whole = try #require(base.bytes(of: path))
        var rebuiltCount = 0
        for offset in stride(from: 100, to: whole.count, by: 512) where whole[offset] != 0 {
            let machine = base.clone()
            machine.replaceBytes(of: path, at: offset, with: [whole[offset] ^ 1])
            let engine = try Engine.open(try Life.address(on: machine))
            if engine.indexWasRebuilt { rebuiltCount += 1 }
            #expect(try engine.verify().findings == [], "offset \(offset)")
            #expect(try Life.contents(of: engine) == life.model.acknowledged)
            try engine.close()
        }
        // The six or so pages with entries; one whose byte happens to be zero is passed over.
        #expect(rebuiltCount > 3)
    }
}
