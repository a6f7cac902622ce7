import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

/// How trees come, grow together and go.
@Suite struct ForestTests {
    private func tree(_ entryCount: UInt64) -> Tree {
        let reference = PageReference(
            number: 1,
            transaction: 1,
            tag: PageTag(low: 0, high: 0)
        )
        return Tree(
            root: TreeRoot(reference: reference, level: 0),
            filter: nil,
            entryCount: entryCount
        )
    }

    @Test
    func `entries are written few times and trees are few`() {
        for checkpoints in [10, 100, 3_000] {
            var trees: [Tree] = []
            var written: UInt64 = 0
            for _ in 0..<checkpoints {
                let kept = Forest.keptCount(trees, adding: 1_000, smallCount: 10)
                let merged = trees[kept...].reduce(1_000) { $0 + $1.entryCount }
                trees = trees.prefix(kept) + [tree(merged)]
                written += merged
                for (older, newer) in zip(trees, trees.dropFirst()) {
                    #expect(older.entryCount >= 2 * newer.entryCount)
                }
            }
            let steps = Double(UInt64.bitWidth - UInt64(checkpoints).leadingZeroBitCount)
            #expect(Double(trees.count) <= steps)
            #expect(Double(written) <= Double(checkpoints) * 1_000 * steps)
        }
    }

    @Test
    func `small trees are one, and no forest grows beyond its limit`() {
        #expect(Forest.keptCount([tree(900)], adding: 100, smallCount: 1_000) == 0)
        #expect(Forest.keptCount([tree(901)], adding: 100, smallCount: 1_000) == 1)
        let most = (0..<IndexLimits.treeCount).map { tree(1 << UInt64(60 - 2 * $0)) }
        #expect(Forest.keptCount(most, adding: 1, smallCount: 0) == most.count - 1)
    }

    @Test
    func `a large tree stays as it is when a few entries come`() throws {
        var generator = SeededGenerator(seed: 9)
        let bench = try Workbench()
        let index = try bench.create()
        var model = Model()
        let run = model.addBatch(2_000, &generator, keyByteCount: 8...20)
        try index.checkpoint(applying: [run], covering: [])
        let large = index.meta.trees
        let before = bench.bytes
        let key = try #require(model.sorted.last).key
        try index.checkpoint(applying: [.of([(key, [7])])], covering: [])
        #expect(Array(index.meta.trees.dropLast()) == large)
        #expect(bench.bytes.count == before.count + 512)
        #expect(try index.view().value(of: key) == [7])
        try index.expectSound()
    }

    @Test
    func `the newest tree that has a key answers for it`() throws {
        let index = try Workbench().create()
        func keys(_ count: UInt8, _ value: UInt8) -> SortedRun {
            .of((0..<count).map { ([1, $0], [value]) })
        }
        for (count, value) in [(200, 1), (50, 2), (10, 3)] as [(UInt8, UInt8)] {
            try index.checkpoint(applying: [keys(count, value)], covering: [])
        }
        #expect(index.meta.trees.count == 3)
        let view = try index.view()
        let expected = (0..<200 as Range<UInt8>).map { number in
            IndexEntry(key: [1, number], value: [number < 10 ? 3 : number < 50 ? 2 : 1])
        }
        #expect(try view.all() == expected)
        var entry = IndexEntry()
        for expected in expected {
            #expect(try view.value(of: expected.key) == expected.value)
            #expect(try view.first(atOrAfter: expected.key.span, into: &entry))
            #expect(entry == expected)
            let behind = expected.key + [0]
            #expect(try view.last(before: behind.span, into: &entry))
            #expect(entry == expected)
        }
    }

    @Test
    func `closing compactly leaves one tree, full pages and no free one`() throws {
        var generator = SeededGenerator(seed: 10)
        let bench = try Workbench(pageByteCount: 16_384)
        let index = try bench.create()
        var model = Model()
        #expect(!index.isWasteful())
        var largest = 0
        while !index.isWasteful() {
            let run = model.addBatch(3_000, &generator, keyByteCount: 20...40)
            try index.checkpoint(applying: [run], covering: [9])
            largest = max(largest, bench.bytes.count)
            try #require(largest < 8 << 20)
        }
        let reader = try IndexReader(bench.place, bench.options).view()
        try index.closeCompacted()
        let opened = try bench.open()
        #expect(bench.fileSystem.filePaths == [Workbench.path])
        #expect(opened.meta.trees.count == 1)
        #expect(opened.coverage == [9])
        #expect(!opened.isWasteful())
        #expect(bench.bytes.count < largest * 4 / 5)
        let report = try opened.verifyAllPages()
        #expect(report.damages == [])
        #expect(report.freePageCount == 0)
        #expect(try opened.view().all() == model.sorted)
        // Who has the old file open goes on reading it.
        #expect(try reader.all() == model.sorted)
    }

    @Test
    func `closing compactly takes along what would have made the file wasteful`() throws {
        var generator = SeededGenerator(seed: 12)
        let bench = try Workbench(pageByteCount: 16_384)
        let index = try bench.create()
        var model = Model()
        var run = model.addBatch(3_000, &generator, keyByteCount: 20...40)
        while !index.isWasteful(after: [run]) {
            #expect(!index.isWasteful())
            try index.checkpoint(applying: [run], covering: [9])
            try #require(bench.bytes.count < 8 << 20)
            run = model.addBatch(3_000, &generator, keyByteCount: 20...40)
        }
        try index.closeCompacted(applying: [run], covering: [10])
        let opened = try bench.open()
        #expect(opened.coverage == [10])
        #expect(opened.meta.trees.count == 1)
        #expect(try opened.verifyAllPages().freePageCount == 0)
        #expect(try opened.view().all() == model.sorted)
    }

    @Test
    func `compacting that finds no room leaves the index as it was`() throws {
        var generator = SeededGenerator(seed: 11)
        let bench = try Workbench()
        let index = try bench.create()
        var model = Model()
        let run = model.addBatch(500, &generator)
        try index.checkpoint(applying: [run], covering: [1])
        bench.fileSystem.limitGrowth(to: 9_000)
        #expect(throws: IndexError.self) { try index.closeCompacted() }
        #expect(bench.fileSystem.filePaths == [Workbench.path])
        #expect(try index.view().all() == model.sorted)
        try index.close()
        #expect(try bench.open().view().all() == model.sorted)
    }
}
