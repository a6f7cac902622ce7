import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

@Suite struct BuilderTests {
    @Test(arguments: [1 << 20, 5_000, 700])
    func `a rebuild equals the live index, however little memory it has`(
        memoryByteCount: Int
    ) throws {
        var generator = SeededGenerator(seed: 41)
        let bench = try Workbench()
        let live = try bench.create()
        var model = Model()
        var builder = IndexBuilder(
            bench.place,
            bench.options,
            memoryByteCount: memoryByteCount
        )
        for _ in 0..<20 {
            let run = model.addBatch(50, &generator, keyByteCount: 1...8)
            try live.checkpoint(applying: [run], covering: [])
            for entry in run.all { try builder.append(entry.key, entry.value) }
        }
        let expected = try live.view().all()
        let rebuilt = try builder.finish(covering: [7])
        #expect(try rebuilt.view().all() == expected)
        #expect(expected == model.sorted)
        #expect(rebuilt.coverage == [7])
        #expect(rebuilt.entryCount == UInt64(expected.count))
        #expect(rebuilt.meta.generation != live.meta.generation)
        try rebuilt.expectSound()
        #expect(bench.fileSystem.filePaths == [Workbench.path])
    }

    @Test
    func `a rebuild of nothing is an empty index`() throws {
        let bench = try Workbench()
        let index = try IndexBuilder(bench.place, bench.options).finish(covering: [1])
        #expect(index.entryCount == 0)
        #expect(try bench.open().coverage == [1])
    }

    @Test
    func `a rebuild that is given up leaves nothing behind`() throws {
        let bench = try Workbench()
        do {
            var builder = IndexBuilder(bench.place, bench.options, memoryByteCount: 400)
            for number in 0..<100 as Range<UInt8> {
                try builder.append([1, number], [])
            }
            #expect(bench.fileSystem.filePaths.count == 1)
        }
        #expect(bench.fileSystem.filePaths == [])
    }

    @Test
    func `a rebuild that finds no room leaves the old index and nothing else`() throws {
        let bench = try Workbench()
        try bench.create().checkpoint(applying: [.of([([1], [1])])], covering: [1])
        bench.fileSystem.limitGrowth(to: 20_000)
        let build = { () throws(IndexError) in
            try bench.rebuild(entryCount: 2_000, memoryByteCount: 2_000, covering: [2])
        }
        #expect(throws: IndexError.self) { try build() }
        #expect(bench.fileSystem.filePaths == [Workbench.path])
        #expect(try bench.open().coverage == [1])
        bench.fileSystem.limitGrowth(to: 1 << 30)
        #expect(try build().entryCount == 2_000)
        #expect(try bench.open().coverage == [2])
    }
}
