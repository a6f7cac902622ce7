import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

/// The tree against a dictionary, checked in full after every step.
@Suite struct TreeModelTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `random batches leave what a dictionary holds`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bench = try Workbench()
        let index = try bench.create()
        var model = Model()
        for step in 0..<20 {
            let count = [1, 3, 20, 150].randomElement(using: &generator) ?? 1
            let run = model.addBatch(count, &generator)
            try index.checkpoint(applying: [run], covering: [UInt8(step)])
            try index.expectSound()
            #expect(index.entryCount >= UInt64(model.entries.count), "seed \(seed)")
            let view = try index.view()
            #expect(try view.all() == model.sorted, "seed \(seed)")
            for _ in 0..<100 {
                let stem = (0..<Workbench.stemByteCount).map { _ in
                    UInt8.random(in: 1...3, using: &generator)
                }
                #expect(try view.holds(stem) == model.holds(stem), "seed \(seed)")
                #expect(try view.value(of: stem) == model.entries[stem], "seed \(seed)")
            }
        }
        let report = try index.verifyAllPages()
        #expect(report.levelCount > 2 && report.filterPageCount > 0)
        let reopened = try bench.open()
        #expect(try reopened.view().all() == model.sorted)
        #expect(reopened.coverage == [19])
    }

    @Test(arguments: [512, 1_024, 4_096, 16_384, 65_536])
    func `every page size holds the longest keys and values`(pageByteCount: Int) throws {
        let bench = try Workbench(pageByteCount: pageByteCount)
        let index = try bench.create()
        let limit = try #require(PageGeometry(pageByteCount: pageByteCount)).keyByteLimit
        #expect(pageByteCount < 4_096 || limit == IndexLimits.keyByteCount)
        var model = Model()
        for number in 0..<40 as Range<UInt8> {
            var key = [UInt8](repeating: number % 2 == 0 ? 7 : number, count: limit)
            key[limit - 1] = number
            let value = [UInt8](repeating: number, count: IndexLimits.valueByteCount)
            model.add(key, value)
            try index.checkpoint(applying: [.of([(key, value)])], covering: [])
        }
        try index.expectSound()
        #expect(try index.view().all() == model.sorted)
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `pages with two or three entries lose none`(seed: UInt64) throws {
        // Separators that share nothing and are as long as keys: branches have few children, so that
        // whole rows of them are rewritten while all their entries still wait on the level below.
        var generator = SeededGenerator(seed: seed)
        let index = try Workbench().create()
        var model = Model()
        for _ in 0..<15 {
            let entries = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                let letter = UInt8.random(in: 1...4, using: &generator)
                let length = Int.random(in: 60...140, using: &generator)
                let last = UInt8.random(in: 1...255, using: &generator)
                return ([9] + [UInt8](repeating: letter, count: length) + [last], [last])
            }
            for (key, value) in entries { model.add(key, value) }
            try index.checkpoint(applying: [.of(entries)], covering: [])
            try index.expectSound()
            #expect(try index.view().all() == model.sorted, "seed \(seed)")
        }
    }

    @Test
    func `the newest of several runs wins, within a run the last`() throws {
        let index = try Workbench().create()
        let runs: [SortedRun] = [
            .of([([1], [1]), ([2], [1])]),
            .of([([2], [2]), ([3], [2]), ([3], [3])]),
            .of([([1], [3]), ([4], [3])]),
        ]
        try index.checkpoint(applying: [.of([([4], [0]), ([5], [0])])], covering: [])
        try index.checkpoint(applying: runs, covering: [])
        let expected: [([UInt8], [UInt8])] = [
            ([1], [3]), ([2], [2]), ([3], [3]), ([4], [3]), ([5], [0]),
        ]
        #expect(
            try index.view().all() == expected.map { IndexEntry(key: $0.0, value: $0.1) }
        )
        #expect(index.entryCount == 5)
    }

    @Test
    func `a bulk load fills its pages`() throws {
        var generator = SeededGenerator(seed: 7)
        let index = try Workbench(pageByteCount: 4_096).create()
        var model = Model()
        let run = model.addBatch(20_000, &generator, keyByteCount: 12...24)
        try index.checkpoint(applying: [run], covering: [])
        let report = try index.verifyAllPages()
        #expect(report.damages == [])
        let capacity = try #require(PageGeometry(pageByteCount: 4_096)).bodyByteCount
        #expect(Double(report.leafByteCount) >= 0.95 * Double(report.leafCount * capacity))
    }

    @Test(arguments: [false, true])
    func `pages are full however the keys arrive`(isInOrder: Bool) throws {
        var generator = SeededGenerator(seed: 8)
        let bench = try Workbench(pageByteCount: 1_024)
        let index = try bench.create()
        for batch in 0..<100 as Range<UInt64> {
            var builder = RunBuilder()
            for number in 0..<20 as Range<UInt64> {
                var key: [UInt8] = [1]
                let random = UInt64.random(in: 0...UInt64.max, using: &generator)
                key.append(bigEndianU64: isInOrder ? batch * 20 + number : random)
                builder.append(key, key)
            }
            try index.checkpoint(applying: [builder.finish()], covering: [])
        }
        let report = try index.verifyAllPages()
        #expect(report.damages == [])
        #expect(report.entryCount == 2_000)
        let capacity = try #require(PageGeometry(pageByteCount: 1_024)).bodyByteCount
        #expect(Double(report.leafByteCount) >= 0.85 * Double(report.leafCount * capacity))
    }

    @Test
    func `an empty index answers and takes an empty checkpoint`() throws {
        let bench = try Workbench()
        let index = try bench.create(covering: [1])
        #expect(try index.view().all() == [])
        #expect(try index.view().value(of: [1]) == nil)
        var entry = IndexEntry()
        let key: [UInt8] = [1]
        #expect(try !index.view().first(atOrAfter: key.span, into: &entry))
        #expect(try !index.view().last(before: key.span, into: &entry))
        try index.checkpoint(applying: [], covering: [2])
        try index.expectSound()
        #expect(try bench.open().coverage == [2])
    }
}
