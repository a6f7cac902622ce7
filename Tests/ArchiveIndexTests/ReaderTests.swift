import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

/// Readers beside the writer: what they see stays, and what they let go of is used again.
@Suite struct ReaderTests {
    @Test
    func `a view stays as it is while checkpoints go on`() throws {
        // Without a cache every read shows what the file holds.
        let bench = try Workbench(cacheByteLimit: 0)
        let index = try bench.create()
        var generator = SeededGenerator(seed: 21)
        var model = Model()
        var views: [(view: IndexView, entries: [IndexEntry])] = []
        for step in 0..<30 {
            let run = model.addBatch(30, &generator)
            try index.checkpoint(applying: [run], covering: [UInt8(step)])
            if step % 7 == 0 { views.append((try index.view(), model.sorted)) }
        }
        for (view, entries) in views { #expect(try view.all() == entries) }
        try index.expectSound()
    }

    @Test
    func `pages are used again once no reader has them`() throws {
        let bench = try Workbench()
        let index = try bench.create()
        let keys = (0..<100 as Range<UInt8>).map { [1, $0] }
        func checkpoint(_ step: Int) throws {
            let value = [UInt8(step & 0xff), UInt8(step >> 8)]
            try index.checkpoint(applying: [.of(keys.map { ($0, value) })], covering: [])
        }
        for step in 0..<10 { try checkpoint(step) }
        let settled = bench.bytes.count
        for step in 10..<1_000 { try checkpoint(step) }
        #expect(bench.bytes.count == settled)
        // A reader that stays costs space, and only as long as it stays.
        var view: IndexView? = try index.view()
        let seen = try view?.all()
        for step in 1_000..<1_020 { try checkpoint(step) }
        let grown = bench.bytes.count
        #expect(grown > settled)
        #expect(try view?.all() == seen)
        view = nil
        for step in 1_020..<1_100 { try checkpoint(step) }
        #expect(bench.bytes.count == grown)
        try index.expectSound()
    }

    @Test
    func `a reopened index finds its free pages`() throws {
        let bench = try Workbench()
        let keys = (0..<100 as Range<UInt8>).map { [1, $0] }
        var sizes: [Int] = []
        for step in 0..<20 as Range<UInt8> {
            let index = try step == 0 ? bench.create() : bench.open()
            try index.checkpoint(applying: [.of(keys.map { ($0, [step]) })], covering: [])
            try index.expectSound()
            try index.close()
            sizes.append(bench.bytes.count)
        }
        #expect(sizes[2] == sizes[19])
    }

    @Test
    func `readers in another process keep their version, and see the next one when they ask`()
        throws
    {
        var bench = try Workbench(cacheByteLimit: 0)
        let path = Workbench.path.removingLastComponent().appending("lock")
        func locks() throws -> ReaderLocks {
            ReaderLocks(file: try bench.fileSystem.open(path, .openOrCreate), firstByte: 4_096)
        }
        bench.options.readerLocks = try locks()
        let index = try bench.create()
        try index.checkpoint(applying: [.of([([1], [0])])], covering: [0])
        var elsewhere = bench.options
        elsewhere.readerLocks = try locks()
        let reader = try IndexReader(bench.place, elsewhere)
        var view: IndexView? = try reader.view()
        var second: IndexView? = try reader.view()
        for step in 1..<50 as Range<UInt8> {
            try index.checkpoint(applying: [.of([([1], [step])])], covering: [step])
        }
        #expect(try view?.value(of: [1]) == [0])
        #expect(try second?.value(of: [1]) == [0])
        let latest = try reader.view()
        #expect(latest.coverage == [49])
        #expect(try latest.value(of: [1]) == [49])
        // As many pages as checkpoints waited for the first version, and then for none.
        let grown = bench.bytes.count
        (view, second) = (nil, nil)
        for step in 50..<60 as Range<UInt8> {
            try index.checkpoint(applying: [.of([([1], [step])])], covering: [step])
        }
        #expect(try latest.value(of: [1]) == [49])
        #expect(bench.bytes.count == grown)
    }

    @Test
    func `the locks of readers go away with their views`() throws {
        var bench = try Workbench()
        let path = Workbench.path.removingLastComponent().appending("lock")
        let seen = try bench.fileSystem.open(path, .openOrCreate)
        bench.options.readerLocks = ReaderLocks(
            file: try bench.fileSystem.open(path, .openOrCreate),
            firstByte: 100
        )
        let index = try bench.create()
        let reader = try IndexReader(bench.place, bench.options)
        var view: IndexView? = try reader.view()
        #expect(try seen.firstLocked(in: 0..<1_000) == 100 + index.transaction)
        var copy = view
        view = nil
        #expect(try seen.firstLocked(in: 0..<1_000) == 100 + index.transaction)
        #expect(copy?.transaction == index.transaction)
        copy = nil
        #expect(try seen.firstLocked(in: 0..<1_000) == nil)
    }

    @Test
    func `a version that went out of date before it was pinned is not read`() throws {
        var bench = try Workbench(cacheByteLimit: 0)
        let path = Workbench.path.removingLastComponent().appending("lock")
        func lockFile() throws -> any File { try bench.fileSystem.open(path, .openOrCreate) }
        bench.options.readerLocks = ReaderLocks(file: try lockFile(), firstByte: 100)
        let index = try bench.create()
        let keys = (0..<60 as Range<UInt8>).map { [1, $0] }
        func checkpoint(_ step: UInt8) throws {
            try index.checkpoint(applying: [.of(keys.map { ($0, [step]) })], covering: [step])
        }
        try checkpoint(0)
        // The writer is faster than the reader: it uses the pages again before the lock is there.
        let busy = InterruptingFile(try lockFile()) {
            for step in 1...4 as ClosedRange<UInt8> { try checkpoint(step) }
        }
        var elsewhere = bench.options
        elsewhere.readerLocks = ReaderLocks(file: busy, firstByte: 100)
        let view = try IndexReader(bench.place, elsewhere).view()
        #expect(view.coverage == [4])
        for step in 5...20 as ClosedRange<UInt8> { try checkpoint(step) }
        #expect(try view.all() == keys.map { IndexEntry(key: $0, value: [4]) })
    }

    @Test
    func `many threads read one view`() async throws {
        var generator = SeededGenerator(seed: 22)
        let index = try Workbench(cacheByteLimit: 8 * 512).create()
        var model = Model()
        let run = model.addBatch(500, &generator)
        try index.checkpoint(applying: [run], covering: [])
        let view = try index.view()
        let expected = model.sorted
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try view.all() == expected }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}

/// A file whose first lock comes late: something happens before it.
///
/// Sendable because the tests use it from one thread.
private final class InterruptingFile: File, @unchecked Sendable {
    private let file: any File
    private var interruption: (() throws -> Void)?

    init(_ file: any File, _ interruption: @escaping () throws -> Void) {
        self.file = file
        self.interruption = interruption
    }

    var path: FilePath { file.path }

    func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool {
        let interruption = self.interruption.take()
        do { try interruption?() } catch { Issue.record(error) }
        return try file.tryLock(byte: byte, exclusively: exclusively)
    }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        try file.read(at: offset, into: &target)
    }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        try file.write(bytes, at: offset)
    }

    func synchronizeData() throws(SystemError) { try file.synchronizeData() }
    func synchronize() throws(SystemError) { try file.synchronize() }
    func byteCount() throws(SystemError) -> UInt64 { try file.byteCount() }
    func resize(to byteCount: UInt64) throws(SystemError) { try file.resize(to: byteCount) }

    func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError) {
        try file.allocate(from: offset, byteCount: byteCount)
    }

    func unlock(byte: UInt64) throws(SystemError) { try file.unlock(byte: byte) }

    func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64? {
        try file.firstLocked(in: range)
    }

    func adviseSequential() { file.adviseSequential() }
    func beginWriting(_ range: Range<UInt64>) { file.beginWriting(range) }
    func close() throws(SystemError) { try file.close() }
}
