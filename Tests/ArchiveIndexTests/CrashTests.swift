import ArchiveBytes
import ArchiveFileIO
import Support
import Testing

@testable import ArchiveIndex

/// Power fails at every change that a workload makes to the disk.
@Suite struct CrashTests {
    /// What the workload has seen done: the number of checkpoints, nil before the index was created.
    private struct Acknowledged {
        var checkpoints: Int?
    }

    private static let batches = 5

    /// What the index holds after so many checkpoints.
    private static func model(_ checkpoints: Int) -> Model {
        var model = Model()
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<checkpoints { _ = model.addBatch(40, &generator) }
        return model
    }

    private static func work(_ bench: Workbench, _ acknowledged: inout Acknowledged) throws {
        var model = Model()
        var generator = SeededGenerator(seed: 31)
        let index = try bench.create(covering: [0])
        acknowledged.checkpoints = 0
        for step in 1...batches {
            let run = model.addBatch(40, &generator)
            try index.checkpoint(applying: [run], covering: [UInt8(step)])
            acknowledged.checkpoints = step
        }
    }

    @Test
    func `a crash at any change leaves the tree of before or of after`() throws {
        let rehearsal = try Workbench()
        let before = rehearsal.fileSystem.changeCount
        var done = Acknowledged()
        try Self.work(rehearsal, &done)
        let changes = (before + 1)...rehearsal.fileSystem.changeCount
        #expect(changes.count > 15)
        #expect(try rehearsal.open().verifyAllPages().filterPageCount > 0)
        let modes: [CrashMode] = [.dropAllUnsynced, .keepAll] + (0..<6).map { .seeded($0) }
        for change in changes {
            let bench = try Workbench()
            bench.fileSystem.crash(atChange: change)
            var acknowledged = Acknowledged()
            #expect(throws: IndexError.self) { try Self.work(bench, &acknowledged) }
            for mode in modes {
                let survivor = Workbench(bench, on: bench.fileSystem.afterCrash(mode))
                try Self.expectRecovery(survivor, acknowledged, "change \(change), \(mode)")
            }
        }
    }

    private static func expectRecovery(
        _ bench: Workbench,
        _ acknowledged: Acknowledged,
        _ comment: Comment
    ) throws {
        let opened = try openIfUsable(bench)
        guard let index = opened else {
            // Only an index whose creation had not returned may be missing or unusable.
            #expect(acknowledged.checkpoints == nil, comment)
            return
        }
        let checkpoints = Int(index.coverage.first ?? 0)
        let least = acknowledged.checkpoints ?? 0
        #expect((least...least + 1).contains(checkpoints), comment)
        let (view, expected) = (try index.view(), model(checkpoints))
        #expect(try view.all() == expected.sorted, comment)
        // What a filter denies is lost to whoever looks for it.
        for key in expected.entries.keys where key.count >= Workbench.stemByteCount {
            let stem = Array(key.prefix(Workbench.stemByteCount))
            #expect(try view.holds(stem), comment)
        }
        _ = try index.repairFreePages()
        let report = try index.verifyAllPages()
        #expect(report.damages == [], comment)
        // The next checkpoint must not fall over what the crash left behind.
        var next = model(checkpoints)
        var generator = SeededGenerator(seed: 32)
        try index.checkpoint(applying: [next.addBatch(60, &generator)], covering: [99])
        #expect(try bench.open().view().all() == next.sorted, comment)
        #expect(try index.verifyAllPages().damages == [], comment)
    }

    @Test
    func `a rebuild that a crash cuts off leaves the old index or the new one`() throws {
        func rebuild(_ bench: Workbench) throws {
            var builder = IndexBuilder(bench.place, bench.options, memoryByteCount: 400)
            for number in 0..<120 as Range<UInt8> {
                try builder.append([2, number], [number])
            }
            _ = try builder.finish(covering: [2])
        }
        func prepared() throws -> Workbench {
            var bench = try Workbench()
            bench.options.stemByteCount = { min(2, $0.count) }
            let index = try bench.create(covering: [])
            try index.checkpoint(applying: [.of([([1], [1])])], covering: [1])
            return bench
        }
        let rehearsal = try prepared()
        let before = rehearsal.fileSystem.changeCount
        try rebuild(rehearsal)
        #expect(try rehearsal.open().verifyAllPages().filterPageCount > 0)
        for change in (before + 1)...rehearsal.fileSystem.changeCount {
            let bench = try prepared()
            bench.fileSystem.crash(atChange: change)
            try? rebuild(bench)
            for mode in [CrashMode.dropAllUnsynced, .keepAll, .seeded(1), .seeded(2)] {
                let survivor = Workbench(bench, on: bench.fileSystem.afterCrash(mode))
                let index = try survivor.open()
                #expect(index.entryCount == (index.coverage == [1] ? 1 : 120))
                try index.expectSound()
                // The next one is not stopped by what lies about.
                try rebuild(survivor)
                #expect(try survivor.open().coverage == [2])
                #expect(survivor.fileSystem.filePaths == [Workbench.path])
            }
        }
    }

    @Test(arguments: [1, 3])
    func `a compaction that a crash cuts off leaves the old file or the new one`(
        threads: Int
    ) throws {
        let keys = (0..<400).map { number in
            [1, UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 7, count: 9)
        }
        func prepared() throws -> (Workbench, Index) {
            var bench = try Workbench()
            bench.options.threadCount = threads
            bench.options.entryCountPerThread = 10
            let index = try bench.create()
            for step in 1...3 as ClosedRange<UInt8> {
                let run = SortedRun.of(keys.map { ($0, [step]) })
                try index.checkpoint(applying: [run], covering: [step])
            }
            return (bench, index)
        }
        let (rehearsal, index) = try prepared()
        let inputs = MergeInputs(try index.view().cursors(), [])
        #expect(try inputs.ranges(threads, rehearsal.options.stemByteCount).count == threads)
        let before = rehearsal.fileSystem.changeCount
        try index.closeCompacted()
        for change in (before + 1)...rehearsal.fileSystem.changeCount {
            let (bench, index) = try prepared()
            bench.fileSystem.crash(atChange: change)
            try? index.closeCompacted()
            for mode in [CrashMode.dropAllUnsynced, .keepAll, .seeded(1), .seeded(2)] {
                let survivor = Workbench(bench, on: bench.fileSystem.afterCrash(mode))
                let opened = try survivor.open()
                #expect(opened.coverage == [3], "change \(change), \(mode)")
                let expected = keys.map { IndexEntry(key: $0, value: [3]) }
                #expect(try opened.view().all() == expected, "change \(change), \(mode)")
                try opened.closeCompacted()
                #expect(survivor.fileSystem.filePaths == [Workbench.path])
            }
        }
    }

    /// Nil for an index that must be rebuilt; any other failure is thrown.
    private static func openIfUsable(_ bench: Workbench) throws -> Index? {
        do {
            return try bench.open()
        } catch IndexError.missing {
            return nil
        } catch IndexError.damaged {
            return nil
        }
    }
}
