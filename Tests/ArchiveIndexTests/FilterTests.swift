import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

/// Filters of trees never deny a stem that is there, deny most that are not, and are proved as trees are.
@Suite struct `Filters of trees` {
    private static let bodyByteCount = 16_384 - 56

    @Test
    func `a page knows all its stems, and believes in one of fifty others at most`() {
        var generator = SeededGenerator(seed: 11)
        let limit = FilterLayout.stemLimit(bodyByteCount: Self.bodyByteCount)
        let stems = (0..<limit).map { _ in generator.bytes(20) }
        var body = [UInt8](repeating: 0, count: Self.bodyByteCount)
        var bits = body.mutableSpan
        for stem in stems { FilterLayout.insert(hash(stem), into: &bits) }
        #expect(stems.allSatisfy { FilterLayout.contains(hash($0), body.span) })
        // Names that differ in one character from one that is there, as those of a series do.
        let others = stems.map { $0.dropLast() + [$0[19] ^ 1] }
        let believed = others.count { FilterLayout.contains(hash(Array($0)), body.span) }
        #expect(believed * 50 < limit, "\(believed) of \(limit)")
    }

    /// A filter that did not spread its stems once believed in everything: only the time told.
    @Test
    func `who looks for what is not there reads no leaf`() throws {
        let bench = try Workbench(cacheByteLimit: 0)
        let index = try filled(bench, stemCount: 1_000)
        let root = try #require(index.meta.trees.first).root
        let leaves = try leafNumbers(below: root, index.pages)
        for leaf in leaves { try spoil(leaf, of: bench) }
        let view = try index.view()
        var deniedCount = 0
        for number in 1_000..<2_000 {
            if let isThere = try? view.holds(Self.stem(number)) {
                #expect(!isThere)
                deniedCount += 1
            }
        }
        #expect(deniedCount > 970)
        #expect(throws: IndexError.self) { try view.holds(Self.stem(7)) }
    }

    @Test
    func `a filter of many pages leads each stem to its page`() throws {
        let bench = try Workbench()
        let index = try filled(bench, stemCount: 3_000)
        let filter = try #require(index.meta.trees.first?.filter)
        #expect(filter.level > PageLevel.filter)
        try index.expectSound()
        let view = try index.view()
        for number in 0..<3_000 { #expect(try view.holds(Self.stem(number))) }
        // What comes before and behind all of them.
        #expect(try !view.holds([0, 0, 0, 0, 0]) && !view.holds([255, 255, 255, 255, 255]))
    }

    /// Fences that were whole stems made a tree so high that its own reader took it for damage.
    @Test
    func `long stems make no high filter`() throws {
        let bench = try Workbench(pageByteCount: 1_024)
        let limit = try #require(PageGeometry(pageByteCount: 1_024)).keyByteLimit
        var long = bench
        long.options.stemByteCount = { $0.count < limit ? 0 : limit - 1 }
        let index = try long.create()
        var entries: [([UInt8], [UInt8])] = []
        for number in 0..<8_000 {
            var key = [UInt8](repeating: UInt8(truncatingIfNeeded: number &* 37), count: limit)
            (key[0], key[1]) = (UInt8(number >> 8), UInt8(number & 255))
            entries.append((key, [1]))
        }
        try index.checkpoint(applying: [.of(entries)], covering: [])
        let filter = try #require(index.meta.trees.first?.filter)
        #expect(filter.level == PageLevel.filter + 1)
        let reopened = try long.open()
        try reopened.expectSound()
        let view = try reopened.view()
        for (key, _) in entries.prefix(100) { #expect(try view.holds(Array(key.dropLast()))) }
    }

    @Test
    func `nothing stands behind the blocks of a page`() {
        var body = [UInt8](repeating: 0, count: Self.bodyByteCount)
        body[0] = 255
        let isRead = PageBody(body, level: PageLevel.filter, keyByteLimit: 64) != nil
        body[Self.bodyByteCount - 1] = 1
        let isReadStill = PageBody(body, level: PageLevel.filter, keyByteLimit: 64) != nil
        #expect(isRead && !isReadStill)
    }

    @Test
    func `a filter that lacks a stem of its tree is found by verification`() throws {
        var bench = try Workbench()
        let index = try filled(bench, stemCount: 200)
        let number = try #require(index.meta.trees.first?.filter).reference.number
        // Whoever asks for other stems than those that the filter was made of would get wrong answers.
        bench.options.stemByteCount = { min($0.count, Workbench.stemByteCount + 1) }
        let report = try bench.open().verifyAllPages()
        #expect(report.damages == [.page(number, .forgetful)])
    }

    @Test
    func `a damaged page of a filter is told, and answers nothing`() throws {
        let bench = try Workbench(cacheByteLimit: 0)
        let index = try filled(bench, stemCount: 200)
        let filter = try #require(index.meta.trees.first?.filter)
        #expect(filter.level == PageLevel.filter)
        try spoil(filter.reference.number, of: bench)
        let damage = IndexDamage.page(filter.reference.number, .unauthentic)
        #expect(try index.verifyAllPages().damages == [damage])
        let error = IndexError.corrupt(
            Workbench.path,
            page: filter.reference.number,
            finding: .unauthentic
        )
        let view = try index.view()
        #expect(throws: error) { try view.holds(Self.stem(7)) }
        #expect(try view.all().count == 400)
    }

    @Test
    func `pages of filters are used again, and a leaf does not pass for one`() throws {
        let bench = try Workbench()
        let index = try filled(bench, stemCount: 200)
        let tree = try #require(index.meta.trees.first)
        let filter = try #require(tree.filter).reference
        #expect(throws: IndexError.self) {
            try index.pages.read(filter, level: PageLevel.leaf)
        }
        for round in 0..<6 as Range<UInt8> {
            let run = SortedRun.of((0..<400).map { (Self.stem($0) + [round], [round]) })
            try index.checkpoint(applying: [run], covering: [])
            try index.expectSound()
        }
        let used = try TreeWalk(index.pages, index.meta).usedPages()
        #expect(used.count { $0 } * 3 > used.count, "at most twice as many are free")
    }

    private func hash(_ stem: [UInt8]) -> UInt64 {
        FilterLayout.hash(stem.span, generation: 0x1234_5678_9abc_def0)
    }

    private static func stem(_ number: Int) -> [UInt8] {
        [1, UInt8(number >> 8), 7, UInt8(number & 255), 7]
    }

    /// An index of one tree with two keys of each stem.
    private func filled(_ bench: Workbench, stemCount: Int) throws -> Index {
        let index = try bench.create()
        var keys: [[UInt8]] = []
        for number in 0..<stemCount { keys += [Self.stem(number) + [1], Self.stem(number) + [2]] }
        try index.checkpoint(applying: [.of(keys.map { ($0, [9]) })], covering: [])
        return index
    }

    private func leafNumbers(below root: TreeRoot, _ pages: PageFile) throws -> [UInt64] {
        guard root.level > PageLevel.leaf else { return [root.reference.number] }
        let page = try pages.page(root.reference, level: root.level)
        return try (0..<page.count).flatMap {
            try leafNumbers(
                below: TreeRoot(reference: page.child($0), level: root.level - 1),
                pages
            )
        }
    }

    private func spoil(_ page: UInt64, of bench: Workbench) throws {
        let offset = Int(page) * 512 + 100
        bench.fileSystem.replaceBytes(
            of: Workbench.path,
            at: offset,
            with: [bench.bytes[offset] ^ 1]
        )
    }
}
