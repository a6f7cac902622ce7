import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

@Suite struct SortedRunTests {
    /// Keys that sort badly: ends inside and at the edge of eight bytes, zeros, long shared parts.
    private static func awkwardKey(_ generator: inout SeededGenerator) -> [UInt8] {
        let shared = [0, 1, 7, 8, 9, 16, 40].randomElement(using: &generator) ?? 0
        let rest = Int.random(in: 0...10, using: &generator)
        return [UInt8.random(in: 1...2, using: &generator)]
            + [UInt8](repeating: 0x55, count: shared)
            + (0..<rest).map { _ in [0, 0, 1, 255].randomElement(using: &generator) ?? 0 }
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64], [1, 24, 25, 800])
    func `a run holds what a dictionary holds, in order`(seed: UInt64, count: Int) {
        var generator = SeededGenerator(seed: seed)
        var builder = RunBuilder()
        var model = Model()
        for number in 0..<count {
            let key = Self.awkwardKey(&generator)
            let value = [UInt8(number & 0xff), UInt8(number >> 8)]
            builder.append(key: key.span, value: value.span)
            model.add(key, value)
        }
        let run = builder.finish()
        #expect(run.all == model.sorted, "seed \(seed)")
        expectSearchable(run, seed)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `merging lets the newer run win`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var model = Model()
        var runs: [SortedRun] = []
        for part in 0..<4 as Range<UInt8> {
            let count = Int.random(in: 1...300, using: &generator)
            let entries = (0..<count).map { _ in (Self.awkwardKey(&generator), [part]) }
            runs.append(.of(entries))
            for (key, value) in entries { model.add(key, value) }
        }
        let merged = SortedRun.merging(
            .merging(runs[0], runs[1]),
            .merging(runs[2], runs[3])
        )
        #expect(merged.all == model.sorted, "seed \(seed)")
        expectSearchable(merged, seed)
    }

    /// The last keys of each run are long, so that the bytes of three of the four stay where they are.
    @Test(arguments: [1, 2, 3] as [UInt64], [1, 700])
    func `runs that are merged without moving their bytes hold the same`(
        seed: UInt64,
        longCount: Int
    ) {
        var generator = SeededGenerator(seed: seed)
        var model = Model()
        var merged = SortedRun.empty
        for part in 0..<4 as Range<UInt8> {
            var entries = (0..<200).map { _ in (Self.awkwardKey(&generator), [part]) }
            for number in 0..<longCount {
                let ending = [UInt8(number & 0xff), UInt8(number >> 8), part & 1]
                entries.append(([UInt8](repeating: 3, count: 500) + ending, [part, 9]))
            }
            for (key, value) in entries { model.add(key, value) }
            merged = .merging(merged, .of(entries))
        }
        #expect(merged.all == model.sorted, "seed \(seed)")
        expectSearchable(merged, seed)
    }

    /// Merging waits for memory otherwise, key by key.
    @Test
    func `keys that came in no order lie in memory as they are sorted`() {
        var generator = SeededGenerator(seed: 6)
        let run = SortedRun.of((0..<1_000).map { _ in (generator.bytes(30), [1]) })
        let places = run.text.entries.map { Int($0.offset) }
        #expect(places == (0..<run.count).map { 31 * $0 })
    }

    /// Below 64 entries, or above 4 MiB, the memory goes with the run.
    @Test(arguments: [[3, 800, 3], [800, 3, 700, 900], [70, 9_000, 70]])
    func `runs taken from one builder hold what each was given`(counts: [Int]) {
        var generator = SeededGenerator(seed: 7)
        var builder = RunBuilder()
        var runs: [(run: SortedRun, model: Model)] = []
        for (part, count) in counts.enumerated() {
            var model = Model()
            for number in 0..<count {
                var key = Self.awkwardKey(&generator)
                if count == 9_000 { key += [UInt8](repeating: 5, count: 500) }
                let value = [UInt8(part), UInt8(number & 0xff), UInt8(number >> 8)]
                builder.append(key: key.span, value: value.span)
                model.add(key, value)
            }
            runs.append((builder.takeRun(), model))
            #expect(builder.isEmpty && builder.byteCount == 0)
        }
        for (run, model) in runs { #expect(run.all == model.sorted) }
    }

    @Test
    func `many versions of one key leave the last`() {
        let entries: [([UInt8], [UInt8])] = (0..<1_000).map {
            ([9, 9, 9], [UInt8($0 & 0xff), UInt8($0 >> 8)])
        }
        let run = SortedRun.of(entries)
        #expect(run.all == [IndexEntry(key: [9, 9, 9], value: [231, 3])])
    }

    @Test
    func `runs of a memory table stay few, and each entry is where the newest batch put it`() throws
    {
        var generator = SeededGenerator(seed: 11)
        var table = MemoryTable()
        var model = Model()
        for _ in 0..<500 {
            table.insert(model.addBatch(10, &generator, keyByteCount: 3...9))
            #expect(table.runs.count <= 8)
        }
        var merged = try SortedMerge([], table.runs)
        #expect(allEntries(&merged) == model.sorted)
        #expect(table.byteCount > 0)
    }

    @Test
    func `frozen runs leave the memory table as they were, and later ones stay`() throws {
        var table = MemoryTable()
        for number in 0..<5 as Range<UInt8> { table.insert(.of([([number], [1])])) }
        let frozen = table.freeze()
        for number in 0..<5 as Range<UInt8> { table.insert(.of([([number], [2])])) }
        var before = try SortedMerge([], frozen)
        #expect(allEntries(&before).map(\.value) == Array(repeating: [1], count: 5))
        table.dropFrozen()
        var after = try SortedMerge([], table.runs)
        #expect(allEntries(&after).map(\.value) == Array(repeating: [2], count: 5))
    }

    @Test
    func `what a checkpoint could not take, the next one takes with what came meanwhile`() throws {
        var table = MemoryTable()
        table.insert(.of([([1], [1]), ([2], [1])]))
        _ = table.freeze()
        table.insert(.of([([2], [2])]))
        table.thaw()
        var all = try SortedMerge([], table.freeze())
        #expect(allEntries(&all).map(\.value) == [[1], [2]])
        table.dropFrozen()
        #expect(table.isEmpty)
    }

    /// A merge knows keys by their first sixteen bytes, and looks at the rest only where those are equal.
    @Test(arguments: [0, 6, 7, 13, 14, 15, 16, 40])
    func `keys are merged in order and each once, however long they begin alike`(
        sharedByteCount: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(sharedByteCount))
        let beginning = [1] + [UInt8](repeating: 5, count: sharedByteCount)
        var runs: [SortedRun] = []
        var newest: [[UInt8]: [UInt8]] = [:]
        for number in 0..<7 as Range<UInt8> {
            let entries = (0..<30).map { _ in
                let ending = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    UInt8.random(in: 0...2, using: &generator)
                }
                return (beginning + ending, [number])
            }
            for (key, value) in entries { newest[key] = value }
            runs.append(.of(entries))
        }
        var merged = try SortedMerge([], runs)
        let expected = newest.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        #expect(allEntries(&merged) == expected.map { IndexEntry(key: $0.key, value: $0.value) })
    }

    @Test
    func `a key that no page could hold is refused at once`() async {
        await #expect(processExitsWith: .failure) {
            let key = [UInt8](repeating: 1, count: IndexLimits.keyByteCount + 1)
            var builder = RunBuilder()
            builder.append(key, [])
        }
        await #expect(processExitsWith: .failure) {
            var builder = RunBuilder()
            builder.append([], [])
        }
        await #expect(processExitsWith: .failure) {
            let value = [UInt8](repeating: 1, count: IndexLimits.valueByteCount + 1)
            var builder = RunBuilder()
            builder.append([1], value)
        }
    }

    private func expectSearchable(_ run: SortedRun, _ seed: UInt64) {
        let entries = run.all
        let probes: [[UInt8]] =
            entries.flatMap { [$0.key, $0.key + [0], $0.key.dropLast()] } + [[255]]
        // Every seventh of many, because the answer is looked up the slow way.
        for index in stride(from: 0, to: probes.count, by: probes.count > 500 ? 7 : 1) {
            let probe = probes[index]
            let expected = entries.firstIndex { !$0.key.lexicographicallyPrecedes(probe) }
            #expect(run.lowerBound(probe.span) == expected ?? entries.count, "seed \(seed)")
        }
    }

    private func allEntries(_ source: inout SortedMerge) -> [IndexEntry] {
        var entries: [IndexEntry] = []
        while !source.isAtEnd {
            source.withEntry {
                entries.append(IndexEntry(key: Array(copying: $0), value: Array(copying: $1)))
            }
            do { try source.advance() } catch { Issue.record(error) }
        }
        return entries
    }
}
