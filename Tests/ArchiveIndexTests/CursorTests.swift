import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

/// Seeks and steps both ways, on the tree and on a tree with runs over it.
@Suite struct CursorTests {
    /// A tree and runs that share many keys, and what both hold together.
    private static func snapshot(
        seed: UInt64,
        runCount: Int
    ) throws -> (snapshot: IndexSnapshot, entries: [IndexEntry]) {
        var generator = SeededGenerator(seed: seed)
        let index = try Workbench().create()
        var model = Model()
        let keys = 1...6
        for _ in 0..<3 {
            let run = model.addBatch(120, &generator, keyByteCount: keys)
            try index.checkpoint(applying: [run], covering: [])
        }
        let runs = (0..<runCount).map { _ in
            model.addBatch(40, &generator, keyByteCount: keys)
        }
        return (IndexSnapshot(runs: runs, view: try index.view()), model.sorted)
    }

    /// Keys of the entries and keys that lie before, between and after them.
    private static func probes(_ entries: [IndexEntry]) -> [[UInt8]] {
        [[0], [255]] + entries.flatMap { [$0.key, $0.key + [0], $0.key.dropLast() + [0]] }
    }

    @Test(arguments: [0, 1, 4])
    func `a walk forward and one backward meet every entry once`(runCount: Int) throws {
        let (snapshot, entries) = try Self.snapshot(seed: 1, runCount: runCount)
        var cursor = snapshot.cursor()
        var forward: [IndexEntry] = []
        var isFound = try cursor.seekFirst()
        while isFound {
            forward.append(cursor.entry)
            isFound = try cursor.next()
        }
        #expect(forward == entries)
        #expect(!cursor.isValid)
        #expect(try !cursor.next())
        var backward: [IndexEntry] = []
        isFound = try cursor.seekLast()
        while isFound {
            backward.append(cursor.entry)
            isFound = try cursor.previous()
        }
        #expect(backward == entries.reversed())
        #expect(try !cursor.previous())
    }

    @Test(arguments: [0, 1, 4])
    func `seeks find the nearest entry on either side`(runCount: Int) throws {
        let (snapshot, entries) = try Self.snapshot(seed: 2, runCount: runCount)
        var cursor = snapshot.cursor()
        var forest = IndexSnapshot(runs: [], view: snapshot.view).cursor()
        for probe in Self.probes(entries) {
            let after = entries.first { !$0.key.lexicographicallyPrecedes(probe) }
            let before = entries.last { $0.key.lexicographicallyPrecedes(probe) }
            #expect(try cursor.seek(atOrAfter: probe.span) == (after != nil))
            #expect(after == nil || cursor.entry == after)
            #expect(try cursor.seek(before: probe.span) == (before != nil))
            #expect(before == nil || cursor.entry == before)
            var entry = IndexEntry()
            #expect(try snapshot.first(atOrAfter: probe.span, into: &entry) == (after != nil))
            #expect(after == nil || entry == after)
            #expect(try snapshot.last(before: probe.span, into: &entry) == (before != nil))
            #expect(before == nil || entry == before)
            let value = after?.key == probe ? after?.value : nil
            #expect(try snapshot.value(for: probe.span) == value)
            guard runCount == 0 else { continue }
            #expect(try forest.seek(atOrAfter: probe.span) == (after != nil))
            #expect(after == nil || forest.entry == after)
            #expect(try forest.seek(before: probe.span) == (before != nil))
            #expect(before == nil || forest.entry == before)
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64], [0, 3])
    func `a cursor may turn round at any place`(seed: UInt64, runCount: Int) throws {
        let (snapshot, entries) = try Self.snapshot(seed: seed, runCount: runCount)
        var generator = SeededGenerator(seed: seed)
        var cursor = snapshot.cursor()
        var place = entries.count / 2
        let start = entries[place].key
        #expect(try cursor.seek(atOrAfter: start.span))
        for _ in 0..<2_000 {
            let isForward = Bool.random(using: &generator)
            let next = place + (isForward ? 1 : -1)
            guard entries.indices.contains(next) else { continue }
            #expect(try isForward ? cursor.next() : cursor.previous())
            #expect(cursor.entry == entries[next], "seed \(seed)")
            place = next
        }
    }

    @Test
    func `steps within a page allocate nothing new`() throws {
        let (snapshot, _) = try Self.snapshot(seed: 3, runCount: 0)
        var cursor = try #require(snapshot.view.cursors().first)
        #expect(try cursor.seekFirst())
        // Room for the longest key, so that no later one needs more.
        cursor.key.reserveCapacity(64)
        cursor.value.reserveCapacity(64)
        let (keyRoom, valueRoom) = (cursor.key.capacity, cursor.value.capacity)
        while try cursor.next() {}
        #expect(cursor.key.capacity == keyRoom)
        #expect(cursor.value.capacity == valueRoom)
    }
}
