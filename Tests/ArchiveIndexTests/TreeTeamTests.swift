import ArchiveBytes
import ArchiveFileIO
import Support
import Testing

@testable import ArchiveIndex

/// A tree that several threads write holds what one thread would write, whole and in order.
@Suite struct `Trees that several threads write` {
    private static func bench(threads: Int) throws -> Workbench {
        var bench = try Workbench()
        bench.options.threadCount = threads
        bench.options.entryCountPerThread = 20
        return bench
    }

    @Test(arguments: [1, 2, 3, 7], [1 << 20, 20_000])
    func `an index built anew holds every entry, the last of equal ones`(
        threads: Int,
        memoryByteCount: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(threads))
        let bench = try Self.bench(threads: threads)
        var model = Model()
        var builder = IndexBuilder(
            bench.place,
            bench.options,
            memoryByteCount: memoryByteCount
        )
        for _ in 0..<30 {
            for entry in model.addBatch(100, &generator, keyByteCount: 1...9).all {
                try builder.append(entry.key, entry.value)
            }
        }
        let index = try builder.finish(covering: [1])
        #expect(try index.view().all() == model.sorted)
        try index.expectSound()
        #expect(try index.verifyAllPages().freePageCount < 16 * threads)
        try expectFilters(index, model)
        #expect(bench.fileSystem.filePaths == [Workbench.path])
    }

    /// A last page that came behind a full branch once took the branch with all of its pages along.
    @Test(arguments: [1, 2])
    func `whatever number of pages a range has, none is lost where two meet`(threads: Int) throws {
        for count in stride(from: 1_000 * threads, through: 9_000 * threads, by: 160) {
            var bench = try Self.bench(threads: 2)
            bench.options.entryCountPerThread = 100
            let index = try bench.rebuild(entryCount: count)
            try index.expectSound()
            #expect(try index.view().all().count == count)
        }
    }

    @Test(arguments: [2, 5])
    func `closing compactly merges trees and runs of very different size`(threads: Int) throws {
        var generator = SeededGenerator(seed: 3)
        let bench = try Self.bench(threads: threads)
        let index = try bench.create()
        var model = Model()
        for count in [2_000, 300, 40] {
            let run = model.addBatch(count, &generator, keyByteCount: 1...12)
            try index.checkpoint(applying: [run], covering: [])
        }
        let runs = [70, 2].map { model.addBatch($0, &generator, keyByteCount: 1...12) }
        try index.closeCompacted(applying: runs, covering: [4])
        let opened = try bench.open()
        #expect(try opened.view().all() == model.sorted)
        #expect(opened.meta.trees.count == 1)
        try opened.expectSound()
        try expectFilters(opened, model)
        // It takes checkpoints as any other does, into what is free between the pages, too.
        let more = model.addBatch(500, &generator, keyByteCount: 1...12)
        try opened.checkpoint(applying: [more], covering: [5])
        #expect(try bench.open().view().all() == model.sorted)
        try opened.expectSound()
    }

    /// Whoever looks for a stem asks one page of the filter and goes to one place of the tree.
    @Test
    func `the keys of one stem stay together`() throws {
        let bench = try Self.bench(threads: 4)
        var builder = IndexBuilder(bench.place, bench.options)
        for number in 0..<3_000 as Range<UInt16> {
            // Of most stems there are a few keys, of one in the middle two thousand.
            let stem = (500..<2_500).contains(number) ? 500 : number / 3
            let key = [9, 9, 9, UInt8(stem >> 8), UInt8(stem & 255)]
            try builder.append(key + [UInt8(number >> 8), UInt8(number & 255)], [])
        }
        let index = try builder.finish(covering: [])
        #expect(index.entryCount == 3_000)
        try index.expectSound()
        let view = try index.view()
        for entry in try view.all() { #expect(try view.holds(Array(entry.key.prefix(5)))) }
    }

    @Test(arguments: [1, 2_999, 3_000])
    func `keys without stems before all that have one, or behind`(stemlessCount: Int) throws {
        for isBefore in [true, false] {
            let bench = try Self.bench(threads: 3)
            var model = Model()
            var builder = IndexBuilder(bench.place, bench.options)
            for number in 0..<3_000 {
                let isStemless = isBefore == (number < stemlessCount)
                let digits = [UInt8(number >> 8), UInt8(number & 255)]
                let key = [isStemless == isBefore ? 1 : 2] + digits
                let whole = key + (isStemless ? [] : [7, 7, 7])
                model.add(whole, digits)
                try builder.append(whole, digits)
            }
            let index = try builder.finish(covering: [])
            #expect(try index.view().all() == model.sorted)
            try index.expectSound()
            try expectFilters(index, model)
        }
    }

    @Test(arguments: 0...3)
    func `next to nothing is written as well`(count: Int) throws {
        let bench = try Self.bench(threads: 8)
        let index = try bench.rebuild(entryCount: count)
        #expect(index.entryCount == UInt64(count))
        try index.expectSound()
    }

    @Test
    func `ranges follow each other and leave out no key`() throws {
        var generator = SeededGenerator(seed: 21)
        let bench = try Self.bench(threads: 1)
        let index = try bench.create()
        var model = Model()
        let old = model.addBatch(3_000, &generator, keyByteCount: 1...9)
        try index.checkpoint(applying: [old], covering: [])
        let new = model.addBatch(100, &generator, keyByteCount: 1...9)
        let inputs = MergeInputs(try index.view().cursors(), [new])
        let ranges = try inputs.ranges(9, bench.options.stemByteCount)
        #expect(ranges.count > 5)
        #expect(ranges.first?.start == [] && ranges.last?.end == nil)
        for (one, next) in zip(ranges, ranges.dropFirst()) { #expect(one.end == next.start) }
        var found: [IndexEntry] = []
        var counts: [Int] = []
        for range in ranges {
            var source = try inputs.merge(range)
            let before = found.count
            while !source.isAtEnd {
                found.append(
                    source.withEntry {
                        IndexEntry(key: Array(copying: $0), value: Array(copying: $1))
                    }
                )
                try source.advance()
            }
            counts.append(found.count - before)
        }
        #expect(found == model.sorted)
        #expect(counts.allSatisfy { $0 > 0 && $0 < found.count / 3 }, "\(counts)")
    }

    @Test
    func `a disk that fills up under one of them leaves the old index and nothing else`() throws {
        let bench = try Self.bench(threads: 3)
        try bench.create().checkpoint(applying: [.of([([1], [1])])], covering: [1])
        bench.fileSystem.limitGrowth(to: 40_000)
        #expect(throws: IndexError.self) { try bench.rebuild(entryCount: 9_000, covering: [2]) }
        #expect(bench.fileSystem.filePaths == [Workbench.path])
        #expect(try bench.open().coverage == [1])
        bench.fileSystem.limitGrowth(to: 1 << 30)
        try bench.rebuild(entryCount: 9_000, covering: [2])
        #expect(try bench.open().entryCount == 9_000)
    }

    @Test
    func `what one cannot write, the others do not go on with`() throws {
        let bench = try Self.bench(threads: 3)
        let before = bench.fileSystem.changeCount
        try bench.rebuild(entryCount: 60_000)
        let all = bench.fileSystem.changeCount - before
        bench.fileSystem.inject(SimulatedFault(.write, call: 3))
        #expect(throws: IndexError.self) { try bench.rebuild(entryCount: 60_000) }
        let untilFailure = bench.fileSystem.changeCount - before - all
        #expect(untilFailure < all / 2, "\(untilFailure) of \(all) changes")
        #expect(try bench.open().entryCount == 60_000)
    }

    /// What a filter denies is lost to whoever looks for it.
    private func expectFilters(_ index: Index, _ model: Model) throws {
        let view = try index.view()
        for key in model.entries.keys where key.count >= Workbench.stemByteCount {
            #expect(try view.holds(Array(key.prefix(Workbench.stemByteCount))))
        }
    }
}
