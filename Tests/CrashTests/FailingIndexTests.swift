import ArchiveFileIO
import ArchiveIndex
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
